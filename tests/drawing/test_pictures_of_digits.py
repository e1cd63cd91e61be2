"""Segmentation of generated sheets of digits, whose positions and shapes are known."""

import numpy as np
import pytest
from PIL import Image

from mnist_demo.drawing.image import image_from_bitmap
from mnist_demo.drawing.pictures_of_digits import MAX_DIGITS, find_digits
from mnist_demo.errors import ImageError
from tests.drawing.drawn_digits import Bitmap, Strokes, circle, difference, draw, four


def one() -> Strokes:
    return [np.array([[140.0, 50.0], [135.0, 230.0]])]


def broken_five() -> Strokes:
    """Return a 5 whose top is a separate stroke, slightly above the rest."""
    angles = np.linspace(-np.pi / 2, np.pi * 0.8, 30)
    belly = np.stack([130 + 50 * np.cos(angles), 175 + 50 * np.sin(angles)], axis=1)
    return [np.vstack([[[100.0, 85.0], [98.0, 130.0]], belly]), np.array([[105.0, 50.0], [185.0, 45.0]])]


def _sheet(rows: list[list[Strokes]], size: int = 140) -> Bitmap:
    """Return digits in a grid of cells of `size` × `size` pixels, bright on black."""
    sheet = np.zeros((len(rows) * size, max(map(len, rows)) * size), np.uint8)
    for row, digits in enumerate(rows):
        for column, strokes in enumerate(digits):
            sheet[row * size : (row + 1) * size, column * size : (column + 1) * size] = draw(strokes, size, pen=14)
    return sheet


def _cells(rows: list[list[Strokes]], size: int = 140) -> list[Bitmap]:
    return [draw(strokes, size, pen=14) for digits in rows for strokes in digits]


ROWS = [[four(), circle(), one()], [broken_five(), one(), four(), circle()]]


@pytest.mark.parametrize("is_dark", [False, True])
def test_find_digits_returns_two_lines_in_order(is_dark: bool) -> None:
    sheet = _sheet(ROWS)
    found = find_digits(255 - sheet if is_dark else sheet)
    assert len(found) == 7
    for digit, cell in zip(found, _cells(ROWS), strict=True):
        assert difference(image_from_bitmap(cell), digit.image) < 0.1


def test_find_digits_boxes_enclose_the_ink_in_pixels_of_the_bitmap() -> None:
    for digit, (column, cell) in zip(find_digits(_sheet(ROWS[:1])), enumerate(_cells(ROWS[:1])), strict=True):
        rows, columns = np.nonzero(cell > 127)
        expected = (columns.min() + 140 * column, rows.min(), columns.max() + 1 + 140 * column, rows.max() + 1)
        assert digit.box == pytest.approx(expected, abs=1)


def test_find_digits_of_a_large_sheet_on_a_desk_have_boxes_in_its_pixels() -> None:
    desk = np.full((2100, 3000), 50, np.uint8)
    desk[300:1700, 500:2600] = 255 - _sheet([[four(), circle(), one()]] * 2, 700)
    found = find_digits(desk)
    assert len(found) == 6
    rows, columns = np.nonzero(draw(four(), 700, pen=14) > 127)
    expected = (columns.min() + 500, rows.min() + 300, columns.max() + 501, rows.max() + 301)
    assert found[0].box == pytest.approx(expected, abs=8)


@pytest.mark.parametrize("is_dark", [False, True])
def test_find_digits_in_shade_with_noise_and_specks(is_dark: bool) -> None:
    sheet = _sheet(ROWS).astype(np.float64) / 255
    for row, column in ((4, 200), (135, 30), (150, 545), (270, 5)):
        sheet[row : row + 3, column : column + 3] = 1
    y, x = np.mgrid[0 : sheet.shape[0], 0 : sheet.shape[1]]
    light = 230 - 0.25 * x - 0.1 * y
    reflected = 1 - 0.7 * sheet if is_dark else 0.25 + 0.75 * sheet
    page = (reflected * light + np.random.default_rng(0).normal(0, 2, sheet.shape)).clip(0, 255).astype(np.uint8)
    found = find_digits(page)
    assert len(found) == 7
    for digit, cell in zip(found, _cells(ROWS), strict=True):
        assert difference(image_from_bitmap(cell), digit.image) < 0.25


def test_find_digits_in_a_sloping_line_are_in_order() -> None:
    sheet = Image.fromarray(_sheet([[four(), circle(), one(), four(), circle()]])).resize((500, 100))
    page = Image.new("L", (600, 300))
    page.paste(sheet, (50, 60))
    found = find_digits(np.asarray(page.rotate(-10, Image.Resampling.BILINEAR)))
    assert len(found) == 5
    assert [digit.box[0] for digit in found] == sorted(digit.box[0] for digit in found)


def test_find_digits_of_one_digit_is_the_image_from_the_bitmap() -> None:
    (digit,) = find_digits(draw(broken_five()))
    assert difference(image_from_bitmap(draw(broken_five())), digit.image) < 0.02


def test_find_digits_side_by_side_are_not_joined() -> None:
    narrow = np.hstack([draw(one(), 140, pen=14)[:, 50:90]] * 4)
    assert len(find_digits(np.pad(narrow, 30))) == 4


def test_find_digits_of_too_many_keeps_the_largest() -> None:
    small = [one()] * 10
    assert len(find_digits(_sheet([small] * 8, 60))) == MAX_DIGITS


@pytest.mark.parametrize("bitmap", [np.zeros((90, 90), np.uint8), np.full((300, 200, 3), 255, np.uint8)])
def test_find_digits_on_an_empty_sheet_raises(bitmap: Bitmap) -> None:
    with pytest.raises(ImageError, match="Nothing but paper"):
        find_digits(bitmap)
