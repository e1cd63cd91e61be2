"""The model input made from difficult pictures: wide pens, shading, grain, dust, frames and sheets of paper."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.drawing.image import image_from_bitmap, image_from_strokes
from mnist_demo.drawing.pictures_of_digits import find_digits
from mnist_demo.errors import ImageError
from tests.drawing.drawn_digits import Bitmap, Strokes, circle, difference, draw, four


def _photograph(ink: Bitmap, light: np.ndarray, grain: float = 2.0, *, is_dark: bool = True) -> Bitmap:
    """Return ink (or paper, if not `is_dark`) that reflects a third of `light` (0..255), with camera noise."""
    cover = ink / 255.0
    reflected = 1 - 0.67 * cover if is_dark else 0.33 + 0.67 * cover
    page = reflected * light + np.random.default_rng(0).normal(0, grain, ink.shape)
    return np.asarray(page.clip(0, 255), np.uint8)


def _hand_shadow(size: int = 280) -> np.ndarray:
    """Return light from the left, with a soft shadow over one corner that absorbs two thirds of it."""
    y, x = np.mgrid[0:size, 0:size] / size
    shadow = 1 / (1 + np.exp(-((x + y) - 1.15) * 18))
    return np.asarray((240 - 60 * x) * (1 - 0.66 * shadow))


@pytest.mark.parametrize("strokes", [four(), circle()])
@pytest.mark.parametrize("pen", [8.0, 14.0, 28.0, 40.0])
def test_image_from_bitmap_with_any_pen_is_nearly_that_of_the_strokes(strokes: Strokes, pen: float) -> None:
    # Corners that a wide pen has filled remain filled.
    assert difference(image_from_strokes(strokes), image_from_bitmap(draw(strokes, pen=pen))) < 0.25


@pytest.mark.parametrize("is_dark", [True, False])
@pytest.mark.parametrize("strokes", [four(), circle()])
def test_image_from_bitmap_of_a_photograph_with_a_shadow_is_nearly_the_same(strokes: Strokes, is_dark: bool) -> None:
    ink = draw(strokes)
    photograph = _photograph(ink, _hand_shadow(), is_dark=is_dark)
    # No global threshold separates ink from paper here.
    if is_dark:
        assert photograph[ink == 0].min() < photograph[ink == 255].max()
    assert difference(image_from_bitmap(ink), image_from_bitmap(photograph)) < 0.15


def test_image_from_bitmap_of_a_large_blurred_photograph_in_colour_is_nearly_the_same() -> None:
    ink = draw(four(), 1400, pen=10)
    warm = np.array([1.0, 0.9, 0.7])
    page = _photograph(ink, _hand_shadow(1400), grain=6)
    page = ndimage.gaussian_filter(page, 3)
    assert (
        difference(
            image_from_bitmap(draw(four(), pen=10)), image_from_bitmap((page[..., None] * warm).astype(np.uint8))
        )
        < 0.2
    )


def test_image_from_bitmap_of_a_dim_border_is_nearly_the_same() -> None:
    y, x = np.mgrid[0:280, 0:280] / 280 - 0.5
    light = 250 - 300 * (x**2 + y**2)
    assert difference(image_from_bitmap(draw(four())), image_from_bitmap(_photograph(draw(four()), light))) < 0.15


def test_image_from_bitmap_with_a_shadow_on_a_third_is_nearly_the_same() -> None:
    light = np.full((280, 280), 230.0)
    light[:, 200:] = 140
    light = ndimage.gaussian_filter(light, 6)
    assert difference(image_from_bitmap(draw(four())), image_from_bitmap(_photograph(draw(four()), light))) < 0.15


def test_image_from_bitmap_ignores_specks() -> None:
    ink = draw(four()).copy()
    for row, column in np.random.default_rng(1).integers(5, 270, (30, 2)):
        if not ink[row - 5 : row + 8, column - 5 : column + 8].any():
            ink[row : row + 2, column : column + 3] = 255
    np.testing.assert_allclose(image_from_bitmap(ink), image_from_bitmap(draw(four())), atol=1e-6)


@pytest.mark.parametrize("inset", [0, 12])
@pytest.mark.parametrize("width", [1, 6])
@pytest.mark.parametrize("is_dark", [True, False])
def test_image_from_bitmap_in_a_frame_is_that_of_the_digit(inset: int, width: int, is_dark: bool) -> None:
    picture = Image.fromarray(draw(four()))
    ImageDraw.Draw(picture).rectangle([inset, inset, 279 - inset, 279 - inset], outline=255, width=width)
    framed = np.asarray(picture)
    assert difference(image_from_bitmap(draw(four())), image_from_bitmap(255 - framed if is_dark else framed)) < 0.02


@pytest.mark.parametrize("angle", [0, 7, -15])
def test_image_from_bitmap_of_a_sheet_on_a_desk_is_that_of_the_digit(angle: float) -> None:
    sheet = Image.fromarray(255 - draw(four(), 350))
    desk, mask = Image.new("L", (600, 500), 60), Image.new("L", sheet.size, 255)
    desk.paste(sheet, (120, 70), mask)
    picture = np.asarray(desk.rotate(-angle, Image.Resampling.BILINEAR, fillcolor=60))
    upright = np.asarray(Image.fromarray(draw(four(), 350)).rotate(-angle, Image.Resampling.BILINEAR))
    assert difference(image_from_bitmap(upright), image_from_bitmap(picture)) < 0.15


def test_image_from_bitmap_of_a_filled_box_with_a_digit_is_that_of_the_digit() -> None:
    page = np.full((500, 420), 255, np.uint8)
    page[150:430, 60:340] = draw(circle())  # a canvas, bright on black, on white paper
    assert difference(image_from_bitmap(draw(circle())), image_from_bitmap(page)) < 0.02


@pytest.mark.parametrize("corner", [0, 40, 110])
def test_image_from_bitmap_of_a_frame_like_zero_stays_a_zero(corner: int) -> None:
    picture = Image.new("L", (280, 280))
    ImageDraw.Draw(picture).rounded_rectangle([30, 20, 250, 260], corner, outline=255, width=22)
    picture.putpixel((140, 140), 255)  # a speck must not count as a digit in a frame
    image = image_from_bitmap(np.asarray(picture))
    assert image[12:16, 12:16].max() < 0.1
    assert image.max() == 1
    assert np.flatnonzero(image.max(axis=1) > 0.5).size >= 19


def test_image_from_bitmap_of_enlarged_digits_is_nearly_the_same(builtin: DigitDataset) -> None:
    changes = [
        difference(scale_pixels(pixels), image_from_bitmap(np.asarray(Image.fromarray(pixels).resize((280, 280)))))
        for pixels in builtin.test_pixels[:100]
    ]
    assert np.median(changes) < 0.4  # their stroke widths are normalised
    assert max(changes) < 1.2


@pytest.mark.parametrize("place", [0.4, 0.5, 0.6])
def test_image_from_bitmap_of_thin_strokes_across_the_edge_of_a_shadow_is_nearly_the_same(place: float) -> None:
    y, x = np.mgrid[0:560, 0:560] / 560
    light = 230 * (1 - 0.6 / (1 + np.exp(-(y + 0.3 * x - 0.15 - place) / 0.015)))
    ink = draw(four(), 560, pen=6)
    photograph = _photograph(np.asarray(ink // 2, np.uint8), light, 1.0)
    assert difference(image_from_bitmap(ink), image_from_bitmap(photograph)) < 0.25


def _squared(size: int, slope: float, offset: float, spacing: float = 60.0) -> np.ndarray:
    """Return how much of each pixel is under printed squares, 0 or 0.5: lines of four pixels, at an angle."""
    y, x = np.mgrid[0:size, 0:size]
    position = np.stack([y - slope * (x - size / 2), x + slope * (y - size / 2)]) + offset
    return np.asarray(0.5 * ((position % spacing) < 4).any(axis=0))


# With the last offset, lines enter the picture at its edge alone, and the 4's stem runs along one.
@pytest.mark.parametrize("slope", [0.0, 0.05, -0.09])
@pytest.mark.parametrize("offset", [11.0, 30.0, 58.0])
def test_image_from_bitmap_on_squared_paper_is_that_of_the_digit(slope: float, offset: float) -> None:
    ink = draw(four(), 480)
    printed = np.maximum(ink, np.asarray(_squared(480, slope, offset) * 255, np.uint8))
    photograph = _photograph(printed, np.full((480, 480), 220.0))
    assert difference(image_from_bitmap(ink), image_from_bitmap(photograph)) < 0.2


@pytest.mark.parametrize("slope", [0.0, 0.03, -0.07])
def test_image_from_bitmap_of_empty_squared_paper_shows_nothing(slope: float) -> None:
    printed = np.asarray(_squared(480, slope, 20.0) * 255, np.uint8)
    with pytest.raises(ImageError, match="Nothing but paper"):
        image_from_bitmap(_photograph(printed, np.full((480, 480), 220.0)))


@pytest.mark.parametrize("angle", [0, 2, -4])
def test_find_digits_on_a_long_sheet_on_a_dark_table_are_those_on_the_sheet(angle: float) -> None:
    sheet = np.full((260, 1100), 235, np.uint8)
    for place in range(3):
        sheet[10:250, 150 + 250 * place : 390 + 250 * place] -= draw(four(), 240) // 255 * 190
    table = Image.new("L", (1300, 400), 50)
    table.paste(Image.fromarray(sheet), (100, 70))
    picture = np.asarray(table.rotate(angle, Image.Resampling.BILINEAR, fillcolor=50))
    light = np.linspace(1, 0.7, 1300)
    assert len(find_digits(np.asarray(picture * light, np.uint8))) == 3


@pytest.mark.parametrize("is_dark", [True, False])
def test_image_from_bitmap_with_a_corner_in_the_light_is_nearly_the_same(is_dark: bool) -> None:
    y, x = np.mgrid[0:280, 0:280] / 280
    light = np.where(y - x > 0.3, 230.0, 100.0)
    photograph = _photograph(draw(four()), ndimage.gaussian_filter(light, 3), 1.0, is_dark=is_dark)
    assert difference(image_from_bitmap(draw(four())), image_from_bitmap(photograph)) < 0.2
