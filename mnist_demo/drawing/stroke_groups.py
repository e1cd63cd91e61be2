"""The strokes of each digit of a number that was drawn in one go: 10, 37, 103.

Strokes belong to one digit where their paths come near each other, where one is above the other, and where one is too
low to be a digit and close by. Measured on the drawings of 30 writers, and on numbers of two and three of them side by
side: of 7,494 digits, 1,930 of them in several strokes, all but 10 stay one; the numbers fall into their digits in
99 to 100 % where the gap between the paths is a tenth of their height or more, in 47 to 75 % at a twentieth. The pen is
wider than those gaps: digits whose ink touches are told apart, where `pictures_of_digits`, given the canvas as a
picture, finds the digits of 44 to 93 % of the numbers at a tenth.
"""

import math
from collections.abc import Sequence

import numpy as np
import scipy  # loads its submodules on first use, so the first page does not wait for them

from mnist_demo.drawing.stroke_ink import Floats, path_box

# In units of the tallest stroke's height, except the overlap.
NEAR = 0.06  # paths so near each other are of one digit
# … or nearer than this share of what the two exceed that height by together: digits of a number stand on one line, the
# two strokes of an open 4 do not.
NEAR_IF_SHIFTED = 0.15
OVERLAP = 0.2  # as a fraction of the narrower stroke's width: one is above the other, such as the bar of a 5
LOW_HEIGHT = 0.75  # a lower stroke may be a part of the digit beside it
LOW_GAP, LOW_DISTANCE = 0.08, 0.15  # between its box and the other's, sideways, and between their paths
RING_GAP, RING_WIDTH = 0.25, 2.0  # between the ends of two halves of a 0; the least width, in such gaps
DOT_SIDE = 0.15  # a smaller stroke is no digit: it goes to the nearest one
POINT_SPACING = 0.025
FLAT_HEIGHT = 0.4  # as a fraction of its width: a lower stroke counts as so high, for a dash is no measure of digits
MAX_STROKES = 60  # more are no number but a scribble, which is one drawing


def group_strokes(strokes: Sequence[Floats]) -> list[list[int]]:
    """Return the indices of the strokes of each digit, the digits from left to right.

    Parameters
    ----------
    strokes
        Clean strokes, as `mnist_demo.drawing.stroke_ink.clean_strokes` returns them.
    """
    whole = [list(range(len(strokes)))] if strokes else []
    if not 1 < len(strokes) <= MAX_STROKES:
        return whole
    boxes = np.array([path_box([stroke]) for stroke in strokes])  # (n, 2, 2): corner, x and y
    sides = boxes[:, 1] - boxes[:, 0]
    unit = max(float((sides * (FLAT_HEIGHT, 1.0)).max()), 1e-9)
    scaled, boxes = [stroke / unit for stroke in strokes], boxes / unit
    is_dot = sides.max(axis=1) < DOT_SIDE * unit
    group_of = np.arange(len(strokes))
    digits = np.flatnonzero(~is_dot)
    if not len(digits):
        return whole
    for place, one in enumerate(digits):
        for other in digits[place + 1 :]:
            pair = [one, other]
            if group_of[one] != group_of[other] and _are_one_digit(boxes[pair], scaled[one], scaled[other]):
                group_of[group_of == group_of[other]] = group_of[one]
    for dot in np.flatnonzero(is_dot):
        group_of[dot] = group_of[min(digits, key=lambda digit: _distance(scaled[dot], scaled[digit]))]
    groups = [np.flatnonzero(group_of == name) for name in np.unique(group_of)]
    groups.sort(key=lambda group: float(boxes[group, 0, 0].min() + boxes[group, 1, 0].max()))
    return [group.tolist() for group in groups]


def _are_one_digit(boxes: Floats, one: Floats, other: Floats) -> bool:
    """Tell whether two strokes with these `boxes`, (2, 2, 2), are of one digit."""
    width, height = (boxes[:, 1] - boxes[:, 0]).min(axis=0)
    beside, above = boxes[:, 0].max(axis=0) - boxes[:, 1].min(axis=0)
    if -beside > OVERLAP * width:
        return True
    near = NEAR + NEAR_IF_SHIFTED * (boxes[:, 1, 1].max() - boxes[:, 0, 1].min() - 1)
    if max(beside, above) > max(near, LOW_DISTANCE, RING_GAP):
        return False
    distance = _distance(one, other)
    is_low_and_close = height < LOW_HEIGHT and beside < LOW_GAP and distance < LOW_DISTANCE
    return bool(distance < near or is_low_and_close or _are_ring(one, other))


def _are_ring(one: Floats, other: Floats) -> bool:
    """Tell whether two strokes are the halves of a 0: their ends nearly meet, and their middles are far apart."""
    if (one[0, 1] < one[-1, 1]) != (other[0, 1] < other[-1, 1]):
        other = other[::-1]
    ends = max(math.dist(one[0], other[0]), math.dist(one[-1], other[-1]))
    return bool(ends < RING_GAP and math.dist(one[len(one) // 2], other[len(other) // 2]) > RING_WIDTH * ends)


def _distance(one: Floats, other: Floats) -> float:
    """Return the distance between the paths of two strokes."""
    return float(scipy.spatial.distance.cdist(_points_along(one), _points_along(other)).min())


def _points_along(stroke: Floats) -> Floats:
    """Return points at most ``POINT_SPACING`` apart on a stroke."""
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    at = np.linspace(0.0, lengths[-1], math.ceil(lengths[-1] / POINT_SPACING) + 1)
    return np.stack([np.interp(at, lengths, stroke[:, 0]), np.interp(at, lengths, stroke[:, 1])], axis=1)
