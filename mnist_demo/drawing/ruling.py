"""Removal of what is printed on the paper to write on: lines and squares.

A printed line is thin, straight and crosses the whole picture. Such lines are found with a Hough transform (R. O. Duda,
P. E. Hart, *Use of the Hough Transformation to Detect Lines and Curves in Pictures*, 1972), once for each direction,
and taken away; a stroke that crosses one stays whole.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # loads its submodules on first use, so the first page does not wait for them
from PIL import Image

from mnist_demo.drawing.stroke_ink import Floats, Pixels

SEARCH_SIDE = 400  # pixels of the longer side of the reduced picture in which lines are searched
MIN_SIDE = 56  # of those pixels: of the shorter side
WIDEST_LINE = 11  # of those pixels; wider ones are strokes
SLOPES = np.tan(np.radians(np.arange(-12, 12.1, 0.5)))  # of lines along the picture's sides
# Shares of a line's length within the picture: at least so much of it shows, as much if it is the only one.
MIN_COVERAGE, MIN_COVERAGE_ALONE = 0.55, 0.85
MIN_LENGTH, MIN_LENGTH_AT_CORNER = 0.6, 0.15  # of the picture's side
END = 0.06  # of the picture's side: most of it shows, at one of the ends at least
MAX_LINES = 60  # in each direction
SEGMENTS = 12  # pieces of a line that are located one by one: no paper is quite flat
MAX_DRIFT = 5  # pixels by which a piece may lie beside the straight line
MAX_BEND = 3  # pixels between a piece and most pieces of its line
OTHER_WIDTH = 0.35  # of the usual width: what differs by more is a stroke
EDGE = 0.15  # of a line's darkness: fainter pixels do not belong to it
MIN_PATTERN = 3  # lines; fewer do not show that they are regular
MAX_TURN = 0.0175  # between the slopes of lines of one pattern, two steps of `SLOPES`
IRREGULAR = 0.15  # of the spacing
DARKER = 1.5  # what is so many times as dark as the line is ink on it


@dataclass(frozen=True)
class _Line:
    """A line: its row in the middle column, its slope (rows a column), both in pixels of the reduced picture."""

    row: float
    slope: float


def remove_ruling(ink: Pixels, grain: float) -> Pixels:
    """Return `ink` (h, w) without printed lines.

    Parameters
    ----------
    ink
        The difference from the paper, in any unit, about 0 where there is nothing; `grain` is its noise there.
    """
    step = -(-max(ink.shape) // SEARCH_SIDE)
    height, width = (side // step for side in ink.shape)
    if min(height, width) < MIN_SIDE:
        return ink
    small = np.asarray(Image.fromarray(ink[: height * step, : width * step]).reduce(step))
    noise = max(3 * grain / step, 0.02 * float(small.max()))
    across, down = _find_lines(small, noise), _find_lines(small.T, noise)
    if len(across) + len(down) in (0, 1):
        return ink
    rows, columns = _print_of(ink, across, step, grain), _print_of(ink.T, down, step, grain).T
    is_print = (rows > 0) | (columns > 0)
    if not is_print.any():  # a texture that looked like lines
        return ink
    # What is darker than the print is ink on it, but where two lines cross, they may be so themselves.
    level = np.where((rows > 0) & (columns > 0), np.inf, np.maximum(rows, columns))
    around = _bridge(ink, is_print)
    # Between two strokes that are darker than the print there is none where it is no darker.
    bridged = np.where(around > DARKER * ink + 2 * grain, 0, np.minimum(ink, around))
    return np.where(is_print & (ink <= DARKER * level + 2 * grain), bridged, ink)


def _find_lines(ink: Pixels, noise: float) -> list[_Line]:
    """Return the lines from left to right in a reduced picture (h, w), the clearest first."""
    height, width = ink.shape
    thin = ink - scipy.ndimage.grey_opening(ink, (WIDEST_LINE, 1))
    is_ridge = (thin > noise) & (thin >= scipy.ndimage.maximum_filter(thin, (3, 1)))
    rows, columns = np.nonzero(is_ridge)
    columns = columns - width / 2
    # A line that leaves the picture above or below begins up to `margin` rows outside of it in the middle column.
    margin = int(width / 2 * SLOPES.max()) + 2
    coverage, at_corners = (np.zeros((len(SLOPES), height + 2 * margin)) for _table in range(2))
    x = np.arange(width) - width / 2
    for index, slope in enumerate(SLOPES):
        places = np.rint(rows - slope * columns).astype(np.int64) + margin
        counts = np.bincount(places, minlength=height + 2 * margin)[: height + 2 * margin]
        votes = np.convolve(counts, np.ones(3), "same")
        # How many columns of each line lie within the picture.
        y = np.arange(-margin, height + margin)[:, None] + slope * x[[0, -1]]
        inside = (y.clip(0, height - 1).max(axis=1) - y.clip(0, height - 1).min(axis=1)) / max(abs(slope), 1e-9)
        flat = abs(slope) * width < 1
        length = np.where((y >= 0).all(axis=1) & (y < height).all(axis=1), width, 0 if flat else inside.clip(0, width))
        shown = votes / np.maximum(length, 1)
        coverage[index] = np.where(length >= MIN_LENGTH * width, shown, 0)
        at_corners[index] = np.where((length < MIN_LENGTH * width) & (length >= MIN_LENGTH_AT_CORNER * width), shown, 0)
    lines: list[_Line] = []
    best = coverage.max(axis=0)
    for place in np.argsort(-best)[: 10 * MAX_LINES]:
        if best[place] < MIN_COVERAGE or len(lines) == MAX_LINES:
            break
        row, slope = float(place - margin), float(SLOPES[int(coverage[:, place].argmax())])
        if all(abs(row - line.row) > WIDEST_LINE for line in lines):
            # The stem of a letter may be as long, but it ends before the paper does.
            ends = columns[(np.abs(rows - row - slope * columns) < 2) & (np.abs(columns) > (0.5 - END) * width)]
            if max((ends < 0).sum(), (ends > 0).sum()) > END * width / 2:
                lines.append(_Line(row, slope))
    if not lines or (len(lines) < 2 and best.max() < MIN_COVERAGE_ALONE):
        return []
    # What cuts a corner is too short to be sure of, unless it is parallel to the others.
    at_corners[np.abs(SLOPES - np.median([line.slope for line in lines])) > MAX_TURN] = 0
    for place in np.flatnonzero(at_corners.max(axis=0) >= MIN_COVERAGE_ALONE)[:MAX_LINES]:
        if all(abs(place - margin - line.row) > WIDEST_LINE for line in lines):
            lines.append(_Line(float(place - margin), float(SLOPES[int(at_corners[:, place].argmax())])))
    return _continue_pattern(lines)


def _continue_pattern(lines: list[_Line]) -> list[_Line]:
    """Return `lines` and those between and beside them that a regular pattern has, at the picture's edge too."""
    if len(lines) < MIN_PATTERN:
        return lines
    lines = sorted(lines, key=lambda line: line.row)
    rows, slopes = np.array([line.row for line in lines]), np.array([line.slope for line in lines])
    gaps = np.diff(rows)
    numbers = np.concatenate([[0], np.cumsum(np.rint(gaps / np.median(gaps)))])
    # Of a line that is seen in part, at the edge, the slope is seldom right.
    usual = np.abs(slopes - np.quantile(slopes, 0.5, method="lower")) <= MAX_TURN
    if (np.diff(numbers) == 0).any() or usual.sum() < MIN_PATTERN:
        return lines
    # The pattern of a sheet that is seen at an angle becomes narrower; so do the angles between its lines.
    spacing = np.polynomial.Polynomial.fit(numbers, rows, 2 if len(lines) > 2 * MIN_PATTERN else 1)
    if np.abs(spacing(numbers) - rows).max() > IRREGULAR * np.median(gaps):
        return lines
    turning = np.polynomial.Polynomial.fit(numbers[usual], slopes[usual], 1)
    others = np.setdiff1d(np.arange(-2, numbers[-1] + 3), numbers[usual])
    found = [_Line(float(spacing(number)), float(turning(number))) for number in others[: 2 * MAX_LINES]]
    return [line for line, is_usual in zip(lines, usual, strict=True) if is_usual] + found


