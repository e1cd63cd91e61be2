"""What lasts as long as a run: its files; and its time, whatever the system's clock is set to meanwhile."""

import contextlib
import gc
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.files import KeptBytes
from mnist_demo.jobs import room
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.events import Epoch, Step
from mnist_demo.training.loop import train
from tests.browser.server import descendants
from tests.jobs.test_job import started
from tests.waiting import PATIENCE, wait_until

YEAR = 365 * 24 * 60 * 60


def forget(registry: JobRegistry, job: Job) -> None:
    registry.forget(job)


def make_room_for_others(registry: JobRegistry, job: Job) -> None:
    job.stop(PATIENCE)
    registry.require_room()


def open_files() -> set[tuple[int, int]]:
    """Return the files that this process and those that it has started have open, as the system tells them apart."""
    found = set()
    for pid in (os.getpid(), *descendants(os.getpid())):
        for name in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                found.add(identity(name.stat()))
            except OSError:
                continue  # closed meanwhile
    return found


def identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux’s /proc")
@pytest.mark.parametrize("drop", [forget, make_room_for_others])
def test_files_of_a_run_are_freed_when_it_is_dropped(
    drop: Callable[[JobRegistry, Job], None],
    monkeypatch: pytest.MonkeyPatch,
    endless: Hyperparameters,
    builtin: DigitDataset,
) -> None:
    monkeypatch.setattr(room, "MAX_ENDED", 0)
    registry = JobRegistry(slots=1, is_saved=lambda job: True)
    job = started(registry, endless.replace(model="mlp", hidden_sizes=(256, 256)), builtin)
    job.pause(PATIENCE)  # newest weights, and a saved point
    files = set()
    for content in (job.weights and job.weights.kept, job.training_state):
        assert isinstance(content, KeptBytes)
        files.add(identity(os.fstat(content.fileno())))
    del content
    assert len(files) == 2
    assert files <= open_files()
    drop(registry, job)
    assert registry.jobs() == []
    del job
    wait_until(lambda: gc.collect() >= 0 and not files & open_files())
    registry.close()


def test_clock_that_is_set_while_a_run_goes_on_changes_neither_its_time_nor_its_lease(
    monkeypatch: pytest.MonkeyPatch, quick: Hyperparameters, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    real, rng = time.time, random.Random(0)
    monkeypatch.setattr(time, "time", lambda: real() + rng.choice((-YEAR, YEAR)))
    began = time.perf_counter()
    seconds = [event.seconds for event in train(build_model(quick), quick, builtin) if isinstance(event, Step | Epoch)]
    assert seconds == sorted(seconds)
    assert 0 < seconds[-1] < time.perf_counter() - began
    registry = JobRegistry(slots=1, is_watcher_alive=lambda session: False)
    job = started(registry, endless, builtin)
    job.watch("just left")
    registry.reap()
    assert registry.get(job.id) is job
    job.stop(0.0)
    job.kill_if_stuck()  # which it is not yet
    assert job.wait(PATIENCE) == "stopped"
    assert job.training_state is not None
    registry.close()


def test_sessions_that_have_gone_are_not_asked_after_again(endless: Hyperparameters, builtin: DigitDataset) -> None:
    asked: list[str] = []

    def is_alive(session: str) -> bool:
        asked.append(session)
        return session == "session 8"

    with contextlib.closing(JobRegistry(slots=1)) as registry:
        job = registry.start(Assignment(endless, builtin))
        for number in range(9):
            job.watch(f"session {number}")
        for _time in range(2):
            job.seconds_unwatched(is_alive)
    assert asked.count("session 8") == 2
    assert len(asked) == 10
