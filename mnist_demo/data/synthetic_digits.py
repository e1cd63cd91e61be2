"""Synthetic digits of shapes that are rare in MNIST, preprocessed like a drawing on the canvas.

MNIST was written by Americans. Elsewhere a 1 has a long flag and sometimes a foot, a 7 has a bar, a 4 has a short stem
low on the right, and the tail of a 9 has a hook. A model that was trained on none of these classifies such a 1 as a 7
and such a 9 as a 3. On a canvas, a 0 may be far wider than on a form.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mnist_demo.data.handwriting import Floats, round_corners, tremble
from mnist_demo.drawing.image import image_from_strokes

# A corner of a stroke: x, y (down), and how far x and y vary to either side, in hundredths of the digit's box.
Corner = tuple[int, int, int, int]
Form = tuple[int, int, list[list[Corner]]]

# The ranges keep similar digits distinct: the flag of a 1 always rises further than the top of a 7.
_FLAG_AND_STEM: list[Corner] = [(15, 40, 30, 17), (60, 0, 10, 3), (50, 100, 12, 3)]
_TOP_AND_STEM: list[Corner] = [(5, 6, 8, 6), (90, 3, 8, 5), (45, 100, 20, 3)]
_BAR: list[Corner] = [(20, 60, 15, 15), (90, 56, 18, 15)]
_LOW_BAR: list[Corner] = [(10, 62, 20, 14), (97, 58, 20, 14)]
_LOOP: list[Corner] = [(85, 12, 8, 8), (45, -3, 12, 5), (5, 20, 8, 10), (35, 42, 12, 14), (92, 15, 8, 8)]
_THREE_TO_WAIST: list[Corner] = [(10, 10, 8, 8), (80, 2, 10, 5), (80, 35, 10, 6), (35, 48, 10, 6)]
_SNAKE: list[Corner] = [(85, 12, 8, 8), (45, -3, 12, 4), (8, 25, 8, 8), (88, 65, 8, 10)]
_OVAL: list[Corner] = [(60, 10, 12, 8), (30, -3, 12, 4), (-2, 50, 6, 10), (40, 105, 12, 4), (102, 55, 6, 12)]
_STEM_INTO_BAR: list[Corner] = [(65, 50, 12, 8), (35, 100, 15, 4), (25, 70, 12, 12), (95, 55, 18, 12)]
_ROUND_ARM: list[Corner] = [(5, 60, 10, 10), (25, 72, 10, 8)]
_SMALL_LOOP: list[Corner] = [(78, 14, 10, 8), (42, -2, 12, 4), (15, 19, 10, 8), (48, 36, 12, 8)]
_SLIM_SNAKE: list[Corner] = [(85, 10, 10, 8), (40, -2, 12, 4), (20, 25, 10, 8), (75, 70, 10, 8)]
_WAIST: Corner = (50, 48, 10, 6)
_LOWER_RING: list[Corner] = [(10, 78, 8, 8), (50, 103, 10, 4), (90, 78, 8, 8)]
_LOWER_BOW: list[Corner] = [(92, 73, 8, 10), (50, 103, 12, 4), (1, 90, 10, 9)]
_SMALL_CURL: list[Corner] = [(5, 75, 10, 8), (45, 88, 10, 6)]
_CLOSING_LOOP: list[Corner] = [(85, 70, 10, 8), (50, 52, 12, 8), (12, 75, 8, 8)]
_CROSSING_LOOP: list[Corner] = [(85, 78, 10, 8), (60, 58, 10, 8), (10, 70, 15, 8)]
_CURLED_FOOT: list[Corner] = [(30, 85, 12, 8), (5, 98, 8, 5), (15, 78, 10, 8), (60, 98, 12, 5)]
_CROSSED_RING: list[Corner] = [
    (60, 48, 12, 8), (75, 88, 10, 8), (45, 104, 10, 4), (30, 85, 10, 8), (60, 45, 12, 8)
]  # fmt: skip
_RIGHT_BOW: list[Corner] = [(50, 104, 12, 4), (100, 65, 8, 12)]
_FULL_OVAL: list[Corner] = [*_OVAL, (75, 0, 12, 6), (35, 15, 12, 8)]  # with overlapping ends
# The digit, the relative frequency of the form, and its strokes.
FORMS: tuple[Form, ...] = (
    (1, 8, [_FLAG_AND_STEM]),
    (1, 5, [[(10, 50, 25, 18), (62, 0, 8, 3), (50, 100, 12, 3)]]),  # with the flag as long as the stem
    (1, 3, [[(5, 45, 20, 15), (35, 20, 10, 8), (70, 0, 8, 3), (45, 100, 14, 3)]]),  # … and arched
    (1, 2, [[(0, 38, 15, 10), (40, 8, 10, 6), (62, 2, 6, 3), (60, 25, 6, 6), (35, 100, 15, 3)]]),  # … as a cane
    (1, 3, [[(45, 52, 10, 16), (62, 0, 6, 3), (52, 100, 8, 3)]]),  # with the flag close to the stem
    (1, 2, [[(55, 55, 8, 12), (40, 32, 8, 12), (62, 0, 8, 3), (55, 100, 10, 3)]]),  # … and bent
    (1, 2, [_FLAG_AND_STEM, [(15, 98, 15, 5), (85, 97, 15, 5)]]),  # with a foot
    (1, 2, [[(15, 30, 15, 10), (55, 0, 8, 3), (50, 98, 6, 2)], [(5, 98, 12, 4), (95, 96, 12, 4)]]),  # … a wide one
    (1, 2, [[(25, 32, 15, 14), (55, 0, 8, 3), (50, 97, 6, 2), (10, 98, 10, 3), (90, 98, 12, 4)]]),  # … in one stroke
    (1, 2, [[(35, 35, 12, 12), (65, 0, 10, 3), (60, 80, 10, 8), (45, 100, 8, 3), (22, 95, 12, 8)]]),  # … curled
    (7, 1, [_TOP_AND_STEM]),
    (7, 1, [[(5, 8, 6, 6), (90, 6, 8, 4), (75, 45, 10, 8), (60, 100, 15, 3)]]),  # bent
    (7, 3, [_TOP_AND_STEM, _BAR]),
    (7, 2, [_TOP_AND_STEM, _LOW_BAR]),
    (7, 2, [[(5, 10, 8, 8), (50, -2, 15, 5), (92, 8, 6, 8), (45, 100, 20, 3)], _LOW_BAR]),  # with an arched top
    (7, 3, [[(8, 22, 6, 8), (12, 3, 6, 3), (92, 4, 6, 5), (40, 100, 20, 3)], _BAR]),  # with a serif
    (7, 3, [[(8, 12, 8, 8), (15, 0, 8, 4), (90, 2, 8, 5), *_STEM_INTO_BAR]]),  # in one stroke, the bar too
    (4, 2, [[(45, 0, 20, 3), (8, 65, 8, 12), (95, 62, 8, 12)], [(68, 35, 14, 20), (58, 100, 12, 3)]]),  # open
    (4, 2, [[(30, 0, 15, 3), (5, 65, 8, 10), (95, 62, 8, 8)], [(70, 30, 12, 16), (65, 100, 10, 3)]]),
    (4, 3, [[(40, 0, 15, 3), (8, 62, 8, 10), (15, 82, 6, 6), (95, 75, 8, 8)], [(65, 45, 12, 15), (60, 100, 10, 3)]]),
    (4, 3, [[(40, 0, 18, 3), *_ROUND_ARM, (95, 58, 10, 14)], [(62, 40, 14, 12), (55, 100, 14, 3)]]),
    (4, 2, [[(60, 0, 12, 4), (5, 55, 8, 10), (40, 62, 12, 8), (90, 40, 8, 10)], [(92, 5, 8, 10), (60, 100, 15, 3)]]),
    (4, 2, [[(65, 2, 12, 4), (12, 45, 8, 10), (25, 58, 8, 5), (90, 25, 8, 12), (50, 100, 15, 3)]]),  # in one stroke
    (9, 3, [[*_LOOP, (88, 70, 6, 10), (65, 102, 10, 4), (10, 92, 12, 10)]]),  # hooked
    (9, 3, [[*_LOOP, (75, 60, 10, 10), (88, 98, 8, 5), (0, 98, 12, 8)]]),
    (9, 3, [[*_SMALL_LOOP, (78, 12, 10, 8), (100, 65, 10, 10), (60, 102, 12, 4), (0, 90, 14, 10)]]),
    (9, 2, [[*_SMALL_LOOP, (80, 15, 8, 8), (70, 55, 10, 10), (95, 85, 10, 8), (40, 102, 15, 4), (0, 88, 12, 8)]]),
    (9, 2, [[(80, 10, 8, 8), (40, -2, 12, 4), (15, 18, 10, 8), (50, 28, 10, 8), (95, 3, 6, 5), (55, 100, 15, 3)]]),
    (9, 1, [[(90, 8, 8, 8), (45, -3, 12, 5), (10, 22, 10, 8), (55, 38, 12, 8), (92, 10, 6, 8), (70, 100, 15, 3)]]),
    (3, 2, [[*_THREE_TO_WAIST, (92, 60, 8, 8), (70, 102, 10, 4), (5, 92, 8, 8)]]),
    (3, 2, [[(5, 5, 8, 6), (90, 3, 8, 5), (40, 38, 12, 8), (95, 62, 8, 10), (60, 102, 12, 4), (5, 90, 8, 8)]]),  # flat
    (3, 1, [[(10, 15, 8, 8), (50, -2, 12, 4), (85, 20, 8, 8), (50, 45, 10, 6), *_LOWER_BOW]]),
    (8, 1, [[*_SNAKE, (50, 105, 12, 4), (5, 78, 8, 10), (65, 42, 12, 8), (85, 20, 10, 8)]]),  # open at the top
    (8, 2, [[*_SLIM_SNAKE, (45, 103, 12, 4), (20, 75, 10, 8), (70, 35, 12, 8), (95, 5, 10, 8)]]),
    (8, 3, [[(0, 28, 15, 12), *_CROSSED_RING, (85, 12, 10, 8), (55, -3, 12, 4), (35, 18, 12, 8)]]),  # … far to the left
    (8, 1, [[_WAIST, (15, 22, 8, 8), (50, -2, 10, 4), (85, 22, 8, 8), _WAIST, *_LOWER_RING, _WAIST]]),
    (0, 1, [_FULL_OVAL]),
    (
        0,
        3,
        [[(45, 12, 20, 12), (5, 25, 10, 10), (5, 80, 8, 10), *_RIGHT_BOW, (90, 18, 10, 12), (62, 8, 20, 10)]],
    ),  # open
    (
        0,
        2,
        [[(25, 10, 15, 12), (0, 55, 8, 12), *_RIGHT_BOW, (70, 0, 15, 5), (25, 8, 15, 8), (12, 45, 15, 15)]],
    ),  # twice
    (0, 2, [[(0, 10, 15, 12), (50, -2, 12, 5), (100, 45, 8, 12), (55, 104, 12, 4), (8, 70, 10, 12), (35, 10, 18, 10)]]),
    (0, 2, [[(4 * x, y, 4 * across, along) for x, y, across, along in _FULL_OVAL]]),  # flat, as wide as a canvas
    (5, 2, [[(25, 5, 12, 6), (15, 45, 10, 6), (70, 38, 12, 8), *_LOWER_BOW], [(25, 5, 12, 6), (95, 2, 14, 6)]]),
    (5, 1, [[(90, 2, 10, 5), (30, 5, 10, 6), (20, 45, 10, 6), (75, 42, 12, 8), *_LOWER_BOW]]),
    (2, 1, [[(5, 25, 8, 10), (45, -2, 12, 4), (90, 25, 8, 10), (50, 65, 12, 8), (0, 98, 8, 4), (98, 98, 8, 5)]]),
    (2, 1, [[(5, 20, 8, 10), (50, -2, 12, 4), (88, 28, 8, 10), (15, 92, 10, 6), *_SMALL_CURL, (98, 95, 8, 6)]]),
    (2, 2, [[(10, 22, 10, 10), (48, -2, 12, 4), (82, 25, 10, 10), *_CURLED_FOOT, (100, 85, 10, 10)]]),
    (6, 2, [[(75, -2, 12, 5), (35, 40, 12, 10), (25, 90, 10, 6), (60, 102, 12, 5), *_CROSSING_LOOP]]),
    (6, 1, [[(70, 0, 15, 4), (15, 50, 10, 12), (20, 92, 10, 6), (70, 100, 12, 5), *_CLOSING_LOOP]]),
)
WIDTHS = (0.35, 0.9)  # of the height, before the slant
SLANTS = (-0.15, 0.65)  # to the right, pixels across per pixel up
CORNER_CUTS = (0.1, 0.3)  # see `round_corners`


def draw_digits(count: int, seed: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Draw `count` digits of random forms; return pixels uint8 (count, 28, 28) and labels int64 (count,).

    Deterministic for a given `seed`; takes about half a millisecond per digit.
    """
    pixels = np.empty((count, 28, 28), np.uint8)
    labels = np.empty(count, np.int64)
    for i, (digit, strokes) in enumerate(draw_strokes_of_digits(count, seed)):
        pixels[i], labels[i] = np.round(image_from_strokes(strokes) * 255), digit
    return pixels, labels


