"""Segmentation of a picture into its digits, in reading order; broken digits are joined.

::

    locate_ink → connected components → specks dropped → loose strokes joined → lines → one image for each digit

What belongs to one digit is decided by size, distance and stroke width. Where that is doubtful there are several ways
to divide the ink (`divide`), from which a model that reads them can choose: `mnist_demo.rejection.pictures`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # loads its submodules on first use, so the first page does not wait for them

from mnist_demo.drawing.bitmap_fit import even_pen, fit_ink
from mnist_demo.drawing.bitmap_ink import FoundInk, erase_specks, locate_ink
from mnist_demo.drawing.pieces import Piece, find_pieces, join_all, join_loose, sort_lines, usual_height
from mnist_demo.drawing.stroke_ink import Pixels
from mnist_demo.errors import NoDigitError
from mnist_demo.translation import _

MAX_DIGITS = 64  # in one picture; if there are more, the largest are kept
MIN_INK = 0.25  # fainter pixels belong to a digit, but do not connect components
# Soft strokes are connected by fainter ink, and digits that nearly touch are parted by stronger ink.
OTHER_MIN_INK = (0.12, 0.5)
MAX_DOUBTFUL = 12  # more digits are not one digit in pieces: the picture is divided in one way alone


@dataclass(frozen=True, eq=False)
class FoundDigit:
    """A digit in a picture: its bounding `box` (left, top, right, bottom) in pixels of the bitmap, and its `image`.

    The box covers the pixels left to right - 1 and top to bottom - 1. `image` is the model input, float32 (28, 28) in
    [0, 1], ink bright, as `mnist_demo.drawing.image.image_from_bitmap` returns it for this digit alone.
    """

    box: tuple[int, int, int, int]
    image: Pixels


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
    return next(divide(bitmap))


def divide(bitmap: npt.NDArray[np.uint8]) -> Iterator[list[FoundDigit]]:
    """Yield the ways to divide a picture into digits, the likeliest first and none twice; each as `find_digits` does.

    There are at most four: by the usual rules, by those with fainter and with stronger ink, and all of it as one digit.

    Raises
    ------
    ImageError
        As `find_digits` does.
    """
    found = locate_ink(bitmap)
    size = (bitmap.shape[1], bitmap.shape[0])
    seen: set[frozenset[tuple[int, ...]]] = set()
    for min_ink in (MIN_INK, *OTHER_MIN_INK):
        numbered, pieces = find_pieces(found.ink, min_ink)
        if not pieces:
            continue
        digits = join_loose(pieces, usual_height(pieces))
        digits = sorted(digits, key=lambda digit: digit.longer, reverse=True)[:MAX_DIGITS]
        is_doubtful = min_ink == MIN_INK and len(digits) <= MAX_DOUBTFUL
        for way in (digits, join_all(digits)) if is_doubtful else (digits,):
            boxes = frozenset(digit.box for digit in way)
            if boxes not in seen:
                seen.add(boxes)
                yield _cut_out(found, numbered, way, size)
        if len(digits) > MAX_DOUBTFUL:
            return
    if not seen:
        raise NoDigitError(_("No digit was found in this picture: write large and dark on clear paper."))


def _cut_out(
    found: FoundInk, numbered: npt.NDArray[np.int32], digits: list[Piece], size: tuple[int, int]
) -> list[FoundDigit]:
    """Return the digits in reading order; `size` is the width and the height of the bitmap in pixels."""
    # Soft edges too faint to connect pieces are assigned to the adjacent one.
    numbered = np.where(numbered > 0, numbered, scipy.ndimage.maximum_filter(numbered, 5))
    cut_out = []
    for digit in (digit for line in sort_lines(digits) for digit in line):
        part = np.s_[max(digit.top - 2, 0) : digit.bottom + 2, max(digit.left - 2, 0) : digit.right + 2]
        ink = np.where(np.isin(numbered[part], digit.numbers), found.ink[part], np.float32(0))
        box = (
            found.left + digit.left * found.factor,
            found.top + digit.top * found.factor,
            min(found.left + digit.right * found.factor, size[0]),
            min(found.top + digit.bottom * found.factor, size[1]),
        )
        cut_out.append(FoundDigit(box, fit_ink(*even_pen(erase_specks(ink)))))
    return cut_out
