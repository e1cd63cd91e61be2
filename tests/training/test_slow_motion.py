import itertools
import time

import numpy as np
import pytest
import torch

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.events import Step
from mnist_demo.training.loop import train
from mnist_demo.training.slow_motion import MAX_DETAIL_IMAGES, SlowMotion, StepDetail
from tests.waiting import PATIENCE, wait_until


def paused_job(registry: JobRegistry, hyperparameters: Hyperparameters, dataset: DigitDataset) -> Job:
    job = registry.start(Assignment(hyperparameters, dataset))
    wait_until(lambda: job.history.step_count > 0)
    job.pause()
    wait_until(lambda: job.state == "paused")
    return job


def watched_steps(hyperparameters: Hyperparameters, dataset: DigitDataset, count: int) -> list[tuple[Step, StepDetail]]:
    watching = SlowMotion()
    found: list[tuple[Step, StepDetail]] = []
    watching.watch_next_step()
    for event in train(build_model(hyperparameters), hyperparameters, dataset, slow_motion=watching):
        detail = watching.take_detail()
        if isinstance(event, Step) and detail is not None:
            found.append((event, detail))
            watching.watch_next_step()
        if len(found) == count:
            break
    return found


@pytest.mark.parametrize("model", ["linear", "scratch-linear"])
def test_step_detail_of_linear_model_is_the_gradient_written_out_by_hand(builtin: DigitDataset, model: str) -> None:
    hyperparameters = Hyperparameters(model=model, batch_size=20, shuffle=False)
    images = scale_pixels(builtin.train_pixels[:20]).reshape(20, 784).astype(np.float64)
    labels = builtin.train_labels[:20]
    (event, detail) = watched_steps(hyperparameters, builtin, 1)[0]
    weights, bias = (
        parameter.detach().numpy().astype(np.float64) for parameter in build_model(hyperparameters).parameters()
    )
    if model == "linear":
        weights = weights.T
    logits = images @ weights + bias
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    losses = -np.log(probabilities[np.arange(20), labels])
    gradient = images.T @ (probabilities - np.eye(10)[labels]) / 20
    assert np.allclose(detail.gradient.reshape(10, 784), gradient.T, atol=1e-5)
    assert np.allclose(detail.before.reshape(10, 784), weights.T, atol=1e-6)
    assert np.allclose(detail.after.reshape(10, 784), (weights - 0.5 * gradient).T, atol=1e-5)
    assert np.allclose(detail.losses, np.sort(losses)[::-1], atol=1e-4)
    assert detail.batch_loss == pytest.approx(event.train_loss, rel=1e-5)
    assert detail.batch_images == 20


def test_step_detail_shows_the_images_with_the_largest_losses_as_the_model_saw_them(builtin: DigitDataset) -> None:
    hyperparameters = Hyperparameters(batch_size=200, shuffle=False)
    (_event, detail) = watched_steps(hyperparameters, builtin, 1)[0]
    assert detail.images.shape == (MAX_DETAIL_IMAGES, 28, 28)
    assert (np.diff(detail.losses) <= 0).all()
    first = {image.tobytes() for image in builtin.train_pixels[:200]}
    assert all(image.tobytes() in first for image in detail.images)


@pytest.mark.parametrize(
    ("hyperparameters", "shape"),
    [
        (Hyperparameters(model="mlp", hidden_sizes=(12, 8), dropout=0.5, learning_rate=0.1), (12, 28, 28)),
        (Hyperparameters(model="convnet", dropout=0.5, optimizer="adamw", learning_rate=0.01), (24, 5, 5)),
    ],
)
def test_watching_a_step_of_a_network_changes_nothing_and_shows_its_first_layer(
    builtin: DigitDataset, hyperparameters: Hyperparameters, shape: tuple[int, ...]
) -> None:
    hyperparameters = hyperparameters.replace(training_size=100, batch_size=20, epochs=1)
    unwatched = [
        event.train_loss
        for event in train(build_model(hyperparameters), hyperparameters, builtin)
        if isinstance(event, Step)
    ]
    watched = watched_steps(hyperparameters, builtin, 5)
    assert [event.train_loss for event, _detail in watched] == unwatched
    # The detail is of the very step that was taken: with the same units dropped, its loss is that of the step.
    assert [detail.batch_loss for _event, detail in watched] == pytest.approx(unwatched, rel=1e-5)
    for (_event, detail), (_next_event, following) in itertools.pairwise(watched):
        assert detail.before.shape == detail.gradient.shape == shape
        assert (detail.after == following.before).all()
        assert (detail.after != detail.before).any()
    assert sum(np.prod(layer.shape) for layer in watched[0][1].layers) == sum(
        parameter.numel() for parameter in build_model(hyperparameters).parameters()
    )


