"""Scales strokes and redraws them with a round pen of MNIST's stroke width.

The ink of a pixel depends only on the distance from its centre to the pen's path, so the image is exact at every scale
and needs no supersampling.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # loads its submodules on first use, so the first page does not wait for them

from mnist_demo.errors import ImageError
from mnist_demo.translation import _

Floats = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.float32]  # in [0, 1], ink bright: (28, 28) an image, else (h, w)

SIDE = 28
BOX = 20.0  # pixels of the longer side of a digit
# The index of the pixel on which the ink is centred. The mean of MNIST's own digits is 14.00, not 13.5, the middle.
CENTRE = 14.0

# Mean accuracy of three convnets, trained for two epochs, on 7,494 tablet digits of 30 writers: pens of 2, 2.25 and 2.5
# pixels make no difference (96.1, 96.0, 96.0 %). Soft edges of 1, 1.3, 1.6 and 1.9 pixels help convnets (95.7, 95.9,
# 96.0, 96.2 %) and cost the linear model a little (79.0, 79.0, 78.6, 78.3 %).
PEN_WIDTH = 2.25  # pixels between the points of half brightness on either side of a stroke
EDGE_WIDTH = 1.6  # pixels over which the ink fades from full to nothing
# Distance between the points that sample the pen's path, in pixels; the error of the ink is below a hundredth.
POINT_SPACING = 0.2
MAX_POINTS = 20_000  # on the path of a whole drawing; a scribble of thousands of loops is sampled more coarsely

# (784, 2): x and y of each pixel of the image.
_PIXELS = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), axis=-1).reshape(-1, 2).astype(np.float64)


@dataclass(frozen=True)
class Pen:
    """A round pen: its `width` and the width of its soft `edge`, half of it outside `width`, in image pixels."""

    width: float = PEN_WIDTH
    edge: float = EDGE_WIDTH


MNIST_PEN = Pen()


def clean_strokes(strokes: Sequence[npt.ArrayLike]) -> list[Floats]:
    """Return the strokes as float64 arrays (n_points, 2) of finite points; empty strokes are dropped.

    Raises
    ------
    ImageError
        If a stroke has another shape or is not numeric.
    """
    cleaned = []
    for stroke in strokes:
        try:
            points = np.asarray(stroke, np.float64)
        except (TypeError, ValueError):
            raise ImageError(_("A stroke must be an array of numbers, x and y of each point.")) from None
        if points.size == 0:
            continue
        if points.ndim != 2 or points.shape[1] != 2:
            message = _("A stroke must be an array of shape (n_points, 2), but is one of shape {shape}.")
            raise ImageError(message.format(shape=points.shape))
        points = points[np.isfinite(points).all(axis=1)]
        if len(points):
            cleaned.append(points.clip(-1e6, 1e6))  # far outside any canvas, but far from overflow
    return cleaned


def fit_strokes(strokes: Sequence[Floats]) -> list[Floats]:
    """Scale and move clean strokes so that their ink fills a box of 20 pixels around ``CENTRE``.

    Strokes that all lie within one canvas pixel are a dot with a tremor and are not enlarged to a digit.
    """
    low, high = path_box(strokes)
    extent = float((high - low).max())
    scale = (BOX - PEN_WIDTH) / extent if extent >= 1 else 1.0
    return [(stroke - (low + high) / 2) * scale + CENTRE for stroke in strokes]


def path_box(strokes: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return the top left and bottom right corners (x, y) of the bounding box of one or more clean strokes."""
    points = np.concatenate(strokes)
    return points.min(axis=0), points.max(axis=0)


def sweep_pen(strokes: Sequence[Floats], pen: Pen = MNIST_PEN, *, centred: bool = True) -> Pixels:
    """Draw strokes, given in image pixels, with a round pen; return float32 (28, 28) in [0, 1].

    If `centred`, the strokes are moved so that their centre of mass is at ``CENTRE``, and drawn again. Moving strokes
    instead of pixels preserves the edges; one correction leaves an error below 0.1 pixels. Strokes far outside the
    image leave no ink.
    """
    lengths = [np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))]) for stroke in strokes]
    spacing = max(POINT_SPACING, float(sum(length[-1] for length in lengths)) / MAX_POINTS)
    path = np.concatenate(
        [_points_along(stroke, length, spacing) for stroke, length in zip(strokes, lengths, strict=True)]
    )
    # 0.4 ms a drawing; 0.8 ms with a balanced and compact tree.
    tree = scipy.spatial.cKDTree(path, balanced_tree=False, compact_nodes=False)
    reach = (pen.width + pen.edge) / 2

    def ink_at(pixels: Floats) -> Floats:
        distances = tree.query(pixels, distance_upper_bound=reach)[0]
        return np.asarray(((reach - distances) / pen.edge).clip(0.0, 1.0))  # distances beyond the reach are infinite

    ink = ink_at(_PIXELS)
    if centred and ink.any():
        shift = CENTRE - ink @ _PIXELS / ink.sum()
        ink = ink_at(_PIXELS - shift)
    return ink.reshape(SIDE, SIDE).astype(np.float32)


def _points_along(stroke: Floats, lengths: Floats, spacing: float) -> Floats:
    """Return points at most `spacing` apart on a stroke; `lengths` (n_points,) are the arc lengths at its points."""
    at = np.linspace(0.0, lengths[-1], math.ceil(lengths[-1] / spacing) + 1)
    return np.stack([np.interp(at, lengths, stroke[:, 0]), np.interp(at, lengths, stroke[:, 1])], axis=1)
