"""Generates drawings that are not digits: letters, shapes, scribbles and half digits, as randomly varied pen strokes.

A model may learn from them to be unsure of them, and its calibration learns to reject them and is measured on them.
The kinds to fit on and to test on are disjoint (``FITTING_KINDS``, ``TESTING_KINDS``), because kinds that nothing was
fitted on must be rejected too.

Drawings that a careful reader might take for a digit are excluded: the letters B, D, G, I, O, Q, S and Z, a plain
circle, a vertical line, and half digits that are digits themselves, such as the upper half of a 9.

Coordinates are in a unit square, x to the right and y down.
"""

import functools
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from mnist_demo.data.handwriting import round_corners, tremble
from mnist_demo.drawing.image import image_from_strokes

Points = npt.NDArray[np.float64]  # (n_points, 2)
Template = Callable[[np.random.Generator], list[Points]]

# Variation of handwriting: wide enough that no two drawings are alike, narrow enough that an L stays an L.
MAX_TURN = np.radians(12)
MAX_SLANT = 0.2  # shear: x moves by this fraction of y
STRETCH = (0.8, 1.25)  # of the width relative to the height
POINTS = 40  # minimum number of points in a stroke, so that its straight lines can bend


def _lines(*strokes: Iterable[tuple[float, float]]) -> Template:
    fixed = [np.array(list(stroke), np.float64) for stroke in strokes]
    return lambda random: [stroke.copy() for stroke in fixed]


def _arc(x: float, y: float, width: float, height: float, begin: float, end: float) -> list[tuple[float, float]]:
    """Return points on an ellipse with semi-axes `width` and `height`; angles in degrees, clockwise from the right."""
    angles = np.radians(np.linspace(begin, end, 30))
    return [(x + width * float(np.cos(angle)), y + height * float(np.sin(angle))) for angle in angles]


_LETTERS: dict[str, Template] = {
    "A": _lines([(0, 1), (0.5, 0), (1, 1)], [(0.2, 0.6), (0.8, 0.6)]),
    "C": _lines(_arc(0.5, 0.5, 0.45, 0.5, -45, -315)),
    "E": _lines([(0.8, 0), (0, 0), (0, 1), (0.8, 1)], [(0, 0.5), (0.7, 0.5)]),
    "F": _lines([(0.8, 0), (0, 0), (0, 1)], [(0, 0.5), (0.6, 0.5)]),
    "H": _lines([(0, 0), (0, 1)], [(0.8, 0), (0.8, 1)], [(0, 0.5), (0.8, 0.5)]),
    "J": _lines([(0.7, 0), (0.7, 0.7), *_arc(0.4, 0.7, 0.3, 0.3, 0, 160)]),
    "K": _lines([(0, 0), (0, 1)], [(0.7, 0), (0, 0.55), (0.8, 1)]),
    "L": _lines([(0, 0), (0, 1), (0.7, 1)]),
    "M": _lines([(0, 1), (0.1, 0), (0.5, 0.6), (0.9, 0), (1, 1)]),
    "N": _lines([(0, 1), (0, 0), (0.8, 1), (0.8, 0)]),
    "P": _lines([(0, 1), (0, 0), *_arc(0.25, 0.27, 0.4, 0.27, -90, 90), (0, 0.54)]),
    "R": _lines([(0, 1), (0, 0), *_arc(0.25, 0.27, 0.4, 0.27, -90, 90), (0, 0.54), (0.75, 1)]),
    "T": _lines([(0, 0), (1, 0)], [(0.5, 0), (0.5, 1)]),
    "U": _lines([(0, 0), (0, 0.6), *_arc(0.4, 0.6, 0.4, 0.4, 180, 0), (0.8, 0)]),
    "V": _lines([(0, 0), (0.45, 1), (0.9, 0)]),
    "W": _lines([(0, 0), (0.25, 1), (0.5, 0.3), (0.75, 1), (1, 0)]),
    "X": _lines([(0, 0), (0.8, 1)], [(0.8, 0), (0, 1)]),
    "Y": _lines([(0, 0), (0.45, 0.5)], [(0.9, 0), (0.45, 0.5), (0.45, 1)]),
}


