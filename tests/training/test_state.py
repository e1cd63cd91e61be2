"""A run that is interrupted and goes on must be the run that was never interrupted, bit for bit."""

import dataclasses
import itertools
import json
import pickle
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import CheckpointError
from mnist_demo.models.classifiers import Classifier, build_model
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.events import Epoch, Event, Started, Step
from mnist_demo.training.fine_tuning import ExtraImages
from mnist_demo.training.loop import Training, train
from mnist_demo.training.state import METADATA_KEY, TrainingState, read_progress
from tests.training.run_events import without_seconds

PLAIN = Hyperparameters(batch_size=64, epochs=2, training_size=200)  # 4 steps an epoch, the last one short
SETTINGS = {
    **{
        f"{model} {optimizer}": PLAIN.replace(model=model, optimizer=optimizer, learning_rate=0.02)
        for model in ("linear", "convnet")
        for optimizer in FIELDS["optimizer"].choice_names
    },
    "scratch-linear": PLAIN.replace(model="scratch-linear"),
    "in the order of the file": PLAIN.replace(shuffle=False),
    "dropout and everything that is random": PLAIN.replace(
        model="mlp",
        dropout=0.5,
        label_smoothing=0.1,
        augmentation=True,
        pen_variation=True,
        synthetic_digits=20,
        non_digits=30,
        validation_size=30,
    ),
    "one-cycle": PLAIN.replace(model="deep-convnet", optimizer="adamw", one_cycle=True, learning_rate=0.01),
}


def weights_of(model: Classifier) -> dict[str, list[float]]:
    return {name: tensor.flatten().tolist() for name, tensor in model.state_dict().items()}


def run_until(hyperparameters: Hyperparameters, dataset: DigitDataset, events: int) -> tuple[list[Event], Training]:
    training = train(build_model(hyperparameters), hyperparameters, dataset)
    return list(itertools.islice(training, events)), training


def saved_after(hyperparameters: Hyperparameters, dataset: DigitDataset, events: int) -> bytes:
    return run_until(hyperparameters, dataset, events)[1].state().to_bytes()


@pytest.mark.parametrize("hyperparameters", SETTINGS.values(), ids=SETTINGS.keys())
def test_resumed_training_goes_on_bit_for_bit_from_anywhere(
    hyperparameters: Hyperparameters, builtin: DigitDataset
) -> None:
    # Few test images: most of the time would go into evaluating the larger networks again and again.
    digits = dataclasses.replace(builtin, test_pixels=builtin.test_pixels[:60], test_labels=builtin.test_labels[:60])
    model = build_model(hyperparameters)
    straight = without_seconds(list(train(model, hyperparameters, digits)))
    # Before the first step, within an epoch, before its evaluation, after it, within the next one, at the end.
    assert isinstance(straight[0], Started)
    steps_per_epoch = straight[0].steps_per_epoch
    for stop in {1, 3, steps_per_epoch + 1, steps_per_epoch + 2, steps_per_epoch + 4, len(straight)}:
        begun, training = run_until(hyperparameters, digits, stop)
        state = TrainingState.from_bytes(training.state().to_bytes())
        for _event in training:
            pass  # what the first run goes on to do must not matter
        torch.rand(100)
        other = build_model(hyperparameters.replace(seed=7))
        resumed = list(train(other, hyperparameters, digits, resume_from=state))
        assert resumed[0] == begun[0]
        assert without_seconds([*begun, *resumed[1:]]) == straight
        assert weights_of(other) == weights_of(model)


def test_resumed_training_with_extra_images_goes_on_bit_for_bit(builtin: DigitDataset) -> None:
    images = np.random.default_rng(0).random((5, 28, 28), np.float32)
    extra = ExtraImages(images, np.arange(5), share=0.2)
    straight = without_seconds(list(train(build_model(PLAIN), PLAIN, builtin, extra)))
    training = train(build_model(PLAIN), PLAIN, builtin, extra)
    begun = list(itertools.islice(training, 4))
    state = training.state()
    resumed = list(train(build_model(PLAIN), PLAIN, builtin, extra, resume_from=state))
    assert without_seconds([*begun, *resumed[1:]]) == straight
    with pytest.raises(CheckpointError, match="only go on with the digits that it began with"):
        train(build_model(PLAIN), PLAIN, builtin, resume_from=state)


def test_resumed_training_counts_its_seconds_on(builtin: DigitDataset) -> None:
    begun, training = run_until(PLAIN, builtin, 4)
    assert isinstance(begun[-1], Step)
    resumed = list(train(build_model(PLAIN), PLAIN, builtin, resume_from=training.state()))
    assert isinstance(resumed[1], Step)
    assert resumed[1].seconds > begun[-1].seconds


@pytest.mark.parametrize("name", ["linear momentum", "dropout and everything that is random"])
def test_finished_training_goes_on_for_more_epochs_as_the_longer_run_would(name: str, builtin: DigitDataset) -> None:
    short = SETTINGS[name]
    longer = short.replace(epochs=short.epochs + 2)
    straight = without_seconds(list(train(build_model(longer), longer, builtin)))
    state = TrainingState.from_bytes(saved_after(short, builtin, 1000))
    assert state.progress.epochs_done == short.epochs
    resumed = without_seconds(list(train(build_model(longer), longer, builtin, resume_from=state)))
    assert resumed[0] == straight[0]
    assert resumed[1:] == straight[-len(resumed) + 1 :]
    assert [event.epoch for event in resumed if isinstance(event, Epoch)] == [3, 4]