def test_layers_of_a_step_have_the_norms_of_what_changed(builtin: DigitDataset) -> None:
    hyperparameters = Hyperparameters(model="mlp", hidden_sizes=(8,), learning_rate=0.25, batch_size=50)
    (_event, detail) = watched_steps(hyperparameters, builtin, 1)[0]
    assert [(layer.layer, layer.name, layer.shape) for layer in detail.layers] == [
        ("Linear", "weight", (8, 784)),
        ("Linear", "bias", (8,)),
        ("Linear", "weight", (10, 8)),
        ("Linear", "bias", (10,)),
    ]
    for layer in detail.layers:
        assert layer.update_norm == pytest.approx(0.25 * layer.gradient_norm, rel=1e-3)


def test_full_speed_watches_nothing(registry: JobRegistry, quick: Hyperparameters, builtin: DigitDataset) -> None:
    job = registry.start(Assignment(quick, builtin))
    assert job.wait(PATIENCE) == "finished"
    assert job.step_detail is None


def test_single_step_of_a_paused_job_tells_what_it_did(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    job = paused_job(registry, endless, builtin)
    for _again in range(2):
        job.step()
        assert job.step_detail is not None
        assert job.step_detail.step == job.history.step_count
        assert job.step_detail.batch_loss == pytest.approx(job.history.steps["train_loss"][-1], rel=1e-5)
        change = job.step_detail.before - endless.learning_rate * job.step_detail.gradient
        assert np.allclose(job.step_detail.after, change, atol=1e-7)


def test_slow_job_waits_between_steps_and_obeys_at_once_all_the_same(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    job = registry.start(Assignment(endless, builtin))
    wait_until(lambda: job.history.step_count > 0)
    # A step in 1,000 seconds: whatever is obeyed from here on is obeyed while the run waits for its next step.
    job.set_speed(0.001)
    job.pause(timeout=PATIENCE)
    wait_until(lambda: job.state == "paused", 0.1)
    done = job.history.step_count
    job.step(timeout=PATIENCE)
    assert job.history.step_count == done + 1
    job.resume()
    job.set_speed(None)
    wait_until(lambda: job.history.step_count > done + 200)
    job.set_speed(0.001)
    job.stop(timeout=PATIENCE)
    assert job.state == "stopped"


def test_waiting_in_slow_motion_is_not_training_time(
    registry: JobRegistry, quick: Hyperparameters, builtin: DigitDataset
) -> None:
    job = registry.start(Assignment(quick.replace(epochs=1, batch_size=600), builtin))
    job.set_speed(2)
    began = time.monotonic()
    assert job.wait(PATIENCE) == "finished"
    assert job.step_detail is not None
    # Three steps, of which two at least had to wait half a second.
    assert time.monotonic() - began > 0.5 > job.history.seconds


def test_slow_job_keeps_no_other_run_waiting(
    endless: Hyperparameters, quick: Hyperparameters, builtin: DigitDataset
) -> None:
    registry = JobRegistry(slots=1)
    try:
        slow = registry.start(Assignment(endless, builtin))
        other = registry.start(Assignment(quick, builtin))
        assert other.state == "queued"
        slow.set_speed(1)
        assert other.wait(PATIENCE) == "finished"
        assert slow.state == "running"
    finally:
        registry.close()


def test_pace_gives_every_step_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("mnist_demo.training.slow_motion.time.perf_counter", lambda: now)
    pace = SlowMotion()
    assert pace.seconds_to_wait() == 0
    pace.set_speed(5)
    assert pace.seconds_to_wait() == pytest.approx(0.2)
    now += 0.2 + 0.05  # the turn came, and the step took 0.05 s
    pace.note_step()
    assert pace.seconds_to_wait() == pytest.approx(0.15)
    now += 10  # a long evaluation
    assert pace.seconds_to_wait() == 0
    pace.note_step()
    assert pace.seconds_to_wait() == 0
    pace.note_step()
    assert pace.seconds_to_wait() == pytest.approx(0.2)
    pace.set_speed(None)
    assert pace.seconds_to_wait() == 0


def test_watching_leaves_no_gradient_and_no_random_state_behind(builtin: DigitDataset) -> None:
    hyperparameters = Hyperparameters(model="mlp", dropout=0.5)
    model = build_model(hyperparameters)
    images = torch.from_numpy(scale_pixels(builtin.train_pixels[:10]))
    labels = torch.from_numpy(builtin.train_labels[:10])
    before = torch.random.get_rng_state()
    SlowMotion().before_step(model, images, labels)
    assert (torch.random.get_rng_state() == before).all()
    assert all(parameter.grad is None for parameter in model.parameters())
