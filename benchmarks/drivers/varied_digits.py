"""Digits as a person might draw them, each time a little differently: what the measurements of drawing draw."""

from collections.abc import Iterator

import numpy as np

from mnist_demo.drawing.image import Floats
from tests.browser.shapes import DIGITS

VARIED = "012347"


def draw_digits(count: int, side: float, seed: int = 0) -> Iterator[tuple[int, list[Floats]]]:
    """Yield `count` digits, (label, strokes): float arrays (n_points, 2) in pixels of a canvas of `side` pixels.

    Each is stretched, slanted and moved at random, never off the canvas.
    """
    random = np.random.default_rng(seed)
    for index in range(count):
        digit = VARIED[index % len(VARIED)]
        change = np.diag(random.uniform(0.6, 1.0, 2))
        change[0, 1] = random.uniform(-0.2, 0.2)
        shift = random.uniform(-0.05, 0.05, 2)
        strokes = [(np.array(stroke) - 0.5) @ change.T + 0.5 + shift for stroke in DIGITS[digit]]
        yield int(digit), [np.clip(stroke, 0.04, 0.96) * side for stroke in strokes]
