import dataclasses
import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import HyperparameterError
from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.presets import PRESETS
from mnist_demo.training import loop
from mnist_demo.training.augmentation import augment
from mnist_demo.training.events import Diverged, Epoch, Evaluated, Event, Started, Step
from mnist_demo.training.loop import evaluate, evaluate_on_test, train
from mnist_demo.training.progress import is_evaluated
from tests.training.run_events import without_seconds


def run(hyperparameters: Hyperparameters, dataset: DigitDataset) -> list[Event]:
    return list(train(build_model(hyperparameters), hyperparameters, dataset))


def epochs_of(events: Sequence[Event]) -> list[Epoch]:
    return [event for event in events if isinstance(event, Epoch)]


@pytest.mark.parametrize("model", FIELDS["model"].choice_names)
def test_train_with_any_model_learns_the_builtin_digits(model: str, builtin: DigitDataset) -> None:
    by_hand = Hyperparameters(batch_size=50, epochs=3, training_size=500)
    hyperparameters = by_hand if "linear" in model else by_hand.replace(optimizer="adam", learning_rate=0.01)
    events = run(hyperparameters.replace(model=model), builtin)
    assert isinstance(events[0], Started)
    last = epochs_of(events)[-1]
    assert last.test_accuracy > max(0.6, events[0].test_accuracy + 0.3)


@pytest.mark.parametrize("optimizer", FIELDS["optimizer"].choice_names)
def test_train_with_any_optimizer_lowers_the_loss(optimizer: str, builtin: DigitDataset) -> None:
    hyperparameters = Hyperparameters(optimizer=optimizer, learning_rate=0.01, batch_size=50, training_size=500)
    losses = [epoch.train_loss for epoch in epochs_of(run(hyperparameters, builtin))]
    assert losses[-1] < losses[0] * 0.8


@pytest.mark.parametrize(
    "hyperparameters",
    [
        Hyperparameters(model="scratch-linear", epochs=1, training_size=300),
        Hyperparameters(model="mlp", dropout=0.3, augmentation=True, epochs=2, training_size=300, validation_size=50),
        Hyperparameters(model="mlp", pen_variation=True, synthetic_digits=20, epochs=2, training_size=300),
        Hyperparameters(
            model="convnet", optimizer="adamw", one_cycle=True, learning_rate=0.01, epochs=1, training_size=300
        ),
    ],
    ids=lambda hyperparameters: str(hyperparameters.model),
)
def test_train_with_the_same_seed_repeats_the_history_number_for_number(
    hyperparameters: Hyperparameters, builtin: DigitDataset
) -> None:
    first = without_seconds(run(hyperparameters, builtin))
    torch.rand(100)  # what else uses torch's global generator must not matter
    assert without_seconds(run(hyperparameters, builtin)) == first
    assert without_seconds(run(hyperparameters.replace(seed=1), builtin)) != first


def test_train_counts_every_image_and_weighs_the_short_last_batch_by_its_size(builtin: DigitDataset) -> None:
    events = run(Hyperparameters(batch_size=64, epochs=1, training_size=100), builtin)
    steps = [event for event in events if isinstance(event, Step)]
    assert [step.images for step in steps] == [64, 36]
    expected = (64 * steps[0].train_loss + 36 * steps[1].train_loss) / 100
    assert epochs_of(events)[0].train_loss == pytest.approx(expected)


def test_train_without_shuffle_takes_images_in_the_order_of_the_file(builtin: DigitDataset) -> None:
    hyperparameters = Hyperparameters(shuffle=False, batch_size=10, epochs=1, training_size=10)
    step = next(event for event in run(hyperparameters, builtin) if isinstance(event, Step))
    images = torch.from_numpy(builtin.train_pixels[:10].copy()) / 255
    logits = build_model(hyperparameters)(images)
    assert step.train_loss == pytest.approx(F.cross_entropy(logits, torch.from_numpy(builtin.train_labels[:10])).item())