def test_finished_one_cycle_training_goes_on_with_the_longer_schedule(builtin: DigitDataset) -> None:
    short = PLAIN.replace(one_cycle=True)
    longer = short.replace(epochs=4)
    rates = [event.learning_rate for event in train(build_model(longer), longer, builtin) if isinstance(event, Step)]
    state = TrainingState.from_bytes(saved_after(short, builtin, 1000))
    resumed = train(build_model(longer), longer, builtin, resume_from=state)
    assert [event.learning_rate for event in resumed if isinstance(event, Step)] == rates[8:]


def test_finished_training_with_the_same_epochs_has_nothing_left_to_do(builtin: DigitDataset) -> None:
    state = TrainingState.from_bytes(saved_after(PLAIN, builtin, 1000))
    assert [type(event) for event in train(build_model(PLAIN), PLAIN, builtin, resume_from=state)] == [Started]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"learning_rate": 0.1, "seed": 3}, "learning_rate, seed would change: start a new run"),
        ({"epochs": 1}, "in epoch 2 already"),
    ],
)
def test_resume_with_other_settings_raises(changes: dict[str, Any], sentence: str, builtin: DigitDataset) -> None:
    state = TrainingState.from_bytes(saved_after(PLAIN, builtin, 8))
    hyperparameters = PLAIN.replace(**changes)
    with pytest.raises(CheckpointError, match=sentence):
        train(build_model(hyperparameters), hyperparameters, builtin, resume_from=state)


def test_resume_with_other_digits_raises(builtin: DigitDataset) -> None:
    state = TrainingState.from_bytes(saved_after(PLAIN, builtin, 3))
    with pytest.raises(CheckpointError, match="only go on with the digits"):
        train(build_model(PLAIN), PLAIN, dataclasses.replace(builtin, digest="0" * 64), resume_from=state)


def test_read_progress_tells_how_far_a_run_had_come_without_its_tensors(builtin: DigitDataset) -> None:
    content = saved_after(PLAIN, builtin, 9)  # Started, 4 steps, Epoch, a step, Evaluation, a step
    progress = read_progress(content)
    assert (progress.step, progress.epochs_done, progress.images_seen, progress.images_counted) == (6, 1, 128, 128)
    assert progress == TrainingState.from_bytes(content).progress


def test_state_is_plain_safetensors_of_a_run_between_two_steps(builtin: DigitDataset) -> None:
    hyperparameters = PLAIN.replace(optimizer="adam", learning_rate=0.01)
    tensors = safetensors.torch.load(saved_after(hyperparameters, builtin, 3))
    assert tensors["model.layers.1.weight"].shape == (10, 784)
    assert tensors["optimizer.0.exp_avg_sq"].shape == (10, 784)
    assert tensors["optimizer.1.step"].item() == 2
    assert {name for name in tensors if name.startswith("random.")} == {
        "random.torch",
        "random.order",
        "random.variation",
        "random.mixing",
    }


def with_about(content: bytes, **changes: Any) -> bytes:
    """Return the state with other values in its header."""
    with_header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    about = json.loads(with_header["__metadata__"][METADATA_KEY])
    about.update(changes)
    return bytes(safetensors.torch.save(safetensors.torch.load(content), {METADATA_KEY: json.dumps(about)}))


def with_tensors(content: bytes, **changes: torch.Tensor) -> bytes:
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    tensors = safetensors.torch.load(content) | {name.replace("__", "."): value for name, value in changes.items()}
    return bytes(safetensors.torch.save(tensors, header["__metadata__"]))


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:100],
        lambda content: pickle.dumps({"step": 1}),
        lambda content: b"\xff" * 1000,
        lambda content: safetensors.torch.save({"model.weights": torch.zeros(3)}),
        lambda content: with_about(content, version=2),
        lambda content: with_about(content, hyperparameters={"model": "sorcery"}),
        lambda content: with_about(content, hyperparameters=[]),
        lambda content: with_about(content, progress={"step": 1, "hidden": 2}),
        lambda content: with_about(content, progress={"step": -1}),
        lambda content: with_about(content, progress={"step": 1.5}),
        lambda content: with_about(content, progress={"seconds": float("nan")}),
        lambda content: with_about(content, data_digest=None),
        lambda content: with_about(content, first_figures={"test_loss": "low"}),
    ],
)
def test_state_from_damaged_bytes_raises(damage: Any, builtin: DigitDataset) -> None:
    content = damage(saved_after(PLAIN, builtin, 3))
    with pytest.raises(CheckpointError, match=r"\.$"):
        TrainingState.from_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: with_tensors(content, model__layers__1__weight=torch.zeros(1)),
        lambda content: with_tensors(content, model__layers__1__bias=torch.zeros(10, dtype=torch.float64)),
        lambda content: with_tensors(content, model__more=torch.zeros(1)),
        lambda content: with_tensors(content, optimizer__0__momentum_buffer=torch.zeros(784, 10)),
        lambda content: with_tensors(content, random__order=torch.zeros(5056, dtype=torch.uint8)),
        lambda content: with_tensors(content, random__torch=torch.full((5056,), 255, dtype=torch.uint8)),
        lambda content: with_about(content, progress={"step": 3}),
        lambda content: with_about(content, progress={"step": 2, "images_seen": 100, "images_counted": 100}),
        lambda content: with_about(content, progress={"step": 2, "images_seen": 1000, "images_counted": 1000}),
    ],
)
def test_resume_from_a_state_that_does_not_fit_the_run_raises(damage: Any, builtin: DigitDataset) -> None:
    hyperparameters = PLAIN.replace(optimizer="momentum")
    state = TrainingState.from_bytes(damage(saved_after(hyperparameters, builtin, 3)))
    with pytest.raises(CheckpointError, match="damaged or incomplete"):
        train(build_model(hyperparameters), hyperparameters, builtin, resume_from=state)