def _print_of(ink: Pixels, lines: list[_Line], step: int, grain: float) -> Pixels:
    """Return how dark the printed lines from left to right are, (h, w), and 0 beside them.

    Each is located piece by piece. Where a stroke runs along a line or covers it, the piece has another width than the
    others; its place is that between its neighbours.
    """
    height, width = ink.shape
    printed = np.zeros_like(ink)
    reach = MAX_DRIFT + WIDEST_LINE * step // 2 + 2
    padded = np.pad(ink, ((2 * reach, 2 * reach), (0, 0)))
    pieces = np.array_split(np.arange(width), SEGMENTS)
    rows = np.array([(line.row + 0.5) * step - 0.5 for line in lines])[:, None]
    rows = rows + np.array([line.slope for line in lines])[:, None] * (np.arange(width) - width / 2)  # (lines, w)
    shifts, widths, levels = (np.full((len(lines), len(pieces)), np.nan) for _table in range(3))
    for index, middles in enumerate(np.rint(rows).astype(np.int64)):
        for place, columns in enumerate(pieces):
            middle = middles[columns]
            if min(middle[0], middle[-1]) < -reach or max(middle[0], middle[-1]) >= height + reach:
                continue
            profile = np.median(
                padded[(middle + 2 * reach)[:, None] + np.arange(-reach, reach + 1), columns[:, None]], 0
            )
            near = profile[reach - MAX_DRIFT : reach + MAX_DRIFT + 1]
            peak = int(near.argmax()) + reach - MAX_DRIFT
            if profile[peak] > grain:
                levels[index, place] = profile[peak]
                above, below = _half_width(profile[peak::-1], profile[peak]), _half_width(profile[peak:], profile[peak])
                shifts[index, place] = peak - reach + (below - above) / 2
                widths[index, place] = above + below + 1
    if np.isnan(widths).all():
        return printed
    usual = float(np.nanmedian(widths))
    shifts[np.abs(widths - usual) > max(1.0, OTHER_WIDTH * usual)] = np.nan
    centres, half = np.array([float(columns.mean()) for columns in pieces]), (usual + 1) / 2
    for index, line in enumerate(rows):
        if np.isnan(levels[index]).all():  # nothing is there, or it lies outside of the picture
            continue
        is_known = ~np.isnan(shifts[index])
        if is_known.any():
            middle = np.nanquantile(shifts[index], 0.5, method="lower")  # one of them
            is_known &= np.abs(shifts[index] - middle) <= MAX_BEND
            line = line + np.interp(np.arange(width), centres[is_known], shifts[index][is_known])
        band = np.rint(line).astype(np.int64)[:, None] + np.arange(-math.ceil(half), math.ceil(half) + 1)
        columns = np.broadcast_to(np.arange(width)[:, None], band.shape)
        inside = (band >= 0) & (band < height)
        printed[band[inside], columns[inside]] = float(np.nanmedian(levels[index]))
    return printed


def _bridge(ink: Pixels, is_print: npt.NDArray[np.bool_]) -> Pixels:
    """Return `ink` (h, w) with the print filled where there is ink on both sides of it, in one of four directions."""
    # At most twice the width of a line: that is how far it is from one side of a crossing to the other.
    depth = scipy.ndimage.distance_transform_cdt(is_print, "chessboard")
    length = min(2 * (2 * int(np.quantile(depth[is_print], 0.9)) + 1), 60)
    padded = np.pad(np.where(is_print, np.float32(0), ink), length)
    most = np.zeros_like(padded)
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        closed = padded
        for choose, sign in ((np.maximum, 1), (np.minimum, -1)):
            span = 1
            while span < length:
                shift = min(span, length - span)
                closed = choose(closed, np.roll(closed, (sign * shift * down, sign * shift * right), (0, 1)))
                span += shift
        np.maximum(most, closed, out=most)
    return most[length:-length, length:-length]


def _half_width(profile: Floats, level: float) -> int:
    """Return how many pixels of `profile`, which begins on a line of ink `level`, belong to it after the first."""
    outside = np.flatnonzero(profile < EDGE * level)
    return int(outside[0]) - 1 if len(outside) else len(profile) - 1
