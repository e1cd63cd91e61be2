"""Removal of what is printed on the paper to write on: lines and squares.

A printed line is thin, straight and crosses the whole picture. Such lines are found with a Hough transform (R. O. Duda,
P. E. Hart, *Use of the Hough Transformation to Detect Lines and Curves in Pictures*, 1972), once for each direction,
and taken away; a stroke that crosses one stays whole.
"""

from dataclasses import dataclass

import numpy as np
import scipy  # loads its submodules on first use, so the first page does not wait for them
from PIL import Image

from mnist_demo.drawing.stroke_ink import Floats, Pixels

SEARCH_SIDE = 400  # pixels of the longer side of the reduced picture in which lines are searched
WIDEST_LINE = 7  # of those pixels; wider ones are strokes
SLOPES = np.tan(np.radians(np.arange(-12, 12.1, 0.5)))  # of lines along the picture's sides
# Shares of a line's length within the picture: at least so much of it shows, as much if it is the only one.
MIN_COVERAGE, MIN_COVERAGE_ALONE = 0.55, 0.85
MIN_LENGTH = 0.6  # of the picture's side
MAX_LINES = 60  # in each direction
SEGMENTS = 12  # pieces of a line that are located one by one: no paper is quite flat
MAX_DRIFT = 5  # pixels by which a piece may lie beside the straight line
DARKER = 1.5  # what is so many times as dark as the line is ink on it


@dataclass(frozen=True)
class _Line:
    """A line: its row in the middle column, its slope (rows a column), both in pixels of the reduced picture."""

    row: float
    slope: float


def remove_ruling(ink: Pixels, grain: float) -> tuple[Pixels, bool]:
    """Return `ink` (h, w) without printed lines, and whether there were any.

    Parameters
    ----------
    ink
        The difference from the paper, in any unit, about 0 where there is nothing; `grain` is its noise there.
    """
    step = -(-max(ink.shape) // SEARCH_SIDE)
    height, width = (side // step for side in ink.shape)
    if min(height, width) < 8 * WIDEST_LINE:
        return ink, False
    small = np.asarray(Image.fromarray(ink[: height * step, : width * step]).reduce(step))
    noise = max(3 * grain / step, 0.02 * float(small.max()))
    across, down = _find_lines(small, noise), _find_lines(small.T, noise)
    if len(across) + len(down) == 1:
        return ink, False
    for lines, is_turned in ((across, False), (down, True)):
        if lines:
            margin = 2 * _reach(step)
            padded = np.pad(ink.T if is_turned else ink, ((margin, margin), (0, 0)))
            for line in lines:
                _erase(padded, line, step, grain)
            inside = padded[margin:-margin]
            ink = inside.T if is_turned else inside
    return np.ascontiguousarray(ink), bool(across or down)


def _find_lines(ink: Pixels, noise: float) -> list[_Line]:
    """Return the lines from left to right in a reduced picture (h, w), the clearest first."""
    height, width = ink.shape
    thin = ink - scipy.ndimage.grey_opening(ink, (WIDEST_LINE, 1))
    is_ridge = (thin > noise) & (thin >= scipy.ndimage.maximum_filter(thin, (3, 1)))
    rows, columns = np.nonzero(is_ridge)
    columns = columns - width / 2
    # A line that leaves the picture above or below begins up to `margin` rows outside of it in the middle column.
    margin = int(width / 2 * SLOPES.max()) + 2
    coverage = np.zeros((len(SLOPES), height + 2 * margin))
    x = np.arange(width) - width / 2
    for index, slope in enumerate(SLOPES):
        places = np.rint(rows - slope * columns).astype(np.int64) + margin
        votes = np.bincount(places, minlength=height + 2 * margin)[: height + 2 * margin]
        votes = np.convolve(votes, np.ones(3), "same")
        # How many columns of each line lie within the picture.
        y = np.arange(-margin, height + margin)[:, None] + slope * x[[0, -1]]
        inside = (y.clip(0, height - 1).max(axis=1) - y.clip(0, height - 1).min(axis=1)) / max(abs(slope), 1e-9)
        flat = abs(slope) * width < 1
        length = np.where((y >= 0).all(axis=1) & (y < height).all(axis=1), width, 0 if flat else inside.clip(0, width))
        coverage[index] = np.where(length >= MIN_LENGTH * width, votes / np.maximum(length, 1), 0)
    lines: list[_Line] = []
    best = coverage.max(axis=0)
    for place in np.argsort(-best)[: 10 * MAX_LINES]:
        if best[place] < MIN_COVERAGE or len(lines) == MAX_LINES:
            break
        row = float(place - margin)
        if all(abs(row - line.row) > WIDEST_LINE for line in lines):
            lines.append(_Line(row, float(SLOPES[int(coverage[:, place].argmax())])))
    return lines if len(lines) > 1 or best.max() >= MIN_COVERAGE_ALONE else []


def _reach(step: int) -> int:
    """Return how many pixels above and below a line are looked at."""
    return MAX_DRIFT + WIDEST_LINE * step // 2 + 2


def _erase(padded: Pixels, line: _Line, step: int, grain: float) -> None:
    """Take a line out of ink (h, w), in place, and bridge the strokes that cross it.

    `padded` has twice the reach more above and below the ink.
    """
    reach = _reach(step)
    height, width = len(padded) - 4 * reach, padded.shape[1]
    row = (line.row + 0.5) * step - 0.5
    places, profiles = [], []
    for columns in np.array_split(np.arange(width), SEGMENTS):
        middle = np.rint(row + line.slope * (columns - width / 2)).astype(np.int64)
        if min(middle[0], middle[-1]) >= -reach and max(middle[0], middle[-1]) < height + reach:
            rows = (middle + 2 * reach)[:, None] + np.arange(-reach, reach + 1)  # (n, offsets)
            places.append((rows, columns[:, None]))
            profiles.append(np.median(padded[places[-1]], axis=0))
    # Where a stroke runs along the line, the segment is darker than the line is.
    usual = float(np.median([profile.max() for profile in profiles])) if profiles else 0.0
    if usual < grain:
        return
    for place, profile in zip(places, profiles, strict=True):
        near = profile[reach - MAX_DRIFT : reach + MAX_DRIFT + 1]
        if float(near.max()) > DARKER * usual:
            continue
        centre, level = int(near.argmax()) + reach - MAX_DRIFT, max(float(near.max()), 0.5 * usual)
        above, below = _half_width(profile[centre::-1], level), _half_width(profile[centre:], level)
        top, bottom = max(centre - above - 1, 0), min(centre + below + 1, 2 * reach)
        # A stroke that crosses the line has ink on both sides of it, perhaps a little further along.
        band = padded[place]
        sides = scipy.ndimage.maximum_filter1d(band[:, [max(top - 1, 0), min(bottom + 1, 2 * reach)]], 5, axis=0)
        part = band[:, top : bottom + 1]
        is_darker = part > DARKER * level + 2 * grain
        bridged = np.minimum(part, sides.min(axis=1)[:, None])
        padded[place[0][:, top : bottom + 1], place[1]] = np.where(is_darker, part, bridged)


def _half_width(profile: Floats, level: float) -> int:
    """Return how many pixels of `profile`, which begins on a line of ink `level`, belong to it after the first."""
    outside = np.flatnonzero(profile < 0.35 * level)
    return int(outside[0]) - 1 if len(outside) else len(profile) - 1
