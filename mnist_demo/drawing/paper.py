"""The paper of a photograph and its light, pixel by pixel.

The picture is reduced to 64 pixels, and a morphological closing (or opening, for bright ink) removes every feature
narrower than a fifth of it.
"""

import numpy as np
import scipy  # loads its submodules on first use, so the first page does not wait for them
from PIL import Image

from mnist_demo.drawing.stroke_ink import Pixels

PAPER_SIDE = 64  # pixels of the longer side of the reduced picture in which the paper is estimated
WIDEST_INK = 13  # of those pixels; wider features are shading, or the paper itself
POLARITY_SIDE, SURROUNDINGS = 256, 41  # the same where it is decided whether ink is dark, and what is around a pixel
FINE_SIDE, THIN_INK = 256, 9  # the same at the edge of a shadow
STEP = 0.3  # of the paper's brightness, within two of those pixels: the edge of a shadow, or of the sheet


def estimate_paper(layers: Pixels) -> tuple[Pixels, bool]:
    """Return the paper under a picture (h, w, channels), of the same shape, and whether its ink is darker than it."""
    small = _reduced(layers, PAPER_SIDE)
    is_dark = _is_ink_dark(layers)
    fill = scipy.ndimage.grey_closing if is_dark else scipy.ndimage.grey_opening
    # Padded with the edge values: if mirrored, a shadow that crosses the border would become a narrow feature.
    margin = WIDEST_INK
    padded = np.pad(small, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    paper = fill(padded, (WIDEST_INK, WIDEST_INK, 1))
    step = np.zeros((), np.bool_)
    if is_dark:
        # At the edge of a shadow, or of a dark table, nothing that is darker than the bright side alone is ink.
        low, high = scipy.ndimage.grey_erosion(paper, (5, 5, 1)), scipy.ndimage.grey_dilation(paper, (5, 5, 1))
        step = high - low > STEP * high
        paper = np.where(step, low, paper)
        step = step[margin:-margin, margin:-margin]
    paper = paper[margin:-margin, margin:-margin]
    smooth = scipy.ndimage.gaussian_filter(paper, (1.0, 1.0, 0))
    paper = _enlarged(smooth, layers)
    if step.any():
        # Where strokes are thin, the paper between them shows the light there more finely.
        fine = _reduced(layers, FINE_SIDE)
        fine = scipy.ndimage.grey_closing(np.pad(fine, ((9, 9), (9, 9), (0, 0)), mode="edge"), (THIN_INK, THIN_INK, 1))
        near = _enlarged(step.astype(np.float32), layers)
        fine = _enlarged(scipy.ndimage.gaussian_filter(fine[9:-9, 9:-9], (0.7, 0.7, 0)), layers)
        paper = np.where((near > 0) & (fine > paper), fine, paper)
    return paper, is_dark


def _reduced(layers: Pixels, side: int) -> Pixels:
    """Return a picture (h, w, channels) reduced to `side` pixels a side."""
    height, width, channels = layers.shape
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    planes = [Image.fromarray(np.ascontiguousarray(layers[..., channel])) for channel in range(channels)]
    return np.stack([np.asarray(plane.resize(size, Image.Resampling.BOX)) for plane in planes], axis=-1)


def _enlarged(small: Pixels, layers: Pixels) -> Pixels:
    """Return a reduced picture (h, w, channels) as large as `layers`."""
    size = (layers.shape[1], layers.shape[0])
    planes = [Image.fromarray(np.ascontiguousarray(small[..., channel])) for channel in range(small.shape[2])]
    return np.stack([np.asarray(plane.resize(size, Image.Resampling.BILINEAR)) for plane in planes], axis=-1)


def largest_step(paper: Pixels) -> float:
    """Return the largest change of brightness within four pixels of a reduced `paper`, as a fraction: 0 to 1."""
    distance = max(1, max(paper.shape) // PAPER_SIDE)
    small = paper[::distance, ::distance].mean(axis=2)
    low, high = scipy.ndimage.grey_erosion(small, (5, 5)), scipy.ndimage.grey_dilation(small, (5, 5))
    return float(((high - low) / np.maximum(high, 1e-6)).max())


def _is_ink_dark(layers: Pixels) -> bool:
    """Tell whether what differs from its surroundings is darker than they are."""
    size = [max(1, round(side * POLARITY_SIDE / max(layers.shape))) for side in layers.shape[1::-1]]
    grey = layers[..., :3].mean(axis=2, dtype=np.float32)
    small = np.asarray(Image.fromarray(grey).resize((size[0], size[1]), Image.Resampling.BOX))
    deviation = small - scipy.ndimage.uniform_filter(small, SURROUNDINGS, mode="nearest")
    grain = 3 * float(np.median(np.abs(deviation - np.median(deviation))))
    dark, bright = (-deviation - grain).clip(0), (deviation - grain).clip(0)
    return float(np.square(dark).sum()) >= float(np.square(bright).sum())
