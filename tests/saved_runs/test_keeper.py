"""Runs are saved while they train: with real training processes, and a real folder."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.errors import RunError
from mnist_demo.jobs.computing import Here
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.observed_run import new_job_id
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.models.checkpoints import load_checkpoint_bytes
from mnist_demo.models.classifiers import build_model
from mnist_demo.saved_runs.keeper import RunKeeper
from mnist_demo.saved_runs.snapshots import Snapshot
from mnist_demo.saved_runs.store import RunStore
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.loop import train
from mnist_demo.training.state import read_progress
from tests.exports.exported_runs import in_korean

SLOW = Hyperparameters(model="mlp", batch_size=20, epochs=400, learning_rate=0.01)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs", limit_bytes=10**9)


@pytest.fixture
def keeper(store: RunStore) -> RunKeeper:
    return RunKeeper(store)


@pytest.fixture
def jobs(keeper: RunKeeper) -> Iterator[JobRegistry]:
    registry = JobRegistry(slots=2, on_saved_point=keeper.note)
    yield registry
    registry.close()


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for what another thread does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def end_of(job: Job, keeper: RunKeeper) -> str:
    """Wait until the job has ended and is saved; return the state."""
    state = job.wait(60)
    until(lambda: (found := keeper.store.find(job.id)) is not None and found.state == state)
    return state


def start(jobs: JobRegistry, keeper: RunKeeper, hyperparameters: Hyperparameters, dataset: DigitDataset) -> Job:
    job_id = new_job_id()
    keeper.expect(job_id, "me")
    return jobs.start(Assignment(hyperparameters, dataset), job_id=job_id)


def test_finished_run_is_saved_with_all_that_belongs_to_it(
    jobs: JobRegistry, keeper: RunKeeper, store: RunStore, quick: Hyperparameters, builtin: DigitDataset
) -> None:
    job = start(jobs, keeper, quick, builtin)
    assert end_of(job, keeper) == "finished"
    (listed,) = store.runs("me")
    record, content = store.load(job.id)
    assert listed == record
    assert (record.state, record.hyperparameters, record.dataset.digest) == ("finished", quick, builtin.digest)
    assert record.is_repeatable
    assert content.history.steps == job.history.steps
    assert content.history.epochs == job.history.epochs
    assert content.training_state == job.training_state
    classifier = load_checkpoint_bytes(content.model or b"", "saved")
    images = scale_pixels(builtin.test_pixels[:50])
    expected = build_model(quick)
    for _event in train(expected, quick, builtin):
        pass
    assert classifier.metrics["test_accuracy"] == job.history.test_accuracy
    assert (classifier.predict_probabilities(images).argmax(1) == builtin.test_labels[:50]).mean() > 0.8
    assert not store.is_trained_now(job.id)


def test_running_run_is_saved_at_saved_points_and_goes_on_from_there_bit_for_bit(
    jobs: JobRegistry, keeper: RunKeeper, store: RunStore, builtin: DigitDataset
) -> None:
    hyperparameters = SLOW.replace(epochs=6)
    job = start(jobs, keeper, hyperparameters, builtin)
    job.wait_for(lambda: job.history.step_count > 30, 60)
    job.pause(30)  # a saved point
    assert keeper.flush()
    record, content = store.load(job.id)
    assert record.state in ("running", "paused")
    assert store.is_trained_now(job.id)
    assert content.training_state is not None
    assert content.history.step_count == read_progress(content.training_state).step >= 30
    assert content.model is not None
    with pytest.raises(RunError, match="Another process is training this run"):
        RunKeeper(store).expect(job.id, "you")
    job.resume()
    assert job.wait(60) == "finished"

    # As after a restart: another registry, only what is on the disk.
    other = JobRegistry(slots=2)
    again = other.start(
        Assignment(hyperparameters, builtin, resume_from=content.training_state), history=content.history
    )
    assert again.wait(60) == "finished"
    other.close()
    for name in ("step", "train_loss", "train_accuracy", "learning_rate"):
        assert again.history.steps[name] == job.history.steps[name]
    assert [e.test_loss for e in again.history.epochs] == [e.test_loss for e in job.history.epochs]
    assert again.weights == job.weights


def test_run_whose_worker_is_killed_is_saved_at_its_last_saved_point(
    jobs: JobRegistry, keeper: RunKeeper, store: RunStore, builtin: DigitDataset
) -> None:
    job = start(jobs, keeper, SLOW, builtin)
    job.wait_for(lambda: job.history.step_count > 5, 60)
    job.pause(30)
    job.step(30)
    job.kill()
    assert end_of(job, keeper) == "failed"
    record, content = store.load(job.id)
    assert record.state == "failed"
    assert "ended unexpectedly" in record.detail
    assert content.training_state is not None
    assert content.history.step_count == read_progress(content.training_state).step > 5


def test_diverged_run_is_saved_without_a_model(
    jobs: JobRegistry, keeper: RunKeeper, store: RunStore, builtin: DigitDataset
) -> None:
    job = start(jobs, keeper, Hyperparameters(model="mlp", learning_rate=1e30), builtin)
    assert end_of(job, keeper) == "diverged"
    record, content = store.load(job.id)
    assert record.state == "diverged"
    assert (content.model, content.training_state) == (None, None)
    assert content.history.diverged == job.history.diverged


def test_run_without_a_step_is_not_saved(
    jobs: JobRegistry, keeper: RunKeeper, store: RunStore, builtin: DigitDataset
) -> None:
    jobs.computing = Here(cores=1)
    first, second = (start(jobs, keeper, SLOW, builtin) for _number in range(2))
    assert second.state == "queued"
    second.stop()
    keeper.note(second)
    keeper.flush()
    assert store.find(second.id) is None
    first.stop(20)


def test_run_that_cannot_be_saved_goes_on_and_says_why(
    tmp_path: Path, quick: Hyperparameters, builtin: DigitDataset
) -> None:
    home = tmp_path / "home"
    home.write_text("not a folder")
    keeper = RunKeeper(RunStore(home / "runs"))
    registry = JobRegistry(slots=2, on_saved_point=keeper.note)
    job = start(registry, keeper, quick, builtin)
    assert job.wait(60) == "finished"
    until(lambda: keeper.problem(job.id))
    assert "cannot be saved in" in keeper.problem(job.id)
    assert re.search("[가-힣]", in_korean(keeper.problem, job.id))
    assert job.weights is not None
    home.unlink()
    keeper.note(job)  # the disk is well again
    assert keeper.flush()
    assert keeper.problem(job.id) == ""
    assert keeper.store.find(job.id) is not None
    registry.close()


def test_run_that_was_deleted_while_it_trained_stays_deleted(
    jobs: JobRegistry, keeper: RunKeeper, store: RunStore, builtin: DigitDataset
) -> None:
    job = start(jobs, keeper, SLOW, builtin)
    job.wait_for(lambda: job.history.step_count > 0, 60)
    job.pause(30)
    keeper.flush()
    store.delete(job.id)
    job.stop(30)
    keeper.flush()
    assert store.find(job.id) is None


def test_snapshot_is_not_changed_by_what_comes_later(
    jobs: JobRegistry, keeper: RunKeeper, builtin: DigitDataset
) -> None:
    job = start(jobs, keeper, SLOW, builtin)
    job.wait_for(lambda: job.history.step_count > 0, 60)
    job.pause(30)
    snapshot = Snapshot.of(job)
    before = snapshot.history.step_count
    job.step(30)
    assert job.history.step_count == before + 1
    assert snapshot.history.step_count == before
