"""A run that is asked for twice at once is one run."""

import threading
from collections.abc import Callable

import pytest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.orders import SAME_SECONDS, Orders
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.settings.hyperparameters import Hyperparameters


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def order(registry: JobRegistry, builtin: DigitDataset, endless: Hyperparameters) -> Callable[..., Job]:
    """Ask for a run that does not end by itself, as `visitor`, `seconds_later` than before, with other settings."""
    clock = Clock()
    orders = Orders(clock)

    def ask(visitor: str = "me", seconds_later: float = 0.0, **changes: object) -> Job:
        clock.now += seconds_later
        assignment = Assignment(endless.replace(**changes), builtin)
        return orders.start(visitor, assignment, lambda: registry.start(assignment, visitor=visitor))[0]

    return ask


def test_clicks_at_the_same_moment_start_one_run(order: Callable[..., Job]) -> None:
    jobs: list[Job] = []
    threads = [threading.Thread(target=lambda: jobs.append(order())) for _click in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(jobs) == 5
    assert len({job.id for job in jobs}) == 1


def test_another_run_is_started_for_other_settings_other_people_and_at_a_later_time(
    order: Callable[..., Job],
) -> None:
    first = order()
    assert order(seed=1) is not first
    assert order("somebody else") is not first
    first.wait_for(lambda: first.history.started is not None, 60)
    assert order() is first
    later = order(seconds_later=SAME_SECONDS)
    assert later is not first
    later.stop(30)
    assert order() is not later


def test_run_that_waits_for_its_turn_is_not_started_again_however_long_it_waits(order: Callable[..., Job]) -> None:
    order(seed=1), order(seed=2)  # there are two cores
    waiting = order(seed=3)
    assert order(seed=3, seconds_later=60) is waiting
