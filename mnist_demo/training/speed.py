"""The speed of training: as fast as possible, so many steps a second, or ever faster, so that one can watch."""

import math
from typing import Final, Literal

# So many steps a second; or ever faster, so that one can watch a model learn; or None, as fast as possible.
RISING: Final = "rising"
FULL = "full"
Speed = float | Literal["rising"] | None
# Steps a second that the page offers besides.
SPEEDS = (1, 2, 5, 20, 100)
# At a rising speed a run begins with so many steps a second, and ends after so many seconds if the machine can keep up.
FIRST_SPEED, RISING_SECONDS = 20.0, 5.0
# Up to this pace a run computes so little that it keeps no other run waiting for a core.
IDLE_SPEED = 5
# ... unless its steps take more than this share of the time.
IDLE_SHARE = 0.25

# The names of all that the page offers, in a link to it.
NAMED_SPEEDS: dict[str, Speed] = {RISING: RISING, FULL: None, **{str(speed): float(speed) for speed in SPEEDS}}


def steps_a_second(speed: Speed) -> float | None:
    """Return the steady number of steps a second that `speed` stands for, if it is such a one."""
    return None if speed is None or speed == RISING else speed


def seconds_at_speed(speed: Speed, steps: int) -> float:
    """Return for how many seconds `speed` spreads out so many steps; 0 at full speed."""
    if speed is None:
        return 0.0
    steady = steps_a_second(speed)
    return steps / steady if steady else min(steps / FIRST_SPEED, RISING_SECONDS)


class RisingSpeed:
    """When each of `steps` steps is due so that their number a second grows by the same factor in every second.

    It begins with ``FIRST_SPEED`` and does the last step after ``RISING_SECONDS``; few steps keep the first speed.
    """

    def __init__(self, steps: int) -> None:
        # n steps take ln(1 + growth n / FIRST_SPEED) / growth seconds: the growth is found by iteration, with which
        # all of them take RISING_SECONDS.
        growth = 1.0 if steps > FIRST_SPEED * RISING_SECONDS else 0.0
        for _iteration in range(60):
            growth = math.log1p(growth * steps / FIRST_SPEED) / RISING_SECONDS
        self.growth = growth

    def seconds_until(self, step: int) -> float:
        """Return how long after the beginning `step` is due, counted from 1."""
        if self.growth < 1e-6:
            return step / FIRST_SPEED
        return math.log1p(self.growth * step / FIRST_SPEED) / self.growth
