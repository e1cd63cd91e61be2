"""Digits as many people write them, stroke by stroke: for visitors who cannot draw one, and want to see it read."""

import numpy as np

from mnist_demo.data.handwriting import Floats
from mnist_demo.data.synthetic_digits import Corner, vary_strokes

# As in `synthetic_digits`: the corners of a stroke, in hundredths of the digit's box, and how far they vary.
_ZERO: list[Corner] = [
    (55, 0, 6, 3), (5, 12, 5, 5), (0, 90, 5, 5), (50, 104, 6, 3), (100, 90, 5, 5), (97, 10, 5, 5), (50, 0, 6, 3)
]  # fmt: skip
_TWO_WITH_A_LOOP: list[Corner] = [
    (10, 18, 6, 5), (50, -6, 8, 4), (98, 20, 6, 6), (50, 70, 8, 6), (-5, 105, 5, 4), (25, 72, 6, 5), (98, 100, 6, 4)
]  # fmt: skip
_THREE: list[Corner] = [
    (8, 8, 6, 5), (85, -8, 8, 4), (92, 42, 6, 5), (30, 48, 6, 3), (105, 52, 6, 5), (88, 106, 8, 4), (0, 94, 6, 6)
]  # fmt: skip
_FIVE: list[Corner] = [(16, 2, 5, 3), (8, 46, 5, 4), (71, 33, 8, 5), (103, 69, 6, 6), (69, 108, 8, 4), (0, 93, 6, 5)]
_SIX: list[Corner] = [
    (72, 0, 8, 4), (20, 25, 6, 6), (-4, 80, 5, 5), (40, 110, 6, 3), (98, 96, 6, 4), (88, 52, 6, 5), (40, 50, 6, 4),
    (10, 78, 5, 5),
]  # fmt: skip
_SEVEN: list[Corner] = [(4, 3, 5, 3), (96, 1, 5, 4), (40, 100, 8, 3)]
_EIGHT: list[Corner] = [
    (80, 8, 5, 4), (40, -8, 5, 3), (0, 22, 6, 5), (50, 45, 5, 4), (104, 72, 6, 5), (52, 112, 5, 3), (-4, 74, 6, 5),
    (50, 45, 5, 4), (98, 22, 5, 5), (78, 4, 5, 4),
]  # fmt: skip
_NINE: list[Corner] = [
    (90, 18, 5, 4), (45, -10, 6, 3), (-2, 20, 5, 5), (15, 56, 5, 4), (80, 44, 5, 5), (92, 10, 4, 4), (84, 60, 5, 5),
    (78, 100, 6, 3),
]  # fmt: skip
USUAL_FORMS: dict[int, tuple[list[list[Corner]], ...]] = {
    0: ([_ZERO],),
    1: ([[(52, 0, 6, 3), (48, 100, 6, 3)]], [[(34, 22, 6, 5), (56, 0, 5, 3), (52, 100, 5, 3)]]),
    2: (
        [[(8, 22, 6, 6), (35, -8, 8, 4), (95, 5, 6, 5), (85, 50, 8, 6), (5, 99, 5, 3), (98, 99, 6, 3)]],
        [_TWO_WITH_A_LOOP],
    ),
    3: ([_THREE],),
    4: (
        [[(30, 0, 8, 4), (6, 58, 6, 5), (98, 56, 6, 5)], [(76, 10, 6, 6), (70, 100, 6, 3)]],
        [[(66, 2, 6, 3), (4, 66, 6, 5), (100, 64, 6, 5)], [(68, 2, 4, 3), (66, 100, 6, 3)]],
    ),
    5: ([_FIVE, [(16, 2, 5, 3), (92, 0, 6, 4)]], [[(90, 0, 6, 4), *_FIVE]]),
    6: ([_SIX],),
    7: ([_SEVEN], [_SEVEN, [(28, 54, 6, 4), (82, 50, 6, 4)]]),
    8: ([_EIGHT],),
    9: ([_NINE],),
}
# Narrower ranges than those of `synthetic_digits`: a digit that is asked for should be one that everybody can read.
WIDTHS = (0.5, 0.75)
SLANTS = (0.0, 0.3)
CORNER_CUTS = (0.22, 0.3)


def write_digit(digit: int, random: np.random.Generator) -> list[Floats]:
    """Return the strokes of `digit`, 0 to 9, as one writes it: another one at each call.

    Each is an array (n_points, 2), x right and y down; the digit is about 1 high and 0.5 to 0.9 wide, and lies around
    (0.5, 0.5).
    """
    forms = USUAL_FORMS[digit]
    strokes = vary_strokes(forms[random.integers(len(forms))], random, WIDTHS, SLANTS, CORNER_CUTS)
    points = np.concatenate(strokes)
    middle, height = (points.min(axis=0) + points.max(axis=0)) / 2, np.ptp(points[:, 1])
    return [(stroke - middle) / height + 0.5 for stroke in strokes]