def draw_strokes_of_digits(count: int, seed: int) -> Iterator[tuple[int, list[Floats]]]:
    """Yield the digits that `draw_digits` draws, each with its strokes (n_points, 2), y down, about 100 high."""
    random = np.random.default_rng(seed)
    shares = np.array([share for _digit, share, _strokes in FORMS], np.float64)
    for form in random.choice(len(FORMS), size=count, p=shares / shares.sum()):
        digit, _share, strokes = FORMS[form]
        varied = tremble([stroke / 100 for stroke in vary_strokes(strokes, random)], random)
        yield digit, [stroke * 100 for stroke in varied]


def vary_strokes(
    strokes: list[list[Corner]],
    random: np.random.Generator,
    widths: tuple[float, float] = WIDTHS,
    slants: tuple[float, float] = SLANTS,
    cuts: tuple[float, float] = CORNER_CUTS,
) -> list[Floats]:
    """Return strokes (n_points, 2), y down, with random corners within their ranges, width, slant and roundness."""
    width, slant, cut = random.uniform(*widths), random.uniform(*slants), random.uniform(*cuts)
    shape = np.array([[width, 0.0], [-slant, 1.0]])
    varied = []
    for stroke in strokes:
        corners = np.array(stroke, np.float64)
        varied.append(
            round_corners(random.uniform(-1, 1, (len(corners), 2)) * corners[:, 2:] + corners[:, :2], cut) @ shape
        )
    return varied
