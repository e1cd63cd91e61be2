"""Runs that were asked for a moment ago: whoever asks for the same once more, by a second click, gets that one."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment
from mnist_demo.training.fine_tuning import ExtraImages

# People click again when nothing has happened for so long.
SAME_SECONDS = 2.0


@dataclass(frozen=True, eq=False)
class _Order:
    assignment: Assignment
    job: Job
    moment: float


class Orders:
    """The newest orders of each visitor of a server. `start` may be called from any thread.

    Streamlit answers a second click in a thread of its own while the first is still being answered, and lets the first
    keep nothing more in the session: the run that it has just started would train with nobody to look at it.

    Parameters
    ----------
    clock
        Seconds, as ``time.monotonic``.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._orders: dict[str, list[_Order]] = {}

    def start(self, visitor: str, assignment: Assignment, start: Callable[[], Job]) -> tuple[Job, bool]:
        """Return the job that `start` starts for `assignment`, or the one that was; and whether it is a new one.

        It was where `visitor` asked for the same a moment ago, or it still waits or has not made its first step, and
        has not ended.
        """
        with self._lock:
            self._orders = {who: kept for who in self._orders if (kept := self._still_open(who))}
            mine = self._orders.setdefault(visitor, [])
            for order in mine:
                if _are_the_same(order.assignment, assignment):
                    return order.job, False
            job = start()
            mine.append(_Order(assignment, job, self._clock()))
            return job, True

    def _still_open(self, visitor: str) -> list[_Order]:
        return [
            order
            for order in self._orders[visitor]
            if not order.job.has_ended
            and (self._clock() - order.moment < SAME_SECONDS or order.job.history.started is None)
        ]


def _are_the_same(one: Assignment, other: Assignment) -> bool:
    return (
        one.hyperparameters == other.hyperparameters
        and one.dataset.digest == other.dataset.digest
        and one.initial_weights == other.initial_weights
        and one.resume_from == other.resume_from
        and one.device == other.device
        and one.changes == other.changes
        and _are_the_same_images(one.extra, other.extra)
    )


def _are_the_same_images(one: ExtraImages | None, other: ExtraImages | None) -> bool:
    if one is None or other is None:
        return one is other
    return (
        one.share == other.share
        and np.array_equal(one.images, other.images)
        and np.array_equal(one.labels, other.labels)
    )
