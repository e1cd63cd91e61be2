"""Segmentation of a picture into its digits, in reading order; broken digits are joined.

::

    locate_ink → connected components → specks dropped → loose strokes joined → lines → one image for each digit
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # loads its submodules on first use, so the first page does not wait for them

from mnist_demo.drawing.bitmap_fit import even_pen, fit_ink
from mnist_demo.drawing.bitmap_ink import erase_specks, locate_ink
from mnist_demo.drawing.stroke_ink import Pixels
from mnist_demo.errors import ImageError
from mnist_demo.translation import _

MAX_DIGITS = 64  # in one picture; if there are more, the largest are kept
MIN_INK = 0.25  # fainter pixels belong to a digit, but do not connect components

# In units of the picture's typical digit height, except the overlap.
SPECK_SIDE = 0.2  # a component smaller than this in width and height is dust, or a full stop
LOOSE_HEIGHT = 0.6  # a lower component may be a stroke of a digit nearby, such as the top of a 5
MAX_GAP_ABOVE = 0.3  # between a loose stroke and the digit below or above it
MAX_GAP_BESIDE = 0.12  # between a loose stroke and a digit to its left or right, such as the open side of a 4
MAX_HEIGHT = 1.4  # of a joined digit
MIN_OVERLAP = 0.3  # horizontal overlap with the digit below or above, as a fraction of the narrower one's width


@dataclass(frozen=True, eq=False)
class FoundDigit:
    """A digit in a picture: its bounding `box` (left, top, right, bottom) in pixels of the bitmap, and its `image`.

    The box covers the pixels left to right - 1 and top to bottom - 1. `image` is the model input, float32 (28, 28) in
    [0, 1], ink bright, as `mnist_demo.drawing.image.image_from_bitmap` returns it for this digit alone.
    """

    box: tuple[int, int, int, int]
    image: Pixels


@dataclass(frozen=True)
class _Piece:
    """One or several joined connected components: their labels, and their bounding box in pixels of the ink."""

    numbers: tuple[int, ...]
    left: int
    top: int
    right: int
    bottom: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def longer(self) -> int:
        return max(self.bottom - self.top, self.right - self.left)

    def join(self, other: "_Piece") -> "_Piece":
        return _Piece(
            self.numbers + other.numbers,
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


def find_digits(bitmap: npt.NDArray[np.uint8]) -> list[FoundDigit]:
    """Return the digits in a picture, in reading order: lines from top to bottom, each from left to right.

    The digits must not touch each other and must have about the same size.

    Parameters
    ----------
    bitmap
        uint8 (h, w), (h, w, 3) or (h, w, 4), as `mnist_demo.drawing.image.image_from_bitmap` takes it.

    Raises
    ------
    ImageError
        If the array has another shape or dtype, is far too large, or has nothing drawn on it.
    """
    found = locate_ink(bitmap)
    numbered, count = scipy.ndimage.label(found.ink > MIN_INK, structure=np.ones((3, 3)))
    pieces = [
        _Piece((number,), columns.start, rows.start, columns.stop, rows.stop)
        for number, (rows, columns) in enumerate(scipy.ndimage.find_objects(numbered), start=1)
    ]
    if not count:
        raise ImageError(_("No digit was found in this picture: write large and dark on clear paper."))
    usual = _usual_height(pieces)
    digits = _join_loose([piece for piece in pieces if piece.longer >= SPECK_SIDE * usual], usual)
    digits = sorted(digits, key=lambda digit: digit.longer, reverse=True)[:MAX_DIGITS]
    # Soft edges below MIN_INK are assigned to the adjacent component.
    numbered = np.where(numbered > 0, numbered, scipy.ndimage.maximum_filter(numbered, 5))
    digits_found = []
    for digit in (digit for line in _lines(digits) for digit in line):
        part = np.s_[max(digit.top - 2, 0) : digit.bottom + 2, max(digit.left - 2, 0) : digit.right + 2]
        ink = np.where(np.isin(numbered[part], digit.numbers), found.ink[part], np.float32(0))
        box = (
            found.left + digit.left * found.factor,
            found.top + digit.top * found.factor,
            min(found.left + digit.right * found.factor, bitmap.shape[1]),
            min(found.top + digit.bottom * found.factor, bitmap.shape[0]),
        )
        digits_found.append(FoundDigit(box, fit_ink(*even_pen(erase_specks(ink)))))
    return digits_found


def _usual_height(pieces: list[_Piece]) -> float:
    """Return the typical digit height in pixels, a median that ignores pieces much lower than the tallest."""
    heights = np.array([piece.height for piece in pieces])
    sides = np.array([piece.longer for piece in pieces])
    tall = heights[heights >= 0.4 * heights.max()]
    # For a single dash, such as a 1 that lies on its side or part of a broken digit, the length is the height.
    return float(np.median(tall)) if heights.max() >= 0.4 * sides.max() else float(sides.max())


def _join_loose(pieces: list[_Piece], usual: float) -> list[_Piece]:
    """Join pieces that are too low to be a digit with the digit that they belong to, the nearest pair first."""
    pieces = list(pieces)
    while True:
        candidates = [
            (distance, one, other)
            for index, one in enumerate(pieces)
            for other in pieces[index + 1 :]
            if (distance := _distance(one, other, usual)) is not None
        ]
        if not candidates:
            return pieces
        _nearest, one, other = min(candidates, key=lambda candidate: candidate[0])
        pieces = [piece for piece in pieces if piece is not one and piece is not other] + [one.join(other)]


def _distance(one: _Piece, other: _Piece, usual: float) -> float | None:
    """Return the gap between two pieces of one digit, in units of `usual`, or None if they are two digits."""
    low = min(one, other, key=lambda piece: piece.height)
    joined = one.join(other)
    if low.height > LOOSE_HEIGHT * usual or joined.height > MAX_HEIGHT * usual:
        return None
    beside = (max(one.left, other.left) - min(one.right, other.right)) / usual
    above = (max(one.top, other.top) - min(one.bottom, other.bottom)) / usual
    narrower = min(one.right - one.left, other.right - other.left) / usual
    if -beside >= MIN_OVERLAP * narrower:
        return max(above, 0.0) if above <= MAX_GAP_ABOVE else None
    return max(above, beside, 0.0) if max(above, beside) <= MAX_GAP_BESIDE else None


def _lines(digits: list[_Piece]) -> list[list[_Piece]]:
    """Group digits into lines: a digit continues a line if its middle is within the height of the line's last one."""
    lines: list[list[_Piece]] = []
    # From left to right, which allows lines to slope.
    for digit in sorted(digits, key=lambda digit: digit.left):
        middle = (digit.top + digit.bottom) / 2
        near = [line for line in lines if line[-1].top <= middle < line[-1].bottom]
        if near:
            min(near, key=lambda line: abs(line[-1].top + line[-1].bottom - 2 * middle)).append(digit)
        else:
            lines.append([digit])
    return sorted(lines, key=lambda line: float(np.mean([digit.top + digit.bottom for digit in line])))
