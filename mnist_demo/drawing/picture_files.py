"""Reads picture files of common formats and any size, without trusting their content."""

import functools
import sys
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageFile, ImageOps, UnidentifiedImageError

from mnist_demo.errors import ImageError
from mnist_demo.translation import _, format_decimal, format_list

# Telephones have 12 to 50 million pixels. While the largest is decoded, no more than 500 MB are taken: of a JPEG (which
# an MPO is too, with further pictures behind it), made smaller meanwhile, 7 bytes a pixel if it is a progressive one;
# of HEIC 5, of WebP 16, of AVIF 9, of the others 5, or 9 where a TIFF is turned, in one piece, or of 32 bits.
MAX_PICTURE_SIDE, MAX_PICTURE_PIXELS = 20_000, 51_000_000
OTHER_MAX_PIXELS = {"JPEG": 64_000_000, "MPO": 64_000_000, "HEIF": 64_000_000, "WEBP": 28_000_000}
# The common formats. Pillow reads many more, some of which start other programs (EPS).
PICTURE_FORMATS = ("JPEG", "HEIF", "AVIF", "WEBP", "PNG", "GIF", "BMP", "TIFF", "PPM")
# A larger picture is made smaller while it is decoded or at once after it, but not below this, in pixels a side.
ENOUGH_SIDE = 2000
# How Pillow unpacks colours of 16 bits, of which it keeps the higher byte; and how the lower one is unpacked, which is
# all where no value is above 255. Grey with opacity has four bytes a pixel, as eight bits of four colours have.
LOWER_BYTES = {
    f"{colours};16{order}": f"{colours};16{other}"
    for colours in ("RGB", "RGBA", "RGBX")
    for order, other in (("B", "L"), ("L", "B"), ("N", "B" if sys.byteorder == "little" else "L"))
} | {"LA;16B": "RGBA"}
STRIP = 100  # rows of a reduced picture that are made at once


def load_bitmap(path: str | Path | BinaryIO) -> npt.NDArray[np.uint8]:
    """Return the picture in a file, a path or an open file, for `image_from_bitmap`: uint8 (h, w) or (h, w, 3 or 4).

    The format is told by the content, not by the name. The EXIF orientation is applied. Of an animation, the first
    frame is read. A picture of more than about ``ENOUGH_SIDE`` pixels a side is returned smaller.

    Raises
    ------
    ImageError
        If the file is missing, not a picture, damaged, or far too large; the size is checked before decoding. The
        message does not name the file.
    """
    if isinstance(path, str | Path) and not Path(path).is_file():
        raise ImageError(_("There is no such file."))
    _add_heif()
    try:
        # Pillow warns about unusual files, and about sizes that are checked here anyway.
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=PICTURE_FORMATS) as picture:
            check_size(*picture.size, OTHER_MAX_PIXELS.get(picture.format or "", MAX_PICTURE_PIXELS))
            if picture.format == "HEIF":
                return _from_a_telephone(picture)
            picture.draft(None, (ENOUGH_SIDE, ENOUGH_SIDE))  # only JPEG can; of other formats it changes nothing
            packing = _packing_of(picture)
            bitmap = _as_eight_bits(picture)
        if packing in LOWER_BYTES and (bitmap == bitmap[0, 0]).all():
            with warnings.catch_warnings(action="ignore"), Image.open(path, formats=PICTURE_FORMATS) as picture:
                bitmap = _lower_bytes(picture, packing)
        return bitmap
    except ImageError:
        raise
    except UnidentifiedImageError:
        message = _("This is not a picture in a format that can be read ({formats}): save it as JPEG or PNG.")
        raise ImageError(message.format(formats=format_list(PICTURE_FORMATS))) from None
    except Image.DecompressionBombError:
        raise _too_large(
            _("far more"), MAX_PICTURE_PIXELS
        ) from None  # Pillow rejects such sizes before it reports them
    # Damaged files make Pillow's decoders fail in a dozen ways, from OSError to struct.error and IndexError.
    except Exception as error:
        message = _("The picture is damaged or cannot be read ({reason}): save it as JPEG or PNG.")
        raise ImageError(message.format(reason=str(error) or type(error).__name__)) from error


def pictures_in(folder: str | Path) -> list[Path]:
    """Return the files in a folder whose content is a picture, by name; folders in it are not looked into.

    Raises
    ------
    ImageError
        If the folder cannot be read, or holds no picture.
    """
    _add_heif()
    try:
        files = sorted(path for path in Path(folder).iterdir() if path.is_file())
    except OSError as error:
        message = _("The folder cannot be read ({reason}).")
        raise ImageError(message.format(reason=error.strerror or error)) from error
    pictures = [path for path in files if _is_picture(path)]
    if not pictures:
        message = _("There is no picture in this folder in a format that can be read ({formats}).")
        raise ImageError(message.format(formats=format_list(PICTURE_FORMATS)))
    return pictures


def _is_picture(path: Path) -> bool:
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=PICTURE_FORMATS):
            return True
    except UnidentifiedImageError:
        return False
    except Exception:  # a damaged picture, or one that must not be read: `load_bitmap` says why
        return True


