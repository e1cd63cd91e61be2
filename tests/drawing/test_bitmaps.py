"""The model input made from pictures in any colours, sizes and formats."""

import contextlib
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.drawing.image import BOX, CENTRE, MAX_PICTURE_SIDE, image_from_bitmap, image_from_strokes, load_bitmap
from mnist_demo.errors import ImageError
from tests.drawing.drawn_digits import Bitmap, Strokes, box, centre_of_mass, circle, difference, draw, four


@pytest.mark.parametrize("strokes", [four(), circle()])
def test_image_from_bitmap_is_nearly_that_of_the_strokes(strokes: Strokes) -> None:
    image = image_from_bitmap(draw(strokes))
    assert image.shape == (28, 28)
    assert image.dtype == np.float32
    assert image.max() == 1
    assert difference(image, image_from_strokes(strokes)) < 0.2
    assert centre_of_mass(image) == pytest.approx((CENTRE, CENTRE), abs=0.1)
    assert max(box(image, 0.5)) == pytest.approx(BOX, abs=1)


@pytest.mark.parametrize(
    "convert",
    [
        lambda ink: 255 - ink,
        lambda ink: np.dstack([ink, ink, ink]),
        lambda ink: np.dstack([255 - ink] * 3 + [np.full_like(ink, 255)]),
        lambda ink: np.dstack([np.zeros_like(ink)] * 3 + [ink]),  # black on a transparent canvas
        lambda ink: np.dstack([np.full_like(ink, 255)] * 3 + [ink]),  # white on a transparent canvas
        lambda ink: np.dstack([ink, 255 - ink, np.full_like(ink, 90)]),  # red on green
    ],
    ids=["dark on bright", "RGB", "RGBA", "transparent, black ink", "transparent, white ink", "red on green"],
)
def test_image_from_bitmap_in_any_colours_is_the_same(convert: Callable[[Bitmap], Bitmap]) -> None:
    ink = draw(four())
    np.testing.assert_allclose(image_from_bitmap(convert(ink)), image_from_bitmap(ink), atol=1e-5)


@pytest.mark.parametrize("size", [70, 500, 2400])
def test_image_from_bitmap_at_any_size_is_nearly_the_same(size: int) -> None:
    assert difference(image_from_bitmap(draw(four(), size)), image_from_bitmap(draw(four()))) < 0.15


def test_image_from_bitmap_anywhere_on_a_page_that_is_not_square_is_the_same() -> None:
    ink = draw(four())
    page = np.zeros((700, 400), np.uint8)
    page[411:691, 7:287] = ink
    np.testing.assert_allclose(image_from_bitmap(page), image_from_bitmap(ink), atol=1e-6)


def test_image_from_bitmap_cropped_to_its_ink_is_nearly_the_same() -> None:
    ink = draw(four())
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    cropped = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    for bitmap in (cropped, 255 - cropped):
        np.testing.assert_allclose(image_from_bitmap(bitmap), image_from_bitmap(ink), atol=1e-5)


def test_image_from_bitmap_of_digits_laid_out_like_mnist_hardly_changes_them(builtin: DigitDataset) -> None:
    changes = [difference(scale_pixels(pixels), image_from_bitmap(pixels)) for pixels in builtin.test_pixels]
    assert np.mean(np.array(changes) < 0.02) > 0.9


def test_image_from_bitmap_of_mnist_hardly_changes_it(mnist: DigitDataset) -> None:
    pixels = mnist.test_pixels[:2000]
    changes = [difference(scale_pixels(one), image_from_bitmap(one)) for one in pixels]
    assert np.mean(np.array(changes) < 0.02) > 0.98