def _scribble(random: np.random.Generator) -> list[Points]:
    """Draw a smooth line between random points."""
    return [round_corners(random.uniform(0, 1, (int(random.integers(12, 30)), 2)), cut=0.25)]


def _doodle(random: np.random.Generator) -> list[Points]:
    """Draw three to five lines and arcs at random places."""
    strokes = []
    for _number in range(int(random.integers(3, 6))):
        place = random.uniform(0, 1, 2)
        if random.random() < 0.5:
            strokes.append(np.stack([place, random.uniform(0, 1, 2)]))
        else:
            angles = np.linspace(0, random.uniform(1.5, 2 * np.pi), 30) + random.uniform(0, 2 * np.pi)
            strokes.append(place + random.uniform(0.15, 0.5, 2) * np.stack([np.cos(angles), np.sin(angles)], axis=1))
    return strokes


def _tangle(random: np.random.Generator) -> list[Points]:
    """Draw overlapping loops, as when testing whether a pen works."""
    turns = random.uniform(4, 9)
    angles = np.linspace(0, 2 * np.pi * turns, 200)
    drift = np.linspace(0, random.uniform(0.3, 1.2), 200)
    radius = 0.35 * (1 + 0.4 * np.sin(angles * random.uniform(0.15, 0.6) + random.uniform(0, 6)))
    return [np.stack([drift + radius * np.cos(angles), radius * np.sin(angles) * random.uniform(0.6, 1)], axis=1)]


def _zigzag(random: np.random.Generator) -> list[Points]:
    corners = int(random.integers(5, 10))
    heights = np.where(np.arange(corners) % 2, 0.0, random.uniform(0.4, 1)) + random.uniform(-0.05, 0.05, corners)
    points = np.stack([np.linspace(0, 1, corners), heights], axis=1)
    return [points if random.random() < 0.5 else points[:, ::-1]]


def _wave(random: np.random.Generator) -> list[Points]:
    along = np.linspace(0, 1, 80)
    return [np.stack([along, random.uniform(0.15, 0.3) * np.sin(along * 2 * np.pi * random.uniform(2, 4))], axis=1)]


def _spiral(random: np.random.Generator) -> list[Points]:
    turns = random.uniform(2.2, 4)
    angles = np.linspace(0, 2 * np.pi * turns, 150) * random.choice([-1, 1]) + random.uniform(0, 2 * np.pi)
    radius = np.linspace(0, 0.5, 150)
    return [np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1)]


def _filled(outline: Callable[[Points], Points]) -> Template:
    """Return a shape hatched back and forth; `outline` returns half the width at each height from -1 to 1."""

    def template(random: np.random.Generator) -> list[Points]:
        heights = np.linspace(-1, 1, int(random.integers(14, 22)))
        widths = outline(heights)
        sides = np.where(np.arange(len(heights)) % 2, 1.0, -1.0)
        there = np.stack([sides * widths, heights], axis=1)
        back = np.stack([-sides * widths, heights], axis=1)
        return [np.stack([there, back], axis=1).reshape(-1, 2)]

    return template


def _dot(random: np.random.Generator) -> list[Points]:
    """Draw a click, perhaps with a tremor of less than a canvas pixel: see `drawing.stroke_ink.fit_strokes`."""
    return [random.uniform(0, 0.005, (int(random.integers(1, 4)), 2))]


def _dots(random: np.random.Generator) -> list[Points]:
    return [random.uniform(0, 1, (1, 2)) for _dot_number in range(int(random.integers(3, 8)))]


def _polygon(corners: int, spikes: float = 1.0) -> Template:
    """Return a polygon, or a star if the radius of every second corner, `spikes`, is below 1."""

    def template(random: np.random.Generator) -> list[Points]:
        angles = np.linspace(0, 2 * np.pi, corners + 1) - np.pi / 2 + (np.pi / 4 if corners == 4 else 0)
        radius = np.where(np.arange(corners + 1) % 2, spikes, 1.0)
        return [np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1)]

    return template


