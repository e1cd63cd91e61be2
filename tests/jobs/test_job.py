import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.errors import HyperparameterError
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment, Weights
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.models.checkpoints import classifier_from_bytes
from mnist_demo.settings.hyperparameters import Hyperparameters
from tests import ROOT
from tests.waiting import PATIENCE, wait_until


def started(registry: JobRegistry, hyperparameters: Hyperparameters, dataset: DigitDataset) -> Job:
    job = registry.start(Assignment(hyperparameters, dataset))
    wait_until(lambda: job.history.step_count > 0)
    return job


def weights_of(job: Job) -> Weights:
    assert job.weights is not None
    return job.weights


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie is dead too; its parent, the fork server, may not have looked yet.
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def test_job_trains_in_another_process_to_the_end(
    registry: JobRegistry, quick: Hyperparameters, builtin: DigitDataset
) -> None:
    job = registry.start(Assignment(quick, builtin))
    wait_until(lambda: job.pid is not None)
    assert job.pid != os.getpid()
    assert job.wait(PATIENCE) == "finished"
    assert [epoch.epoch for epoch in job.history.epochs] == [1, 2]
    assert job.history.progress == 1
    assert job.detail == ""


def test_job_history_equals_that_of_training_in_this_process(
    registry: JobRegistry, quick: Hyperparameters, builtin: DigitDataset
) -> None:
    from mnist_demo.models.classifiers import build_model
    from mnist_demo.training.events import Step
    from mnist_demo.training.loop import train

    job = registry.start(Assignment(quick, builtin))
    job.wait(PATIENCE)
    here = [event.train_loss for event in train(build_model(quick), quick, builtin) if isinstance(event, Step)]
    assert list(job.history.steps["train_loss"]) == here


def test_job_weights_are_those_of_the_trained_model(
    registry: JobRegistry, quick: Hyperparameters, builtin: DigitDataset
) -> None:
    job = registry.start(Assignment(quick, builtin))
    job.wait(PATIENCE)
    assert weights_of(job).step == job.history.step_count
    classifier = classifier_from_bytes(weights_of(job).content, quick)
    predicted = classifier.predict_probabilities(scale_pixels(builtin.test_pixels)).argmax(axis=1)
    assert (predicted == builtin.test_labels).mean() == pytest.approx(job.history.test_accuracy)


