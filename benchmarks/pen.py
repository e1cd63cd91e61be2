"""Digits as a person might draw them, each time a little differently: what the measurements of drawing draw."""

from collections.abc import Iterator

import numpy as np

from mnist_demo.drawing.image import Floats

# Fractions of the canvas, x right, y down; one of each kind of movement: closed, straight, bent, of two strokes.
SHAPES: dict[int, list[list[tuple[float, float]]]] = {
    0: [[(0.5, 0.15), (0.34, 0.25), (0.28, 0.5), (0.34, 0.75), (0.5, 0.85), (0.66, 0.75), (0.72, 0.5), (0.66, 0.25),
         (0.5, 0.15)]],
    1: [[(0.5, 0.12), (0.49, 0.5), (0.5, 0.88)]],
    2: [[(0.3, 0.28), (0.42, 0.15), (0.6, 0.16), (0.68, 0.3), (0.6, 0.48), (0.3, 0.84), (0.72, 0.84)]],
    3: [[(0.3, 0.22), (0.48, 0.14), (0.66, 0.24), (0.64, 0.4), (0.46, 0.48), (0.66, 0.58), (0.68, 0.76), (0.48, 0.87),
         (0.28, 0.78)]],
    4: [[(0.4, 0.15), (0.3, 0.55), (0.72, 0.55)], [(0.62, 0.2), (0.58, 0.87)]],
    7: [[(0.28, 0.16), (0.72, 0.16), (0.56, 0.5), (0.44, 0.86)]],
}  # fmt: skip


def draw_digits(count: int, side: float, seed: int = 0) -> Iterator[tuple[int, list[Floats]]]:
    """Yield `count` digits, (label, strokes): float arrays (n_points, 2) in pixels of a canvas of `side` pixels.

    Each is stretched, leant and moved at random, never off the canvas.
    """
    random = np.random.default_rng(seed)
    for index in range(count):
        digit = list(SHAPES)[index % len(SHAPES)]
        change = np.diag(random.uniform(0.6, 1.0, 2))
        change[0, 1] = random.uniform(-0.2, 0.2)
        shift = random.uniform(-0.05, 0.05, 2)
        strokes = [(np.array(stroke) - 0.5) @ change.T + 0.5 + shift for stroke in SHAPES[digit]]
        yield digit, [np.clip(stroke, 0.04, 0.96) * side for stroke in strokes]