def _outline(random: np.random.Generator) -> list[Points]:
    """Draw a closed outline with five to seven corners, some of them concave."""
    corners = int(random.integers(5, 8))
    angles = 2 * np.pi * (np.arange(corners) + random.uniform(-0.2, 0.2, corners)) / corners
    points = random.uniform(0.35, 1, (corners, 1)) * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return [points[np.arange(corners + 1) % corners]]


def _heart(random: np.random.Generator) -> list[Points]:
    angles = np.linspace(0, 2 * np.pi, 80)  # https://mathworld.wolfram.com/HeartCurve.html, the sixth curve
    x = 16 * np.sin(angles) ** 3
    y = -(13 * np.cos(angles) - 5 * np.cos(2 * angles) - 2 * np.cos(3 * angles) - np.cos(4 * angles))
    return [np.stack([x, y], axis=1) / 32]


def _arrow(random: np.random.Generator) -> list[Points]:
    strokes = [np.array([[0.0, 0.5], [1.0, 0.5]]), np.array([[0.7, 0.25], [1.0, 0.5], [0.7, 0.75]])]
    return _turned(strokes, float(random.choice([0.0, 0.5, 1.0, 1.5])) * np.pi)


def _flat_line(random: np.random.Generator) -> list[Points]:
    return [np.array([[0.0, 0.0], [1.0, random.uniform(-0.15, 0.15)]])]


# The half digits that are not digits themselves.
_HALVES: dict[str, Template] = {
    "upper half of 0": _lines(_arc(0.5, 0.6, 0.4, 0.5, 180, 360)),
    "lower half of 0": _lines(_arc(0.5, 0.0, 0.4, 0.5, 180, 0)),
    "lower half of 2": _lines([(0.7, 0), (0, 0.5), (0.9, 0.5)]),
    "upper half of 3": _lines(_arc(0.4, 0.5, 0.4, 0.45, -150, 90)),
    "left half of 4": _lines([(0.5, 0), (0, 0.7), (0.5, 0.7)]),
    "upper half of 5": _lines([(0.8, 0), (0, 0), (0, 0.6)]),
    "left half of 8": _lines([*_arc(0.5, 0.25, 0.35, 0.25, -90, -270), *_arc(0.5, 0.75, 0.4, 0.25, -90, -270)]),
    "right half of 0": _lines(_arc(0.0, 0.5, 0.5, 0.5, -90, 90)),
}


def _any_of(templates: Mapping[str, Template]) -> Template:
    names = sorted(templates)
    return lambda random: templates[names[int(random.integers(len(names)))]](random)


_SHAPES: dict[str, Template] = {
    "doodle": _doodle,
    "scribble": _scribble,
    "tangle": _tangle,
    "zigzag": _zigzag,
    "wave": _wave,
    "spiral": _spiral,
    "filled circle": _filled(lambda heights: np.sqrt(1 - heights**2)),
    "filled square": _filled(np.ones_like),
    "dot": _dot,
    "dots": _dots,
    "outline": _outline,
    "triangle": _polygon(3),
    "square": _polygon(4),
    "star": _polygon(10, 0.45),
    "diamond with a bar": lambda random: [*_polygon(6)(random), np.array([[-1.0, 0.0], [1.0, 0.0]])],
    "cross": _lines([(0.5, 0), (0.5, 1)], [(0, 0.5), (1, 0.5)]),
    "circle with a dot": _lines(_arc(0, 0, 1, 1, 0, 360), _arc(0, 0, 0.1, 0.1, 0, 360)),
    "circle with a cross": _lines(_arc(0, 0, 1, 1, 0, 360), [(-0.7, -0.7), (0.7, 0.7)], [(0.7, -0.7), (-0.7, 0.7)]),
    "heart": _heart,
    "arrow": _arrow,
    "flat line": _flat_line,
    "hash": _lines([(0.3, 0), (0.3, 1)], [(0.7, 0), (0.7, 1)], [(0, 0.3), (1, 0.3)], [(0, 0.7), (1, 0.7)]),
    "half a digit": _any_of(_HALVES),
}
KINDS: Mapping[str, Template] = MappingProxyType(
    {**_SHAPES, **{f"letter {name}": template for name, template in _LETTERS.items()}}
)
_TESTED_SHAPES = (
    "tangle", "wave", "spiral", "filled square", "dot", "triangle", "square", "star", "circle with a cross", "heart",
    "arrow", "half a digit",
)  # fmt: skip
TESTING_KINDS = tuple(kind for kind in KINDS if kind in _TESTED_SHAPES or kind[-2:] in {f" {x}" for x in "CFKNRUWXY"})
FITTING_KINDS = tuple(kind for kind in KINDS if kind not in TESTING_KINDS)


