"""The wait of a queued run: for how many others, and about how many seconds."""

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mnist_demo.jobs.messages import State

_moments = itertools.count(1)


def next_moment() -> int:
    """Return a larger number each time: what came first, of all runs."""
    return next(_moments)


def beside(kind: str, visitor: str) -> str:
    """Return whose turn something takes that `visitor` has computed beside her own run, which may be a long one."""
    return f"{kind} of {visitor}"


def visitor_behind(turns_of: str) -> str:
    """Return the visitor whose turn, or whose turn `beside` her run, that is."""
    return turns_of.rpartition(" of ")[2]


class Waiting(Protocol):
    """What a queue has to know of a run, or of something shorter."""

    @property
    def visitor(self) -> str:
        """Whose turn it takes: a visitor's, or one `beside` her run."""

    @property
    def is_brief(self) -> bool:
        """Whether it takes a few seconds only, while somebody waits for it."""

    @property
    def state(self) -> State: ...

    @property
    def cores_used(self) -> int:
        """How many cores it keeps busy while it runs."""

    @property
    def gives_way(self) -> bool:
        """Whether it is about to queue again."""

    @property
    def keeps_turn(self) -> bool:
        """Whether it gave way to something brief only, in the middle of its turn, which goes on before others begin."""

    @property
    def queued_at(self) -> int:
        """The moment when it began to wait."""

    @property
    def computes_since(self) -> int:
        """The moment when it began to compute, 0 for never."""

    @property
    def turn_began(self) -> float:
        """The same in seconds of the registry's clock."""

    def go_on(self) -> None:
        """Compute: there are cores for it."""


@dataclass(frozen=True)
class Wait:
    """What a queued run waits for: `runs` that compute or come before it, about `seconds`, None while not known."""

    runs: int
    seconds: float | None


def expected_wait(
    job: Waiting,
    before: Sequence[Waiting],
    computing: Sequence[Waiting],
    cores: int,
    seconds_left: Callable[[Waiting], float | None],
    turn_left: Callable[[Waiting], float],
) -> Wait:
    """Return what `job` waits for, which comes after the queued runs `before` and those that are `computing`.

    Parameters
    ----------
    cores
        How many there are.
    seconds_left
        Estimates how long a run still computes; None while that is not known.
    turn_left
        After how many seconds a run gives its cores up to another visitor.
    """
    # The moments at which cores become free, and how many.
    freed: list[tuple[float, int]] = []
    now, free = 0.0, cores - sum(other.cores_used for other in computing)
    for other in (*computing, *before):
        left = seconds_left(other)
        if other.visitor != job.visitor:
            left = turn_left(other) if left is None else min(left, turn_left(other))
        if left is None:
            return Wait(len(before) + len(computing), None)
        if other.state == "queued":
            now, free = _when_free(other.cores_used, now, free, freed)
            free -= other.cores_used
        heapq.heappush(freed, (now + left, other.cores_used))
    now, _free = _when_free(job.cores_used, now, free, freed)
    return Wait(len(before) + len(computing), now)


def _when_free(cores: int, now: float, free: int, freed: list[tuple[float, int]]) -> tuple[float, int]:
    while free < cores and freed:
        moment, count = heapq.heappop(freed)
        now, free = max(now, moment), free + count
    return now, free
