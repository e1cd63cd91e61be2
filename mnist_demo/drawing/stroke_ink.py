"""Strokes drawn anew with a round pen: where they are scaled to, and how bright each pixel is then.

The ink of a pixel depends only on how far the pen's path is from its middle, so the picture is exact at every scale,
and nothing is drawn large first and made small afterwards.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # which loads its parts when they are first used: the first page need not wait for them

from mnist_demo.errors import ImageError
from mnist_demo.translation import _

Floats = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.float32]  # in [0, 1], ink bright: (28, 28) an image, else (h, w)

SIDE = 28
BOX = 20.0  # pixels that the longer side of a digit fills
# The pixel on which the ink is centred. The digits of MNIST itself have their mean at 14.00, not at 13.5, the middle.
CENTRE = 14.0

# Tried on 7,494 tablet digits of 30 writers with three convnets of two epochs each (mean accuracy): pens of 2, 2.25 and
# 2.5 pixels are read alike (96.1, 96.0, 96.0 %). Soft edges help convnets (1, 1.3, 1.6, 1.9 pixels: 95.7, 95.9, 96.0,
# 96.2 %) and cost the linear model a little (79.0, 79.0, 78.6, 78.3 %).
PEN_WIDTH = 2.25  # pixels, from where the ink is half as bright on one side to there on the other
EDGE_WIDTH = 1.6  # pixels over which the ink fades from full to nothing
# Ink is measured against points this far apart on the pen's path, in pixels: the error is below a hundredth.
POINT_SPACING = 0.2
MAX_POINTS = 20_000  # on the path of a whole drawing; a scribble of thousands of loops gets them farther apart

# (784, 2): x and y of each pixel of the image.
_PIXELS = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), axis=-1).reshape(-1, 2).astype(np.float64)


@dataclass(frozen=True)
class Pen:
    """A round pen, in pixels of the image: its `width`, and the width of its soft `edge`, half of it outside."""

    width: float = PEN_WIDTH
    edge: float = EDGE_WIDTH


MNIST_PEN = Pen()


def clean_strokes(strokes: Sequence[npt.ArrayLike]) -> list[Floats]:
    """Return the strokes as float64 arrays (n_points, 2) of finite points, without those that have none.

    Raises
    ------
    ImageError
        When a stroke has another shape, or holds something that is no number.
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
            cleaned.append(points.clip(-1e6, 1e6))  # far outside any canvas, and far from overflow
    return cleaned


def fit_strokes(strokes: Sequence[Floats]) -> list[Floats]:
    """Scale and move clean strokes so that their ink fills a box of 20 pixels around the middle of the image.

    Strokes that all lie within one canvas pixel are a dot with a tremor and are not blown up to a digit.
    """
    low, high = path_box(strokes)
    extent = float((high - low).max())
    scale = (BOX - PEN_WIDTH) / extent if extent >= 1 else 1.0
    return [(stroke - (low + high) / 2) * scale + CENTRE for stroke in strokes]


def path_box(strokes: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return the corners (x, y) of the box around the path of at least one clean stroke: top left, bottom right."""
    points = np.concatenate(strokes)
    return points.min(axis=0), points.max(axis=0)


def sweep_pen(strokes: Sequence[Floats], pen: Pen = MNIST_PEN, *, centred: bool = True) -> Pixels:
    """Return the image of strokes given in image pixels, as a round pen draws them.

    When `centred`, they are drawn again, moved so that the ink's mass is in the centre. Moving the strokes and not the
    pixels keeps edges as they are; one correction leaves less than 0.1 pixels. Strokes far outside leave no ink.
    """
    lengths = [np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))]) for stroke in strokes]
    spacing = max(POINT_SPACING, float(sum(length[-1] for length in lengths)) / MAX_POINTS)
    path = np.concatenate(
        [_points_along(stroke, length, spacing) for stroke, length in zip(strokes, lengths, strict=True)]
    )
    tree = scipy.spatial.cKDTree(
        path, balanced_tree=False, compact_nodes=False
    )  # 0.4 ms a drawing; 0.8 ms with a tidy tree
    reach = (pen.width + pen.edge) / 2

    def ink_at(pixels: Floats) -> Floats:
        distances = tree.query(pixels, distance_upper_bound=reach)[0]
        return np.asarray(((reach - distances) / pen.edge).clip(0.0, 1.0))  # beyond the reach they are infinite

    ink = ink_at(_PIXELS)
    if centred and ink.any():
        shift = CENTRE - ink @ _PIXELS / ink.sum()
        ink = ink_at(_PIXELS - shift)
    return ink.reshape(SIDE, SIDE).astype(np.float32)


def _points_along(stroke: Floats, lengths: Floats, spacing: float) -> Floats:
    """Return points at most `spacing` apart on a stroke; `lengths` (n_points,) is the way to each of its points."""
    at = np.linspace(0.0, lengths[-1], math.ceil(lengths[-1] / spacing) + 1)
    return np.stack([np.interp(at, lengths, stroke[:, 0]), np.interp(at, lengths, stroke[:, 1])], axis=1)