def test_image_from_bitmap_with_faint_ink_is_as_bright_as_with_strong_ink() -> None:
    ink = draw(four())
    assert difference(image_from_bitmap(ink), image_from_bitmap(255 - ink // 4)) < 0.02


def test_image_from_bitmap_with_dust_grain_and_shade_is_nearly_the_same() -> None:
    ink = draw(four())
    random = np.random.default_rng(0)
    page = 230 - 0.8 * ink.astype(np.float64)
    page += np.linspace(-12, 12, 280) + random.normal(0, 2, page.shape)
    page[20:22, 260:263] = 30
    page[270, 5] = 30
    assert difference(image_from_bitmap(ink), image_from_bitmap(page.clip(0, 255).astype(np.uint8))) < 0.1


def test_image_from_bitmap_of_a_few_pixels_is_centred() -> None:
    bitmap = np.zeros((9, 12), np.uint8)
    bitmap[1:4, 2:5] = 255
    assert centre_of_mass(image_from_bitmap(bitmap)) == pytest.approx((CENTRE, CENTRE), abs=0.1)


@pytest.mark.parametrize(
    "bitmap",
    [
        np.zeros((28, 28), np.uint8),
        np.full((50, 40, 3), 255, np.uint8),
        np.zeros((280, 280, 4), np.uint8),
        np.random.default_rng(0).integers(240, 250, (100, 100)).astype(np.uint8),
        np.zeros((1, 1), np.uint8),
    ],
    ids=["black", "white", "transparent", "grain", "one pixel"],
)
def test_image_from_bitmap_with_nothing_drawn_raises(bitmap: Bitmap) -> None:
    with pytest.raises(ImageError, match="Nothing but paper"):
        image_from_bitmap(bitmap)


@pytest.mark.parametrize(
    ("bitmap", "message"),
    [
        (np.zeros((28, 28), np.float32), "array of uint8, but is float32"),
        ([[0, 255]], "array of uint8, but is list"),
        (np.zeros(784, np.uint8), r"but has \(784,\)"),
        (np.zeros((28, 28, 2), np.uint8), r"but has \(28, 28, 2\)"),
        (np.zeros((0, 28), np.uint8), r"but has \(0, 28\)"),
        (np.broadcast_to(np.uint8(0), (3, MAX_PICTURE_SIDE + 1)), "too large"),
        (np.broadcast_to(np.uint8(0), (10_000, 10_000, 4)), "too large"),
    ],
)
def test_image_from_bitmap_of_something_else_raises(bitmap: Bitmap, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        image_from_bitmap(bitmap)


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [
        *[("1", "png"), ("L", "png"), ("LA", "png"), ("RGBA", "png"), ("I;16", "png"), ("P", "gif"), ("L", "jpg")],
        *[("RGB", "webp"), ("L", "bmp"), ("L", "pgm"), ("CMYK", "tif"), ("I", "tif"), ("F", "tif")],
    ],
)
def test_load_bitmap_of_any_kind_of_picture_shows_the_same_digit(mode: str, suffix: str, tmp_path: Path) -> None:
    ink = draw(four())
    picture = Image.fromarray(255 - ink)
    if mode == "I;16":
        picture = Image.fromarray((255 - ink).astype(np.uint16) * 257)
    elif mode in ("LA", "RGBA"):
        picture = Image.merge("LA", [Image.new("L", (280, 280)), Image.fromarray(ink)]).convert(mode)
    path = tmp_path / f"four.{suffix}"
    (picture if mode == "I;16" else picture.convert(mode)).save(path)
    bitmap = load_bitmap(path)
    assert bitmap.dtype == np.uint8
    assert difference(image_from_bitmap(ink), image_from_bitmap(bitmap)) < 0.08


def test_load_bitmap_applies_the_exif_orientation(tmp_path: Path) -> None:
    upright = Image.fromarray(draw(four()))
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: rotate clockwise to view it upright
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "four.png", exif=exif)
    np.testing.assert_array_equal(load_bitmap(tmp_path / "four.png"), np.asarray(upright))


def test_load_bitmap_of_an_animation_is_its_first_frame(tmp_path: Path) -> None:
    first, second = Image.fromarray(draw(four())), Image.fromarray(draw(circle()))
    first.save(tmp_path / "both.gif", save_all=True, append_images=[second])
    assert difference(image_from_bitmap(load_bitmap(tmp_path / "both.gif")), image_from_bitmap(draw(four()))) < 0.01


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a picture"),
        (b"dear model, which digit is this?", "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        (None, "no such file"),
    ],
)
def test_load_bitmap_of_something_else_raises(content: bytes | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "digit.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ImageError, match=message):
        load_bitmap(path)


def test_load_bitmap_of_a_folder_raises(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no such file"):
        load_bitmap(tmp_path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "tif"])
def test_load_bitmap_of_a_damaged_picture_raises_or_shows_the_rest(suffix: str, tmp_path: Path) -> None:
    whole, damaged = tmp_path / f"whole.{suffix}", tmp_path / f"damaged.{suffix}"
    Image.fromarray(draw(four())).save(whole)
    content = whole.read_bytes()
    for length in range(1, len(content), max(1, len(content) // 50)):
        damaged.write_bytes(content[:length])
        with contextlib.suppress(ImageError):
            assert load_bitmap(damaged).shape[:2] == (280, 280)


@pytest.mark.parametrize("size", [(50_000, 10), (7200, 7200), (30_000, 30_000)])
def test_load_bitmap_of_a_huge_picture_raises_before_it_is_decoded(size: tuple[int, int], tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    Image.new("1", (16, 16)).save(path)
    content = bytearray(path.read_bytes())
    # Bytes 16 to 24 of a PNG hold the size, with a checksum later; the pixel data remain those of 16 × 16.
    content[16:24] = size[0].to_bytes(4, "big") + size[1].to_bytes(4, "big")
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    path.write_bytes(content)
    with pytest.raises(ImageError, match="too large: at most 20,000 pixels a side"):
        load_bitmap(path)
