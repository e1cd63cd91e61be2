"""Several digits in one picture: found, put together where a digit is broken, and read line by line.

::

    locate_ink → pieces of connected ink → specks dropped → loose strokes joined → lines → one image for each digit
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # which loads its parts when they are first used: the first page need not wait for them

from mnist_demo.drawing.bitmap_fit import even_pen, fit_ink
from mnist_demo.drawing.bitmap_ink import erase_specks, locate_ink
from mnist_demo.drawing.stroke_ink import Pixels
from mnist_demo.errors import ImageError
from mnist_demo.translation import _

MAX_DIGITS = 64  # of one picture; of more, the largest are kept
MIN_INK = 0.25  # fainter pixels belong to a digit, but connect no two

# All in heights of a usual digit of the picture.
SPECK_SIDE = 0.2  # what is smaller both ways is dust, or a full stop
LOOSE_HEIGHT = 0.6  # what is lower may be a stroke of a digit nearby, such as the top of a 5
MAX_GAP_ABOVE = 0.3  # between a loose stroke and the digit below or above it
MAX_GAP_BESIDE = 0.12  # and one to its left or right, such as the open side of a 4
MAX_HEIGHT = 1.4  # of what is joined
MIN_OVERLAP = 0.3  # of a loose stroke's width, with the digit below or above it


@dataclass(frozen=True, eq=False)
class FoundDigit:
    """A digit in a picture: its `box` (left, top, right, bottom) in pixels of the bitmap, and what a model sees of it.

    The box holds the pixels from left to right - 1 and from top to bottom - 1. `image` is float32 (28, 28) in [0, 1],
    ink bright, as `mnist_demo.drawing.image.image_from_bitmap` would make it of this digit alone.
    """

    box: tuple[int, int, int, int]
    image: Pixels


@dataclass(frozen=True)
class _Piece:
    """Connected ink, or several such pieces joined: their numbers, and the box around them in pixels of the ink."""

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

    Digits must not touch each other, and be of about the same size.

    Parameters
    ----------
    bitmap
        uint8 (h, w), (h, w, 3) or (h, w, 4), as `mnist_demo.drawing.image.image_from_bitmap` takes it.

    Raises
    ------
    ImageError
        When the array is of another shape or type, is far too large, or has nothing drawn on it.
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
    # Soft edges below MIN_INK go to the piece beside them.
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
    """Return the median height of the pieces that are neither specks nor loose strokes, taken by the tallest."""
    heights = np.array([piece.height for piece in pieces])
    sides = np.array([piece.longer for piece in pieces])
    tall = heights[heights >= 0.4 * heights.max()]
    # A lone dash, which is a 1 that lies down or a broken digit, is as large as it is long.
    return float(np.median(tall)) if heights.max() >= 0.4 * sides.max() else float(sides.max())


def _join_loose(pieces: list[_Piece], usual: float) -> list[_Piece]:
    """Join pieces that are too low to be a digit with the one that they belong to, the nearest first."""
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
    """Return how far apart two pieces of one digit are, in usual heights; None where they are of two digits."""
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
    """Return the digits line by line: one whose middle is within the height of a line's last digit goes on with it."""
    lines: list[list[_Piece]] = []
    # From left to right, so that a line may slope.
    for digit in sorted(digits, key=lambda digit: digit.left):
        middle = (digit.top + digit.bottom) / 2
        near = [line for line in lines if line[-1].top <= middle < line[-1].bottom]
        if near:
            min(near, key=lambda line: abs(line[-1].top + line[-1].bottom - 2 * middle)).append(digit)
        else:
            lines.append([digit])
    return sorted(lines, key=lambda line: float(np.mean([digit.top + digit.bottom for digit in line])))