def test_train_of_the_linear_model_equals_a_plain_torch_loop(builtin: DigitDataset) -> None:
    hyperparameters = Hyperparameters(shuffle=False, batch_size=100, epochs=2)
    # In double precision: in single, that loop is itself up to twice the tolerance away from what is exact.
    images = torch.from_numpy(builtin.train_pixels.copy()).double() / 255
    labels = torch.from_numpy(builtin.train_labels)
    reference = build_model(hyperparameters)
    assert isinstance(reference, torch.nn.Module)
    reference.double()
    optimizer = torch.optim.SGD(reference.parameters(), lr=0.5)
    losses = []
    for _ in range(2):
        for batch in range(0, len(images), 100):
            loss = F.cross_entropy(reference(images[batch : batch + 100]), labels[batch : batch + 100])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert [event.train_loss for event in run(hyperparameters, builtin) if isinstance(event, Step)] == pytest.approx(
        losses
    )


def test_train_holds_out_the_last_images_for_validation(builtin: DigitDataset) -> None:
    hyperparameters = Hyperparameters(epochs=1, validation_size=100)
    model = build_model(hyperparameters)
    last = epochs_of(list(train(model, hyperparameters, builtin)))[-1]
    pixels, labels = torch.from_numpy(builtin.train_pixels[-100:].copy()), torch.from_numpy(builtin.train_labels[-100:])
    assert (last.validation_loss, last.validation_accuracy) == evaluate(model, pixels, labels)


def test_train_without_held_out_images_has_no_validation_metrics(builtin: DigitDataset) -> None:
    last = epochs_of(run(Hyperparameters(epochs=1), builtin))[-1]
    assert last.validation_loss is None
    assert last.validation_accuracy is None


def test_train_with_synthetic_digits_adds_them_to_the_training_images(builtin: DigitDataset) -> None:
    hyperparameters = Hyperparameters(batch_size=10, epochs=1, training_size=100)
    without, added = (run(hyperparameters.replace(synthetic_digits=count), builtin) for count in (0, 30))
    started = [events[0] for events in (without, added)]
    assert [event.training_images for event in started if isinstance(event, Started)] == [100, 130]
    assert [sum(isinstance(event, Step) for event in events) for events in (without, added)] == [10, 13]


def test_train_with_copies_of_the_builtin_digits_adds_them_to_other_digits_only(builtin: DigitDataset) -> None:
    hyperparameters = Hyperparameters(batch_size=1000, epochs=1, training_size=100, builtin_copies=2)
    others = dataclasses.replace(builtin, name="folder")
    for dataset, expected in ((others, 100 + 2 * 1437), (builtin, 100)):
        started = run(hyperparameters, dataset)[0]
        assert isinstance(started, Started)
        assert started.training_images == expected


def test_train_with_pen_variation_sees_other_images(builtin: DigitDataset) -> None:
    hyperparameters = Hyperparameters(batch_size=50, epochs=1, training_size=100)
    plain, varied = (
        epochs_of(run(hyperparameters.replace(pen_variation=switch), builtin))[0] for switch in (False, True)
    )
    assert plain.train_loss != varied.train_loss


def test_train_with_one_cycle_raises_the_learning_rate_then_lowers_it(builtin: DigitDataset) -> None:
    hyperparameters = Hyperparameters(optimizer="adam", learning_rate=0.01, one_cycle=True, epochs=1, batch_size=10)
    rates = [event.learning_rate for event in run(hyperparameters, builtin) if isinstance(event, Step)]
    peak = rates.index(max(rates))
    assert max(rates) == pytest.approx(0.01, rel=0.01)
    assert 0 < peak < len(rates) / 2
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] < 0.0001


def test_train_with_one_cycle_and_a_single_step_works(builtin: DigitDataset) -> None:
    events = run(Hyperparameters(one_cycle=True, epochs=1, batch_size=10_000), builtin)
    assert sum(isinstance(event, Step) for event in events) == 1


def test_train_whose_loss_is_no_longer_finite_ends_as_diverged_and_says_what_to_try(builtin: DigitDataset) -> None:
    events = run(Hyperparameters(model="mlp", learning_rate=1e10, epochs=20), builtin)
    last = events[-1]
    assert isinstance(last, Diverged)
    finite = [event.train_loss for event in events if isinstance(event, Step)]
    assert all(math.isfinite(loss) for loss in finite)
    assert last.step == len(finite) + 1
    assert last.message.startswith(f"The loss is no longer a finite number at step {last.step} (epoch {last.epoch})")
    assert "learning rate 1e+10" in last.message
    assert "Try a learning rate of 0.1 or less" in last.message


