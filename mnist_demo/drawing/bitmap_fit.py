"""The ink of a picture made what MNIST's is: as wide as MNIST's pen, fitted into 20 × 20, and centred by mass.

The width of a pen is evened without looking for its path: every pixel knows how deep in the ink it lies, and what lies
deeper than half the difference of two pens is the same line drawn with the narrower one.
"""

import math

import numpy as np
import scipy  # which loads its parts when they are first used: the first page need not wait for them
from PIL import Image

from mnist_demo.drawing.stroke_ink import BOX, CENTRE, PEN_WIDTH, SIDE, Floats, Pixels

# Pixels of the ink's longer side; a smaller picture, such as one of MNIST's own, says too little about its pen.
MIN_SIDE_TO_EVEN = 32
WORKING_BOX = 96  # pixels of the longer side while the pen is evened: five for each of the image
# Most middles of strokes are as deep as half a pen; where strokes run together, in a filled loop, they are deeper.
WIDTH_QUANTILE = 0.2
# No pen is wider than this share of the box: a blot or an 8 whose loops have run full is thinned no further. Of 1,500
# tablet digits, with 0.28, 0.32 and 0.36 of the box: a pen of 40 pixels on 280, 95.9, 96.3 and 96.0 % are read; of 30,
# 97.3, 97.0 and 96.7 %; of 20, shrunk to 30 %, which makes most of them blots, 65.7, 70.7 and 75.9 %.
MAX_PEN_SHARE = 0.32
# Pixels of the image over which evened ink fades. Softer than for strokes, since narrowed loops and corners are less
# sure: with 1.6, 2.0 and 2.4 pixels 97.6, 97.9 and 98.2 % of 1,874 tablet digits are read from a pen of 20 pixels on
# 280, 97.4, 97.6 and 97.5 % from one of 30, and 98.0 % from the strokes (starter model).
SOFT_EDGE = 2.0


def even_pen(ink: Pixels) -> tuple[Pixels, float | None]:
    """Return `ink` (h, w) as if drawn with MNIST's pen, and how many of its pixels are one of the image.

    Where the picture is too small for that it comes back as it is, with None.
    """
    ink = crop(ink)
    if max(ink.shape) < MIN_SIDE_TO_EVEN:
        return ink, None
    scale = WORKING_BOX / max(ink.shape)
    width, height = (max(1, round(side * scale)) for side in ink.shape[::-1])
    small = np.pad(np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BILINEAR)), 6)
    is_ink = small >= 0.5 * float(np.quantile(small[small > 0], 0.9))
    depth = np.asarray(scipy.ndimage.distance_transform_edt(is_ink)) - 0.5
    pen = _measure_pen(depth)
    path = max(WORKING_BOX - pen, 1.0)  # how long the pen's path is along the longer side
    zoom = path / (BOX - PEN_WIDTH)  # pixels here in a pixel of the image
    # The mean over a pixel, in `fit_ink`, makes an edge of one pixel by itself; variances add up.
    surplus, edge = (pen - PEN_WIDTH * zoom) / 2, math.sqrt(SOFT_EDGE**2 - 1) * zoom
    if surplus < edge / 2:  # then some of the paper around the ink becomes ink
        outside = 0.5 - np.asarray(scipy.ndimage.distance_transform_edt(~is_ink))
        depth = np.where(is_ink, depth, outside)
    return np.asarray(((depth - surplus) / edge + 0.5).clip(0, 1), np.float32), zoom


def fit_ink(ink: Pixels, scale: float | None = None) -> Pixels:
    """Resample `ink` (h, w) so that its box fits into 20 × 20 and its mass is centred, in a single step.

    `scale` is how many pixels of `ink` are one of the image, for ink whose edges are soft already; None fits the box.
    Then an image of MNIST comes back as it is but for its brightness, which is stretched to 1: its box is 20 pixels
    already, and it is moved by whole pixels of the bitmap, which are small in a large drawing.
    """
    ink = crop(ink)
    is_soft = scale is not None
    # Against box, Hamming and Lanczos filters the triangle reads best or alike with pens of 3 to 20 pixels of 280.
    method = Image.Resampling.BOX if is_soft else Image.Resampling.BILINEAR
    scale = scale or max(ink.shape) / BOX
    window = SIDE * scale
    # Pixel i covers the coordinates from i to i + 1, so its middle is at i + 0.5.
    row, column = ((_centre_of_mass(ink) + 0.5) - (CENTRE + 0.5) * scale).tolist()
    if scale >= 1 and not is_soft:  # below, whole pixels would be a visible step, and enlarging blurs in any case
        row, column = round(row), round(column)
    padding = [
        (math.ceil(max(0.0, -begin)), math.ceil(max(0.0, begin + window - size)) + 1)  # one more against rounding
        for begin, size in zip((row, column), ink.shape, strict=True)
    ]
    top, left = row + padding[0][0], column + padding[1][0]
    picture = Image.fromarray(np.pad(ink, padding))
    box = (left, top, left + window, top + window)
    image = np.asarray(picture.resize((SIDE, SIDE), method, box=box))
    return np.asarray((image / image.max()).clip(0.0, 1.0), np.float32)


def crop(ink: Pixels) -> Pixels:
    """Return the part of `ink` (h, w) that is not all paper."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _measure_pen(depth: Floats) -> float:
    """Return the width of the pen in pixels, given how deep in the ink each pixel lies (h, w)."""
    middles = depth[(depth >= scipy.ndimage.maximum_filter(depth, 3)) & (depth > 0)]
    return min(2 * float(np.quantile(middles, WIDTH_QUANTILE)), MAX_PEN_SHARE * WORKING_BOX)


def _centre_of_mass(ink: Pixels) -> Floats:
    rows, columns = ink.sum(axis=1, dtype=np.float64), ink.sum(axis=0, dtype=np.float64)
    centre: Floats = np.array([rows @ np.arange(len(rows)), columns @ np.arange(len(columns))]) / rows.sum()
    return centre