def test_running_job_offers_newer_and_newer_weights(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    job = started(registry, endless, builtin)
    wait_until(lambda: job.weights is not None and job.weights.step > 0)
    before = weights_of(job).step
    wait_until(lambda: weights_of(job).step > before)
    assert job.state == "running"


def test_paused_job_does_nothing_until_it_is_resumed(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    job = started(registry, endless, builtin)
    job.pause()
    wait_until(lambda: job.state == "paused")
    steps = job.history.step_count
    time.sleep(0.3)
    assert job.history.step_count == steps
    assert weights_of(job).step == steps
    job.resume()
    wait_until(lambda: job.history.step_count > steps)
    assert job.state == "running"


def test_step_of_a_paused_job_is_one_batch_and_its_weights_arrive(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    job = started(registry, endless, builtin)
    job.pause()
    steps, weights = job.history.step_count, weights_of(job).content
    for expected in (steps + 1, steps + 2):
        job.step()
        assert job.history.step_count == expected
        assert weights_of(job).step == expected
    assert job.state == "paused"
    assert weights_of(job).content != weights


def test_step_over_the_end_of_an_epoch_measures_it_and_over_the_last_one_finishes(
    registry: JobRegistry, builtin: DigitDataset
) -> None:
    slow_start = Hyperparameters(model="convnet", batch_size=100, epochs=2, training_size=300)
    job = registry.start(Assignment(slow_start, builtin))
    wait_until(lambda: job.state == "running")
    job.pause(timeout=PATIENCE)
    while job.history.step_count < 3:
        job.step(PATIENCE)
    assert job.state == "paused"
    assert len(job.history.epochs) == 1
    for _ in range(3):
        job.step(PATIENCE)
    assert job.wait(PATIENCE) == "finished"
    assert len(job.history.epochs) == 2


def test_step_and_resume_of_a_running_job_change_nothing(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    job = started(registry, endless, builtin)
    job.step()
    job.resume()
    assert job.state == "running"


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="has no way to stop a process for a while")
@pytest.mark.parametrize("resumed", [False, True])
def test_step_that_takes_longer_than_its_caller_waits_is_awaited_and_done(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset, resumed: bool
) -> None:
    job = started(registry, endless, builtin)
    job.pause()
    assert job.pid is not None
    os.kill(job.pid, signal.SIGSTOP)  # as on a machine that has no core for it
    steps = job.history.step_count
    job.step(timeout=0.1)
    assert (job.history.step_count, job.is_active) == (steps, True)
    if resumed:
        job.resume()
    os.kill(job.pid, signal.SIGCONT)
    if resumed:
        wait_until(lambda: job.history.step_count > steps + 1)
        assert job.state == "running"
    else:
        wait_until(lambda: not job.is_active)
        assert (job.history.step_count, job.state) == (steps + 1, "paused")


@pytest.mark.parametrize("paused_first", [False, True])
def test_stopped_job_keeps_the_model_so_far(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset, paused_first: bool
) -> None:
    job = started(registry, endless, builtin)
    if paused_first:
        job.pause()
    job.stop()
    assert job.wait(PATIENCE) == "stopped"
    weights = weights_of(job)
    assert weights.step == job.history.step_count > 0
    assert job.pid is None
    predicted = classifier_from_bytes(weights.content, endless).predict_probabilities(scale_pixels(builtin.test_pixels))
    assert job.history.test_accuracy == pytest.approx((predicted.argmax(axis=1) == builtin.test_labels).mean())


def test_pausing_and_resuming_does_not_change_the_numbers(registry: JobRegistry, builtin: DigitDataset) -> None:
    hyperparameters = Hyperparameters(batch_size=10, epochs=8)
    straight = registry.start(Assignment(hyperparameters, builtin))
    interrupted = started(registry, hyperparameters, builtin)
    interrupted.pause()
    interrupted.step()
    interrupted.resume()
    assert straight.wait(PATIENCE) == interrupted.wait(PATIENCE) == "finished"
    assert straight.history.steps["train_loss"] == interrupted.history.steps["train_loss"]


def test_diverging_job_ends_as_diverged_and_says_where(registry: JobRegistry, builtin: DigitDataset) -> None:
    job = registry.start(Assignment(Hyperparameters(model="mlp", learning_rate=1e10), builtin))
    assert job.wait(PATIENCE) == "diverged"
    assert job.history.diverged is not None
    assert job.history.diverged.step == job.history.step_count + 1
    assert job.detail == job.history.diverged.message


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_job_whose_process_is_killed_ends_as_failed_and_the_next_one_works(
    registry: JobRegistry, endless: Hyperparameters, quick: Hyperparameters, builtin: DigitDataset
) -> None:
    job = started(registry, endless, builtin)
    assert job.pid is not None
    os.kill(job.pid, signal.SIGKILL)
    assert job.wait(PATIENCE) == "failed"
    assert "The training process ended unexpectedly (SIGKILL)" in job.detail
    assert job.history.step_count > 0
    assert job.weights is not None
    assert registry.start(Assignment(quick, builtin)).wait(PATIENCE) == "finished"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_paused_job_whose_process_is_killed_ends_as_failed(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    job = started(registry, endless, builtin)
    job.pause()
    assert job.pid is not None
    os.kill(job.pid, signal.SIGKILL)
    assert job.wait(PATIENCE) == "failed"


def test_start_with_more_images_than_there_are_raises_and_keeps_no_job(
    registry: JobRegistry, builtin: DigitDataset
) -> None:
    with pytest.raises(HyperparameterError, match="has 1,437 training images"):
        registry.start(Assignment(Hyperparameters(training_size=5000), builtin))
    assert registry.jobs() == []


def test_job_ids_cannot_be_guessed(registry: JobRegistry, quick: Hyperparameters, builtin: DigitDataset) -> None:
    ids = {registry.start(Assignment(quick, builtin)).id for _ in range(5)}
    assert len(ids) == 5
    assert all(len(job_id) >= 16 for job_id in ids)


def test_job_whose_process_cannot_be_started_fails_and_says_why(
    registry: JobRegistry, quick: Hyperparameters, builtin: DigitDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr("mnist_demo.jobs.computing.ChildProcess", fail)
    job = registry.start(Assignment(quick, builtin))
    assert (job.state, job.detail) == ("failed", "The training process could not be started: no more processes.")
    job.stop()
    assert job.pid is None


ORPHAN_MAKER = """
import time
from mnist_demo.data.builtin_digits import load_builtin
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import JobRegistry
if __name__ == "__main__":
    job = JobRegistry().start(Assignment(Hyperparameters(batch_size=10, epochs=1000), load_builtin()))
    while not job.history.step_count:
        time.sleep(0.01)
    print(job.pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(os.name == "nt", reason="asks by a signal whether a process is there")
def test_worker_ends_when_the_server_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(ORPHAN_MAKER)
    server = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert server.stdout is not None
    with server:
        worker = int(server.stdout.readline())
        assert exists(worker)
        server.kill()
    wait_until(lambda: not exists(worker))