@functools.cache
def _add_heif() -> None:
    """Let Pillow open HEIC files, which telephones make."""
    import pi_heif  # here: few pictures need it

    pi_heif.register_heif_opener(thumbnails=False)


def _packing_of(picture: ImageFile.ImageFile) -> str:
    """Return how the pixels of a PNG or a TIFF are packed, as Pillow calls it, before they are decoded."""
    if picture.format not in ("PNG", "TIFF") or not picture.tile:
        return ""
    arguments = picture.tile[0].args  # of a TIFF, several
    return str(arguments[0] if isinstance(arguments, tuple) else arguments)


def _lower_bytes(picture: ImageFile.ImageFile, packing: str) -> npt.NDArray[np.uint8]:
    """Return the lower bytes of a picture of 16 bits a colour, packed so, that has not been decoded yet."""
    lower = LOWER_BYTES[packing]
    picture.tile = [
        tile._replace(args=(lower, *tile.args[1:]) if isinstance(tile.args, tuple) else lower) for tile in picture.tile
    ]
    bitmap = _as_eight_bits(picture)
    # Of grey: its higher and lower byte, and those of its opacity, which is none of the low values.
    return bitmap[:, :, [1, 1, 1, 2]] if packing == "LA;16B" else bitmap


def _as_eight_bits(picture: Image.Image) -> npt.NDArray[np.uint8]:
    picture.load()  # after which Pillow has turned a TIFF
    orientation = picture.getexif().get(ExifTags.Base.Orientation)
    width, height = picture.size
    step, tops, rows = _strips(width, height)
    # Converted strip by strip, and turned when it is small: each whole copy of a camera's would take 200 MB.
    strips = (picture.crop((0, top, width, min(top + rows, height))) for top in tops)
    # These have no fixed range (a camera's 16 bits may be 10 or 12): stretch the values to 0..255.
    if picture.mode.startswith("I") or picture.mode == "F":
        values = np.concatenate([_means(np.asarray(strip), step) for strip in strips])
        values = (values - values.min()) * (255 / max(float(np.ptp(values)), 1e-9))
        small = np.asarray(values, np.uint8)
    else:
        mode = _mode_for(picture)
        small = np.concatenate([np.asarray(strip.convert(mode).reduce(step)) for strip in strips])
    reduced = Image.fromarray(small)
    reduced.getexif()[ExifTags.Base.Orientation] = orientation or 1
    return np.asarray(ImageOps.exif_transpose(reduced))


def _means(values: npt.NDArray[np.generic], step: int) -> npt.NDArray[np.float64]:
    """Return the means of squares of `step` pixels a side, of less at the far edges, as Pillow's ``reduce`` does.

    That one rounds whole numbers, and of a range of one nothing would be left.
    """
    if values.dtype.kind == "f":
        values = np.nan_to_num(values)
    tops, lefts = np.arange(0, values.shape[0], step), np.arange(0, values.shape[1], step)
    sums = np.add.reduceat(np.add.reduceat(values, tops, axis=0, dtype=np.float64), lefts, axis=1)
    heights, widths = (
        np.diff(np.append(begins, size)) for begins, size in zip((tops, lefts), values.shape, strict=True)
    )
    means: npt.NDArray[np.float64] = sums / np.outer(heights, widths)
    return means


def _from_a_telephone(picture: ImageFile.ImageFile) -> npt.NDArray[np.uint8]:
    """Return a HEIC picture, upright and reduced, of which Pillow has read no more than the size.

    What decodes it turns it as well, and keeps it in 3 bytes a pixel; it is reduced from there, since Pillow would
    first copy it into 4.
    """
    import pi_heif

    decoded = pi_heif.open_heif(picture.fp)
    pixels = np.asarray(decoded)
    height, width = pixels.shape[:2]
    step, tops, rows = _strips(width, height)
    strips = [Image.fromarray(pixels[top : top + rows]).reduce(step) for top in tops]
    return np.concatenate([np.asarray(strip.convert(_mode_for(strip))) for strip in strips])


def _strips(width: int, height: int) -> tuple[int, range, int]:
    """Return how many pixels a side become one, where the strips of the picture begin, and how many rows they have."""
    step = max(1, max(width, height) // ENOUGH_SIDE)
    rows = step * STRIP
    return step, range(0, height, rows), rows


def _mode_for(picture: Image.Image) -> str:
    return "RGBA" if picture.has_transparency_data else "L" if picture.mode in ("1", "L") else "RGB"


def check_size(width: int, height: int, most_pixels: int = MAX_PICTURE_PIXELS) -> None:
    """Raise ImageError if a picture of this size, in pixels, is too large to process."""
    if max(width, height) > MAX_PICTURE_SIDE or width * height > most_pixels:
        raise _too_large(f"{width:,} × {height:,}", most_pixels)


def _too_large(size: str, most_pixels: int) -> ImageError:
    message = _(
        "The picture is too large: at most {side} pixels a side and {total} in all are read, but it has {size}. Save "
        "it smaller, or as JPEG."
    )
    return ImageError(
        message.format(side=format_decimal(MAX_PICTURE_SIDE), total=format_decimal(most_pixels), size=size)
    )