def draw_strokes(kind: str, random: np.random.Generator) -> list[Points]:
    """Return a random drawing of `kind`, a key of ``KINDS``: strokes (n_points, 2) on a 280-pixel canvas, y down."""
    strokes = KINDS[kind](random)
    if kind == "dot":
        return [stroke * 100 + random.uniform(20, 260, 2) for stroke in strokes]
    strokes = _turned([_divided(stroke) for stroke in strokes], random.uniform(-MAX_TURN, MAX_TURN))
    points = np.concatenate(strokes)
    low, size = points.min(axis=0), float(np.ptp(points, axis=0).max())
    slant, stretch = random.uniform(-MAX_SLANT, MAX_SLANT), random.uniform(*STRETCH)
    shape = np.array([[stretch, 0.0], [slant * stretch, 1.0]])
    return [placed @ shape * 160 + 50 for placed in tremble([(stroke - low) / size for stroke in strokes], random)]


def draw_non_digits(kinds: Iterable[str], count: int, seed: int) -> dict[str, npt.NDArray[np.float32]]:
    """Return, for each of `kinds`, `count` model inputs: float32 (count, 28, 28) in [0, 1].

    The images of a kind depend only on the seed, not on the other kinds.
    """
    images = {}
    for kind in kinds:
        random = np.random.default_rng([seed, *kind.encode()])
        images[kind] = np.stack([image_from_strokes(draw_strokes(kind, random)) for _number in range(count)])
    return images


@functools.lru_cache(maxsize=2)
def fitting_non_digits(count: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """Return about `count` images, float32 (n, 28, 28), to fit a detector on: half doodles, half other fitting kinds.

    Each takes 0.6 ms to draw. The two most recent sets are cached and read-only.
    """
    others = [kind for kind in FITTING_KINDS if kind != "doodle"]
    drawn = {
        **draw_non_digits(["doodle"], count // 2, seed),
        **draw_non_digits(others, max(1, count // (2 * len(others))), seed),
    }
    images = np.concatenate(list(drawn.values()))
    images.setflags(write=False)
    return images


def draw_fitting_pixels(count: int, seed: int) -> npt.NDArray[np.uint8]:
    """Return about `count` images as `fitting_non_digits` does, as pixels of the training set: uint8 (n, 28, 28)."""
    return np.asarray(np.round(fitting_non_digits(count, seed) * 255), np.uint8)


def _turned(strokes: list[Points], angle: float) -> list[Points]:
    cosine, sine = np.cos(angle), np.sin(angle)
    return [stroke @ np.array([[cosine, sine], [-sine, cosine]]) for stroke in strokes]


def _divided(stroke: Points) -> Points:
    """Return points evenly spaced along the stroke."""
    if len(stroke) == 1:
        return stroke
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    at = np.linspace(0, lengths[-1], max(POINTS, 3 * len(stroke)))
    return np.stack([np.interp(at, lengths, stroke[:, 0]), np.interp(at, lengths, stroke[:, 1])], axis=1)
