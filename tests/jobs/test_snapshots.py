"""Copies of a job at one moment, and jobs made of them."""

import threading

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment, Weights
from mnist_demo.jobs.observed_run import JobSnapshot
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.history import History
from mnist_demo.training.state import read_progress
from tests.jobs.test_job import started
from tests.waiting import PATIENCE


def test_snapshot_of_a_running_job_is_of_one_moment(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    job = started(registry, endless, builtin)
    for _ in range(300):
        history = job.snapshot().history
        assert len({len(column) for column in history.steps.values()}) == 1
    job.pause(PATIENCE)
    paused = job.snapshot()
    assert paused.training_state is not None
    assert paused.weights is not None
    steps = paused.history.step_count
    assert (paused.state, paused.weights.step, read_progress(paused.training_state).step) == ("paused", steps, steps)
    job.step(PATIENCE)
    assert job.history.step_count == steps + 1
    assert (paused.history.step_count, paused.weights.step) == (steps, steps)


def test_snapshot_waits_while_the_job_changes(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    job = started(registry, endless, builtin)
    taken = threading.Event()

    def take() -> None:
        job.snapshot()
        taken.set()

    thread = threading.Thread(target=take)

    def begin_and_look() -> bool:
        # The lock is held here, as it is while a report of the worker is noted.
        thread.start()
        return not taken.wait(0.2)

    assert job.wait_for(begin_and_look, 0)
    assert taken.wait(PATIENCE)
    thread.join()


def test_ended_job_is_what_its_snapshot_says_and_obeys_nothing(quick: Hyperparameters, builtin: DigitDataset) -> None:
    history = History()
    snapshot = JobSnapshot("stopped", "why", "cuda", history, Weights(3, b"three"), b"state")
    job = Job.ended(Assignment(quick, builtin), "an id", snapshot)
    for command in (job.pause, job.resume, job.step, job.stop, job.rest, job.kill):
        command()
    job.set_speed(2)
    assert (job.id, job.state, job.detail, job.device) == ("an id", "stopped", "why", "cuda")
    assert (job.history, job.weights, job.training_state) == (history, Weights(3, b"three"), b"state")
    assert (job.has_ended, job.is_active, job.pid, job.wait(0)) == (True, False, None, "stopped")
