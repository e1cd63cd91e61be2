"""Variation of strokes by a hand: their corners become round, and their lines tremble."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CUTTING_ROUNDS = 3
TREMOR = 0.02  # of the side, as waves with wavelengths of a whole, a half and a third of the side


def round_corners(points: Floats, cut: float) -> Floats:
    """Cut the corners of a stroke (n_points, 2), except its ends; return a stroke (more points, 2).

    `cut` is the fraction of a side that is cut off at either end in each round (Chaikin 1974): with a quarter the
    stroke approaches a smooth curve, with 0 it stays a polygon.
    """
    for _round in range(CUTTING_ROUNDS):
        begin, end = points[:-1], points[1:]
        inner = np.stack([(1 - cut) * begin + cut * end, cut * begin + (1 - cut) * end], axis=1).reshape(-1, 2)
        points = np.concatenate([points[:1], inner[1:-1], points[-1:]])
    return points


def tremble(strokes: Sequence[Floats], random: np.random.Generator) -> list[Floats]:
    """Return a drawing of strokes (n_points, 2), about 1 wide or high, with its points moved by random smooth waves."""
    waves = random.normal(0, TREMOR, (3, 2)) / np.arange(1, 4)[:, None]  # (3, 2): shorter waves are weaker
    phases = random.uniform(0, 2 * np.pi, (3, 2))
    moved = []
    for stroke in strokes:
        along = stroke.sum(axis=1)[:, None, None] * np.arange(1, 4)[:, None]  # (n, 3, 1)
        moved.append(stroke + (waves * np.sin(2 * np.pi * along + phases)).sum(axis=1))
    return moved
