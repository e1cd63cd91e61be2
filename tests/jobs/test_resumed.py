"""Training states on their way from a real worker to the page's process, and from there into another worker."""

import logging
import os
import signal
import threading

import pytest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import CheckpointError
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.models.checkpoints import classifier_from_bytes
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.state import read_progress
from tests.jobs.test_job import started
from tests.waiting import PATIENCE, wait_until

RANDOM = Hyperparameters(
    model="mlp", optimizer="adam", learning_rate=0.003, dropout=0.2, augmentation=True, batch_size=20, epochs=3
)


def test_job_resumed_from_a_stopped_one_gives_what_an_uninterrupted_run_gives(
    registry: JobRegistry, builtin: DigitDataset
) -> None:
    straight = registry.start(Assignment(RANDOM, builtin))
    first = started(registry, RANDOM, builtin)
    first.pause(PATIENCE)
    for _ in range(75):  # into the second epoch
        first.step(PATIENCE)
    first.stop(PATIENCE)
    assert first.training_state is not None
    assert read_progress(first.training_state).step == first.history.step_count < 216
    resumed = registry.start(Assignment(RANDOM, builtin, resume_from=first.training_state), history=first.history)
    assert resumed.wait(PATIENCE) == straight.wait(PATIENCE) == "finished"
    for name in ("step", "train_loss", "train_accuracy", "learning_rate", "images"):
        assert resumed.history.steps[name] == straight.history.steps[name]
    metrics = [[(e.epoch, e.step, e.test_loss) for e in job.history.epochs] for job in (resumed, straight)]
    assert metrics[0] == metrics[1]
    assert resumed.weights == straight.weights
    assert resumed.history.started == straight.history.started
    assert resumed.history.stopped is None
    assert first.history.stopped is not None


def test_paused_job_has_the_state_of_its_newest_step(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    job = started(registry, endless, builtin)
    job.pause(PATIENCE)
    assert job.training_state is not None
    assert read_progress(job.training_state).step == job.history.step_count
    job.step(PATIENCE)
    assert read_progress(job.training_state).step == job.history.step_count


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_running_job_whose_process_dies_can_go_on_from_its_last_saved_point(
    registry: JobRegistry, builtin: DigitDataset
) -> None:
    hyperparameters = Hyperparameters(batch_size=10, epochs=30)
    job = started(registry, hyperparameters, builtin)
    job.pause(PATIENCE)
    saved = job.history.step_count
    job.set_speed(100)  # at full speed it may be over before it is killed
    job.resume()
    wait_until(lambda: job.history.step_count > saved)
    assert job.pid is not None
    os.kill(job.pid, signal.SIGKILL)
    assert job.wait(PATIENCE) == "failed"
    assert job.training_state is not None
    lost = job.history.step_count
    resumed = registry.start(Assignment(hyperparameters, builtin, resume_from=job.training_state), history=job.history)
    assert resumed.history.step_count >= saved
    assert resumed.history.step_count < lost
    assert resumed.wait(PATIENCE) == "finished"
    assert list(resumed.history.steps["step"]) == list(range(1, 144 * 30 + 1))
    assert [epoch.epoch for epoch in resumed.history.epochs] == list(range(1, 31))


def test_finished_job_goes_on_for_more_epochs(
    registry: JobRegistry, quick: Hyperparameters, builtin: DigitDataset
) -> None:
    job = registry.start(Assignment(quick, builtin))
    job.wait(PATIENCE)
    longer = registry.start(
        Assignment(quick.replace(epochs=4), builtin, resume_from=job.training_state), history=job.history
    )
    assert longer.wait(PATIENCE) == "finished"
    assert [epoch.epoch for epoch in longer.history.epochs] == [1, 2, 3, 4]
    assert longer.history.progress == 1
    assert [epoch.epoch for epoch in job.history.epochs] == [1, 2]


def test_queued_job_that_is_to_go_on_keeps_its_state_when_it_is_stopped(
    quick: Hyperparameters, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    registry = JobRegistry(slots=1)
    try:
        first = registry.start(Assignment(quick, builtin))
        first.wait(PATIENCE)
        registry.start(Assignment(endless, builtin))
        waiting = registry.start(Assignment(quick, builtin, resume_from=first.training_state), history=first.history)
        waiting.stop()
        assert waiting.training_state == first.training_state
        assert waiting.history.epochs == first.history.epochs
    finally:
        registry.close()


def test_start_from_damaged_bytes_raises_and_keeps_no_job(
    registry: JobRegistry, quick: Hyperparameters, builtin: DigitDataset
) -> None:
    with pytest.raises(CheckpointError, match="damaged or incomplete"):
        registry.start(Assignment(quick, builtin, resume_from=b"nothing of the kind"))
    assert registry.jobs() == []


def test_job_resumed_with_other_settings_fails_and_says_which(
    registry: JobRegistry, quick: Hyperparameters, builtin: DigitDataset
) -> None:
    job = registry.start(Assignment(quick, builtin))
    job.wait(PATIENCE)
    other = registry.start(Assignment(quick.replace(batch_size=10), builtin, resume_from=job.training_state))
    assert other.wait(PATIENCE) == "failed"
    assert "batch_size would change" in other.detail


def test_registry_tells_of_every_saved_point_and_of_the_end(quick: Hyperparameters, builtin: DigitDataset) -> None:
    told: list[tuple[str, int]] = []
    over = threading.Event()

    def note(job: Job) -> None:
        assert job.training_state is not None
        told.append((job.state, read_progress(job.training_state).step))
        if job.has_ended:
            over.set()

    registry = JobRegistry(slots=2, on_saved_point=note)
    try:
        job = registry.start(Assignment(quick.replace(epochs=200), builtin))
        wait_until(lambda: job.history.step_count > 0)
        job.pause(PATIENCE)
        paused_at = job.history.step_count
        job.stop(PATIENCE)
        assert over.wait(PATIENCE)
        assert told[0][1] == paused_at
        assert told[-1] == ("stopped", job.history.step_count)
    finally:
        registry.close()


def test_fault_in_what_keeps_saved_points_is_logged_and_ends_no_run(
    quick: Hyperparameters, builtin: DigitDataset, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(job: Job) -> None:
        raise OSError("the disk is full")

    registry = JobRegistry(slots=2, on_saved_point=fail)
    try:
        job = registry.start(Assignment(quick, builtin))
        assert job.wait(PATIENCE) == "finished"
        assert job.weights is not None
        assert classifier_from_bytes(job.weights.content, quick)
        wait_until(lambda: "the disk is full" in caplog.text)
        assert caplog.records[0].levelno == logging.ERROR
    finally:
        registry.close()
