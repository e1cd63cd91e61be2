"""What a model sees of a drawing: strokes or a bitmap become 28 × 28 pixels, prepared the way MNIST was made.

MNIST's digits were fitted into 20 × 20 pixels with their aspect kept, their edges soft from the resampling, and then
placed in 28 × 28 with the centre of their ink in the middle (http://yann.lecun.com/exdb/mnist, last section). A model
that learned from such pictures reads a drawing only if it is prepared in the same way: then 96 of 100, while a canvas
that is merely shrunk gets 52 to 69.

::

    strokes   clean_strokes → fit_strokes → sweep_pen            image_from_strokes     (stroke_ink)
    bitmap    extract_ink → erase_specks → even_pen → fit_ink    image_from_bitmap      (bitmap_ink, bitmap_fit)
    file      load_bitmap → bitmap                                                      (picture_files)

Every `image` here is float32 (28, 28) in [0, 1], ink bright. Rows go down, columns to the right.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mnist_demo.drawing.bitmap_fit import even_pen, fit_ink
from mnist_demo.drawing.bitmap_ink import erase_specks, extract_ink
from mnist_demo.drawing.picture_files import MAX_PICTURE_PIXELS, MAX_PICTURE_SIDE, PICTURE_FORMATS, load_bitmap
from mnist_demo.drawing.stroke_ink import (
    BOX,
    CENTRE,
    EDGE_WIDTH,
    PEN_WIDTH,
    SIDE,
    Floats,
    Pixels,
    clean_strokes,
    fit_strokes,
    sweep_pen,
)

__all__ = [
    "image_from_strokes",
    "image_from_bitmap",
    "load_bitmap",
    "BOX",
    "CENTRE",
    "EDGE_WIDTH",
    "MAX_PICTURE_PIXELS",
    "MAX_PICTURE_SIDE",
    "PEN_WIDTH",
    "PICTURE_FORMATS",
    "SIDE",
    "Floats",
    "Pixels",
]


def image_from_strokes(strokes: Sequence[npt.ArrayLike]) -> Pixels:
    """Return the image that a model sees of pen strokes, the same wherever and however large they were drawn.

    The strokes are drawn anew after they were scaled, with a pen as wide as MNIST's: thick or thin ink on the canvas
    makes no difference.

    Parameters
    ----------
    strokes
        Arrays of shape (n_points, 2), canvas pixels, x to the right and y down. Points that are not finite are left
        out; a stroke of one point is a dot.

    Returns
    -------
    Pixels
        All zeros when there is no point at all: ``image.any()`` tells whether there is something to predict.

    Raises
    ------
    ImageError
        When a stroke has another shape, or holds something that is no number.
    """
    cleaned = clean_strokes(strokes)
    return sweep_pen(fit_strokes(cleaned)) if cleaned else np.zeros((SIDE, SIDE), np.float32)


def image_from_bitmap(bitmap: npt.NDArray[np.uint8]) -> Pixels:
    """Return the image that a model sees of a picture of one digit, of any size, dark on bright or bright on dark.

    Parameters
    ----------
    bitmap
        uint8 (h, w), (h, w, 3) or (h, w, 4); the fourth channel is opacity, so ink on a transparent canvas is fine.
        The paper is what most of the picture's border shows, or what is inside of a frame. Shade, grain and specks on
        it are left out.

    Raises
    ------
    ImageError
        When the array is of another shape or type, is far too large, or has nothing drawn on it.
    """
    return fit_ink(*even_pen(erase_specks(extract_ink(bitmap))))
