"""Reads picture files of common formats and any size, without trusting their content."""

import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from mnist_demo.errors import ImageError
from mnist_demo.translation import _, format_decimal, format_list

MAX_PICTURE_SIDE, MAX_PICTURE_PIXELS = 20_000, 40_000_000  # phone cameras have 12 to 50 million pixels
# The common formats. Pillow reads many more, some of which start other programs (EPS).
PICTURE_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")


def load_bitmap(path: str | Path | BinaryIO) -> npt.NDArray[np.uint8]:
    """Return the picture in a file, a path or an open file, for `image_from_bitmap`: uint8 (h, w) or (h, w, 3 or 4).

    The EXIF orientation is applied. Of an animation, the first frame is read.

    Raises
    ------
    ImageError
        If the file is missing, not a picture, damaged, or far too large; the size is checked before decoding. The
        message does not name the file.
    """
    if isinstance(path, str | Path) and not Path(path).is_file():
        raise ImageError(_("There is no such file."))
    try:
        # Pillow warns about unusual files, and about sizes that are checked here anyway.
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=PICTURE_FORMATS) as picture:
            check_size(*picture.size)
            return _as_eight_bits(ImageOps.exif_transpose(picture))
    except ImageError:
        raise
    except UnidentifiedImageError:
        message = _("This is not a picture in a format that can be read ({formats}).")
        raise ImageError(message.format(formats=format_list(PICTURE_FORMATS))) from None
    except Image.DecompressionBombError:
        raise _too_large(_("far more")) from None  # Pillow rejects such sizes before it reports them
    # Damaged files make Pillow's decoders fail in a dozen ways, from OSError to struct.error and IndexError.
    except Exception as error:
        message = _("The picture is damaged or cannot be read ({reason}).")
        raise ImageError(message.format(reason=str(error) or type(error).__name__)) from error


def _as_eight_bits(picture: Image.Image) -> npt.NDArray[np.uint8]:
    if picture.mode.startswith("I;16"):
        return np.asarray(np.asarray(picture) // 257, np.uint8)
    if picture.mode in ("I", "F"):  # these have no fixed range: stretch the values to 0..255
        values = np.nan_to_num(np.asarray(picture, np.float64))
        return np.asarray((values - values.min()) * (255 / max(float(np.ptp(values)), 1e-9)), np.uint8)
    if picture.has_transparency_data:
        return np.asarray(picture.convert("RGBA"))
    return np.asarray(picture.convert("L" if picture.mode in ("1", "L") else "RGB"))


def check_size(width: int, height: int) -> None:
    """Raise ImageError if a picture of this size, in pixels, is too large to process."""
    if max(width, height) > MAX_PICTURE_SIDE or width * height > MAX_PICTURE_PIXELS:
        raise _too_large(f"{width:,} × {height:,}")


def _too_large(size: str) -> ImageError:
    message = _(
        "The picture is too large: at most {side} pixels a side and {total} in all are read, but it has {size}."
    )
    return ImageError(
        message.format(side=format_decimal(MAX_PICTURE_SIDE), total=format_decimal(MAX_PICTURE_PIXELS), size=size)
    )