def test_train_asking_for_more_images_than_there_are_raises_before_the_first_event(builtin: DigitDataset) -> None:
    hyperparameters = Hyperparameters(training_size=5000)
    with pytest.raises(HyperparameterError, match="has 1,437 training images"):
        next(train(build_model(hyperparameters), hyperparameters, builtin))


def test_evaluate_weighs_every_image_the_same_across_batches(builtin: DigitDataset) -> None:
    model = build_model(Hyperparameters())
    pixels = torch.from_numpy(np.concatenate([builtin.train_pixels, builtin.test_pixels]))
    labels = torch.from_numpy(np.concatenate([builtin.train_labels, builtin.test_labels]))
    logits = model(pixels / 255)
    loss, accuracy = evaluate(model, pixels, labels)
    assert len(labels) % 1000 != 0
    assert loss == pytest.approx(F.cross_entropy(logits, labels).item())
    assert accuracy == pytest.approx((logits.argmax(1) == labels).float().mean().item())


def test_augment_moves_ink_a_little_and_keeps_it_within_bounds(builtin: DigitDataset) -> None:
    images = torch.from_numpy(builtin.train_pixels[:200].copy()) / 255
    changed = augment(images, torch.Generator().manual_seed(0))
    assert changed.shape == images.shape
    assert changed.min() >= 0
    assert changed.max() <= 1.0001
    assert (changed - images).abs().mean() > 0.01
    assert changed.sum() == pytest.approx(images.sum().item(), rel=0.1)
    columns = torch.arange(28.0)

    def centre(batch: torch.Tensor) -> torch.Tensor:
        return (batch.sum(dim=1) * columns).sum(dim=1) / batch.sum(dim=(1, 2))

    assert (centre(changed) - centre(images)).abs().max() < 4.5
    assert torch.equal(changed, augment(images, torch.Generator().manual_seed(0)))


def test_tutorial_with_pytorch_reproduces_its_metrics_on_mnist(mnist: DigitDataset) -> None:
    last = epochs_of(run(PRESETS["tutorial-pytorch"].hyperparameters, mnist))[-1]
    assert last.test_accuracy == pytest.approx(0.914, abs=0.002)
    assert last.test_loss == pytest.approx(0.297, abs=0.005)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_tutorial_from_scratch_reproduces_its_metrics_on_mnist(mnist: DigitDataset, seed: int) -> None:
    last = epochs_of(run(PRESETS["tutorial-scratch"].hyperparameters.replace(seed=seed), mnist))[-1]
    assert last.test_accuracy == pytest.approx(0.892, abs=0.007)


def test_accuracies_between_epochs_are_measured_when_they_are_due_and_take_no_training_time(
    builtin: DigitDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = 0

    def evaluate_for_long(*asked: Any) -> tuple[float, float]:
        nonlocal measured
        measured += 1
        time.sleep(0.3)
        return evaluate_on_test(*asked)

    monkeypatch.setattr(loop, "evaluate_on_test", evaluate_for_long)
    events = run(Hyperparameters(batch_size=20, epochs=1), builtin)  # 72 steps
    between = [event for event in events if isinstance(event, Evaluated)]
    assert [event.step for event in between] == [step for step in range(1, 72) if is_evaluated(step, 72, 72)]
    assert {5, 10, 30} <= {event.step for event in between}
    assert measured > len(between)
    assert epochs_of(events)[-1].seconds < 0.3 * measured / 2


def test_learning_rate_of_50_jumps_around_on_mnist_and_explodes_with_weight_decay_as_its_help_says(
    mnist: DigitDataset,
) -> None:
    wild = PRESETS["tutorial-pytorch"].hyperparameters.replace(learning_rate=50)
    # 0.87 on one machine, 0.89 on another: where it lands hangs on the last bits. At the preset's rate it is 0.9144.
    assert 0.8 < epochs_of(run(wild, mnist))[-1].test_accuracy < 0.905
    assert "(try 50 with a weight decay of 0.1)" in FIELDS["learning_rate"].help
    assert isinstance(run(wild.replace(weight_decay=0.1), mnist)[-1], Diverged)


def test_losses_on_mnist_are_never_negative(mnist: DigitDataset) -> None:
    events = run(PRESETS["tutorial-scratch"].hyperparameters.replace(epochs=1), mnist)
    assert min(event.train_loss for event in events if isinstance(event, Step | Epoch)) >= 0
