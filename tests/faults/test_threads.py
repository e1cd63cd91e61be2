"""Where there is no room for one more thread, whoever asks for one is told so, and all goes on when there is."""

import contextlib
import multiprocessing
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.insight.analysis_process import Question
from mnist_demo.insight.analyst import Analyst
from mnist_demo.jobs.estimate import Rates
from mnist_demo.jobs.estimator import CostEstimator
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.saved_runs.keeper import RunKeeper
from mnist_demo.saved_runs.store import RunStore
from tests.faults.runs import SETTINGS
from tests.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux’s limit of a thread’s size")
NO_ROOM = "can't start new thread"


@contextlib.contextmanager
def no_room_for_threads() -> Iterator[None]:
    threading.stack_size(2**46)  # more than any system has for a thread
    try:
        yield
    finally:
        threading.stack_size(0)


def test_run_says_so_and_leaves_no_process(builtin: DigitDataset) -> None:
    registry, before = JobRegistry(slots=1), multiprocessing.active_children()
    with no_room_for_threads():
        job = registry.start(Assignment(SETTINGS, builtin))
    assert job.state == "failed"
    assert job.detail == f"The training process could not be started: {NO_ROOM}."
    assert job.pid is None
    assert set(multiprocessing.active_children()) <= set(before)
    assert registry.start(Assignment(SETTINGS, builtin)).wait(PATIENCE) == "finished"
    registry.close()


def test_keeper_saves_that_run_and_the_next(builtin: DigitDataset, tmp_path: Path) -> None:
    registry, keeper = JobRegistry(slots=1), RunKeeper(RunStore(tmp_path / "runs"))
    first, second = (registry.start(Assignment(SETTINGS, builtin)) for _run in range(2))
    assert (first.wait(PATIENCE), second.wait(PATIENCE)) == ("finished", "finished")
    with no_room_for_threads(), pytest.raises(RuntimeError, match=NO_ROOM):
        keeper.note(first)
    keeper.note(second)
    assert keeper.flush()
    assert keeper.has_saved(first.id)
    assert keeper.has_saved(second.id)
    registry.close()


def test_analyst_answers_who_asks_next(builtin: DigitDataset) -> None:
    analyst, question = Analyst(), Question("statistics", builtin)
    for ask in (analyst.warm_up, lambda: analyst.ask(question)):
        with no_room_for_threads(), pytest.raises(RuntimeError, match=NO_ROOM):
            ask()
    assert analyst.wait(question, PATIENCE) is not None
    analyst.close()


def test_cost_is_measured_for_who_asks_next(builtin: DigitDataset) -> None:
    estimator = CostEstimator(measure=lambda *_asked: Rates(0.01, 0.001, 0.1))
    with no_room_for_threads(), pytest.raises(RuntimeError, match=NO_ROOM):
        estimator.ask(SETTINGS, builtin)
    wait_until(lambda: estimator.ask(SETTINGS, builtin).seconds is not None)
