"""Synthetic digits of shapes that are rare in MNIST, preprocessed like a drawing on the canvas.

MNIST was written by Americans. Elsewhere a 1 has a long flag and sometimes a foot, a 7 has a bar, a 4 has a short stem
low on the right, and the tail of a 9 has a hook. A model that was trained on none of these classifies such a 1 as a 7
and such a 9 as a 3.
"""

import numpy as np
import numpy.typing as npt

from mnist_demo.drawing.image import image_from_strokes

Floats = npt.NDArray[np.float64]

# A corner of a stroke: x, y (down), and how far x and y vary to either side, in hundredths of the digit's box.
Corner = tuple[int, int, int, int]
Form = tuple[int, int, list[list[Corner]]]

# The ranges keep similar digits distinct: the flag of a 1 always rises further than the top of a 7.
_FLAG_AND_STEM: list[Corner] = [(15, 40, 30, 17), (60, 0, 10, 3), (50, 100, 12, 3)]
_TOP_AND_STEM: list[Corner] = [(5, 6, 8, 6), (90, 3, 8, 5), (45, 100, 20, 3)]
_BAR: list[Corner] = [(20, 60, 15, 15), (90, 56, 18, 15)]
_LOOP: list[Corner] = [(85, 12, 8, 8), (45, -3, 12, 5), (5, 20, 8, 10), (35, 42, 12, 14), (92, 15, 8, 8)]
_THREE_TO_WAIST: list[Corner] = [(10, 10, 8, 8), (80, 2, 10, 5), (80, 35, 10, 6), (35, 48, 10, 6)]
_SNAKE: list[Corner] = [(85, 12, 8, 8), (45, -3, 12, 4), (8, 25, 8, 8), (88, 65, 8, 10)]
_OVAL: list[Corner] = [(60, 10, 12, 8), (30, -3, 12, 4), (-2, 50, 6, 10), (40, 105, 12, 4), (102, 55, 6, 12)]
# The digit, the relative frequency of the form, and its strokes.
FORMS: tuple[Form, ...] = (
    (1, 8, [_FLAG_AND_STEM]),
    (1, 3, [[(45, 52, 10, 16), (62, 0, 6, 3), (52, 100, 8, 3)]]),  # with the flag close to the stem
    (1, 2, [[(55, 55, 8, 12), (40, 32, 8, 12), (62, 0, 8, 3), (55, 100, 10, 3)]]),  # … and bent
    (1, 2, [_FLAG_AND_STEM, [(15, 98, 15, 5), (85, 97, 15, 5)]]),  # with a foot
    (1, 2, [[(25, 32, 15, 14), (55, 0, 8, 3), (50, 97, 6, 2), (10, 98, 10, 3), (90, 98, 12, 4)]]),  # … in one stroke
    (1, 2, [[(35, 35, 12, 12), (65, 0, 10, 3), (60, 80, 10, 8), (45, 100, 8, 3), (22, 95, 12, 8)]]),  # … curled
    (7, 1, [_TOP_AND_STEM]),
    (7, 3, [_TOP_AND_STEM, _BAR]),
    (7, 3, [[(8, 22, 6, 8), (12, 3, 6, 3), (92, 4, 6, 5), (40, 100, 20, 3)], _BAR]),  # with a serif
    (4, 2, [[(45, 0, 20, 3), (8, 65, 8, 12), (95, 62, 8, 12)], [(68, 35, 14, 20), (58, 100, 12, 3)]]),  # open
    (4, 3, [[(40, 0, 15, 3), (8, 62, 8, 10), (15, 82, 6, 6), (95, 75, 8, 8)], [(65, 45, 12, 15), (60, 100, 10, 3)]]),
    (4, 2, [[(65, 2, 12, 4), (12, 45, 8, 10), (25, 58, 8, 5), (90, 25, 8, 12), (50, 100, 15, 3)]]),  # in one stroke
    (9, 3, [[*_LOOP, (88, 70, 6, 10), (65, 102, 10, 4), (10, 92, 12, 10)]]),  # hooked
    (9, 3, [[*_LOOP, (75, 60, 10, 10), (88, 98, 8, 5), (0, 98, 12, 8)]]),
    (9, 2, [[(80, 10, 8, 8), (40, -2, 12, 4), (15, 18, 10, 8), (50, 28, 10, 8), (95, 3, 6, 5), (55, 100, 15, 3)]]),
    (3, 2, [[*_THREE_TO_WAIST, (92, 60, 8, 8), (70, 102, 10, 4), (5, 92, 8, 8)]]),
    (8, 1, [[*_SNAKE, (50, 105, 12, 4), (5, 78, 8, 10), (65, 42, 12, 8), (85, 20, 10, 8)]]),  # open at the top
    (0, 1, [[*_OVAL, (75, 0, 12, 6), (35, 15, 12, 8)]]),  # with overlapping ends
)
WIDTHS = (0.35, 0.9)  # of the height, before the slant
SLANTS = (-0.15, 0.65)  # to the right, pixels across per pixel up
# The fraction of a side that is cut off at either end in each round (Chaikin 1974): with a quarter the stroke
# approaches a smooth curve, with 0 it stays a polygon.
CORNER_CUTS = (0.1, 0.3)
CUTTING_ROUNDS = 3


def draw_digits(count: int, seed: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Draw `count` digits of random forms; return pixels uint8 (count, 28, 28) and labels int64 (count,).

    Deterministic for a given `seed`; takes about half a millisecond per digit.
    """
    random = np.random.default_rng(seed)
    pixels = np.empty((count, 28, 28), np.uint8)
    labels = np.empty(count, np.int64)
    shares = np.array([share for _digit, share, _strokes in FORMS], np.float64)
    for i, form in enumerate(random.choice(len(FORMS), size=count, p=shares / shares.sum())):
        labels[i], _share, strokes = FORMS[form]
        pixels[i] = np.round(image_from_strokes(vary_strokes(strokes, random)) * 255)
    return pixels, labels


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


def round_corners(points: Floats, cut: float) -> Floats:
    """Cut the corners of a stroke (n_points, 2), except its ends; return a stroke (more points, 2)."""
    for _round in range(CUTTING_ROUNDS):
        begin, end = points[:-1], points[1:]
        inner = np.stack([(1 - cut) * begin + cut * end, cut * begin + (1 - cut) * end], axis=1).reshape(-1, 2)
        points = np.concatenate([points[:1], inner[1:-1], points[-1:]])
    return points
