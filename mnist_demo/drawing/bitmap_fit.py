"""Normalises the ink of a bitmap to MNIST's stroke width, 20 × 20 bounding box and centre of mass.

The stroke width is normalised without tracing the pen's path. A distance transform gives the depth of each ink pixel,
its distance to the paper. The pixels deeper than half the difference between the measured and the target stroke width
form the same line, drawn with the target width.
"""

import math

import numpy as np
import scipy  # loads its submodules on first use, so the first page does not wait for them
from PIL import Image

from mnist_demo.drawing.stroke_ink import BOX, CENTRE, PEN_WIDTH, SIDE, Floats, Pixels

# Minimum length of the ink's longer side, in pixels. On smaller pictures, such as MNIST's own, the stroke width cannot
# be measured reliably.
MIN_SIDE_TO_EVEN = 32
WORKING_BOX = 96  # pixels of the longer side while the stroke width is normalised: about five per pixel of the image
# Most ridges of the depth map are half a stroke width deep; where strokes merge, as in a filled loop, they are deeper.
WIDTH_QUANTILE = 0.2
# Upper bound on the stroke width, as a fraction of the box, which limits how far a blot or an 8 with filled loops is
# thinned. Accuracy of the starter model on 1,499 tablet digits with bounds of 0.20, 0.24, 0.28 and 0.32: 98.1, 97.5,
# 97.4 and 96.8 % for a 30-pixel pen on a canvas of 280; 97.1, 96.8, 96.2 and 95.7 % for a 40-pixel pen; 88.5, 89.0,
# 89.2 and 88.2 % for a 20-pixel pen on a drawing shrunk to 30 %, which turns most digits into blots.
MAX_PEN_SHARE = 0.24
# Width of the soft edge of normalised ink, in image pixels. It is softer than for strokes because thinned loops and
# corners are less certain. Accuracy of the starter model on 1,874 tablet digits with 1.6, 2.0 and 2.4 pixels: 97.6,
# 97.9 and 98.2 % for a 20-pixel pen on a canvas of 280, 97.4, 97.6 and 97.5 % for a 30-pixel pen; from strokes, 98.0 %.
SOFT_EDGE = 2.0


def even_pen(ink: Pixels) -> tuple[Pixels, float | None]:
    """Return `ink` (h, w) redrawn with MNIST's stroke width, and the number of its pixels per image pixel.

    If the ink's bounding box is shorter than ``MIN_SIDE_TO_EVEN``, the cropped ink is returned unchanged, with None.
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
    path = max(WORKING_BOX - pen, 1.0)  # extent of the pen's path along the longer side
    zoom = path / (BOX - PEN_WIDTH)  # working pixels per image pixel
    # Averaging over a pixel, in `fit_ink`, already makes an edge one pixel wide; variances add up.
    surplus, edge = (pen - PEN_WIDTH * zoom) / 2, math.sqrt(SOFT_EDGE**2 - 1) * zoom
    if surplus < edge / 2:  # some of the paper around the ink becomes ink
        outside = 0.5 - np.asarray(scipy.ndimage.distance_transform_edt(~is_ink))
        depth = np.where(is_ink, depth, outside)
    return np.asarray(((depth - surplus) / edge + 0.5).clip(0, 1), np.float32), zoom


def fit_ink(ink: Pixels, scale: float | None = None) -> Pixels:
    """Resample `ink` (h, w) to (28, 28), its bounding box fitted into 20 × 20 and its mass centred, in one step.

    `scale` is the number of pixels of `ink` per image pixel, for ink whose edges are already soft. With None, the
    bounding box sets the scale and the ink moves by whole pixels of the bitmap, which are small in a large drawing.
    An MNIST image, whose box is already 20 pixels, is then unchanged except that its maximum is stretched to 1.
    """
    ink = crop(ink)
    is_soft = scale is not None
    # With pens of 3 to 20 pixels on 280, the triangle filter is as accurate as box, Hamming and Lanczos, or better.
    method = Image.Resampling.BOX if is_soft else Image.Resampling.BILINEAR
    scale = scale or max(ink.shape) / BOX
    window = SIDE * scale
    # Pixel i covers the coordinates from i to i + 1, so its middle is at i + 0.5.
    row, column = ((_centre_of_mass(ink) + 0.5) - (CENTRE + 0.5) * scale).tolist()
    if scale >= 1 and not is_soft:  # below 1, whole pixels would be visible steps, and enlarging blurs in any case
        row, column = round(row), round(column)
    padding = [
        (math.ceil(max(0.0, -begin)), math.ceil(max(0.0, begin + window - size)) + 1)  # + 1 guards against rounding
        for begin, size in zip((row, column), ink.shape, strict=True)
    ]
    top, left = row + padding[0][0], column + padding[1][0]
    picture = Image.fromarray(np.pad(ink, padding))
    box = (left, top, left + window, top + window)
    image = np.asarray(picture.resize((SIDE, SIDE), method, box=box))
    return np.asarray((image / image.max()).clip(0.0, 1.0), np.float32)


def crop(ink: Pixels) -> Pixels:
    """Return `ink` (h, w) cropped to its bounding box; at least one pixel must not be 0."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _measure_pen(depth: Floats) -> float:
    """Return the stroke width in pixels, given the distance (h, w) of each ink pixel to the paper."""
    ridges = depth[(depth >= scipy.ndimage.maximum_filter(depth, 3)) & (depth > 0)]
    return min(2 * float(np.quantile(ridges, WIDTH_QUANTILE)), MAX_PEN_SHARE * WORKING_BOX)


def _centre_of_mass(ink: Pixels) -> Floats:
    """Return the centre of mass of `ink` (h, w) as (row, column)."""
    rows, columns = ink.sum(axis=1, dtype=np.float64), ink.sum(axis=0, dtype=np.float64)
    centre: Floats = np.array([rows @ np.arange(len(rows)), columns @ np.arange(len(columns))]) / rows.sum()
    return centre
