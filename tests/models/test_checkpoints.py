"""Trained models as bytes and files: what is kept, and what is asked of it."""

import json
import os
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.data.synthetic_digits import draw_digits
from mnist_demo.errors import CheckpointError, ImageError
from mnist_demo.models.checkpoints import (
    METADATA_KEY,
    STARTER_PATH,
    TrainedClassifier,
    classifier_from_bytes,
    load_checkpoint,
    prepare_output,
    save_checkpoint,
    weights_to_bytes,
)
from mnist_demo.models.classifiers import Classifier, build_model
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.presets import PRESETS
from mnist_demo.training.loop import train

SETTINGS = [
    Hyperparameters(epochs=1),
    Hyperparameters(epochs=1, model="scratch-linear"),
    Hyperparameters(epochs=1, model="mlp", hidden_sizes=(32, 16), dropout=0.2, activation="gelu"),
    Hyperparameters(epochs=1, model="convnet", optimizer="adamw", learning_rate=0.01),
]
METRICS = {"test_accuracy": 0.9, "test_loss": 0.4}


def _trained(hyperparameters: Hyperparameters, dataset: DigitDataset) -> Classifier:
    model = build_model(hyperparameters)
    for _event in train(model, hyperparameters, dataset):
        pass
    return model


@torch.no_grad()
def _reference_probabilities(model: Classifier, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    model.eval()
    logits = model(torch.tensor(images)).double().numpy()
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@pytest.fixture
def images(builtin: DigitDataset) -> npt.NDArray[np.float32]:
    return scale_pixels(builtin.test_pixels[:50])


@pytest.fixture
def checkpoint(builtin: DigitDataset, tmp_path: Path) -> Path:
    """A file with an untrained linear model."""
    hyperparameters = Hyperparameters()
    return save_checkpoint(
        tmp_path / "model.safetensors", build_model(hyperparameters), hyperparameters, builtin, METRICS
    )


@pytest.mark.parametrize("hyperparameters", SETTINGS, ids=lambda hyperparameters: hyperparameters.model)
def test_save_checkpoint_then_load_checkpoint_gives_the_same_classifier(
    hyperparameters: Hyperparameters, builtin: DigitDataset, images: npt.NDArray[np.float32], tmp_path: Path
) -> None:
    model = _trained(hyperparameters, builtin)
    path = save_checkpoint(tmp_path / "new" / "folder" / "model.safetensors", model, hyperparameters, builtin, METRICS)
    for place in (path, str(path), path.parent):
        classifier = load_checkpoint(place)
        assert classifier.hyperparameters == hyperparameters
        assert classifier.metrics == METRICS
        probabilities = classifier.predict_probabilities(images)
        np.testing.assert_allclose(probabilities, _reference_probabilities(model, images), atol=1e-5)
    assert [file.name for file in path.parent.iterdir()] == ["model.safetensors"]


@pytest.mark.parametrize("hyperparameters", SETTINGS, ids=lambda hyperparameters: hyperparameters.model)
def test_classifier_from_bytes_is_a_copy_that_training_does_not_change(
    hyperparameters: Hyperparameters, builtin: DigitDataset, images: npt.NDArray[np.float32]
) -> None:
    model = build_model(hyperparameters)
    classifier = classifier_from_bytes(weights_to_bytes(model), hyperparameters)
    before = classifier.predict_probabilities(images)
    for _event in train(model, hyperparameters, builtin):
        pass
    np.testing.assert_array_equal(classifier.predict_probabilities(images), before)


def test_save_checkpoint_notes_data_and_settings_in_a_header_of_json(checkpoint: Path, builtin: DigitDataset) -> None:
    content = checkpoint.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    about = json.loads(header["__metadata__"][METADATA_KEY])
    assert about["dataset"] == {"name": "builtin", "digest": builtin.digest}
    assert about["hyperparameters"] == Hyperparameters().as_dict()
    assert about["figures"] == METRICS
    assert about["torch"] == torch.__version__


def test_predict_probabilities_of_more_than_a_batch_has_rows_that_sum_to_one(builtin: DigitDataset) -> None:
    model = build_model(Hyperparameters())
    images = scale_pixels(builtin.train_pixels[:1203])
    probabilities = TrainedClassifier(model, Hyperparameters()).predict_probabilities(images)
    assert probabilities.shape == (1203, 10)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(probabilities, _reference_probabilities(model, images), atol=1e-6)


def test_predict_probabilities_of_no_images_is_empty() -> None:
    classifier = TrainedClassifier(build_model(Hyperparameters()), Hyperparameters())
    assert classifier.predict_probabilities(np.zeros((0, 28, 28), np.float32)).shape == (0, 10)


@pytest.mark.parametrize("weight", [1e38, np.nan])
def test_predict_probabilities_of_a_diverged_model_sum_to_one(weight: float) -> None:
    model = build_model(Hyperparameters(model="scratch-linear"))
    with torch.no_grad():
        next(model.parameters()).fill_(weight)
    classifier = classifier_from_bytes(weights_to_bytes(model), Hyperparameters(model="scratch-linear"))
    probabilities = classifier.predict_probabilities(np.ones((2, 28, 28), np.float32))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((1, 28, 28), np.uint8), "array of float32 from 0 to 1, but are uint8"),
        ([[0.0]], "but are list"),
        (np.zeros((28, 28), np.float32), r"shape \(n, 28, 28\), but have \(28, 28\)"),
        (np.zeros((1, 1, 28, 28), np.float32), r"but have \(1, 1, 28, 28\)"),
        (np.full((1, 28, 28), 255, np.float32), "from 0 to 1, but hold 255 to 255"),
        (np.full((1, 28, 28), np.nan, np.float32), "from 0 to 1, but hold nan"),
    ],
)
def test_predict_probabilities_of_something_else_raises(images: npt.NDArray[np.float32], message: str) -> None:
    classifier = TrainedClassifier(build_model(Hyperparameters()), Hyperparameters())
    with pytest.raises(ImageError, match=message):
        classifier.predict_probabilities(images)


def test_classifier_from_bytes_of_a_linear_snapshot_is_quick() -> None:
    weights = weights_to_bytes(build_model(Hyperparameters()))
    durations = []
    for _attempt in range(20):
        began = time.perf_counter()
        classifier_from_bytes(weights, Hyperparameters())
        durations.append(time.perf_counter() - began)
    assert min(durations) < 0.002


def test_classifier_from_bytes_of_another_model_raises() -> None:
    weights = weights_to_bytes(build_model(Hyperparameters()))
    with pytest.raises(CheckpointError, match="not those of a model “mlp”"):
        classifier_from_bytes(weights, Hyperparameters(model="mlp"))


def test_load_checkpoint_of_nothing_raises(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none.safetensors"):
        with pytest.raises(CheckpointError, match="There is no checkpoint"):
            load_checkpoint(place)


def test_load_checkpoint_of_the_starter_answers_or_says_that_it_is_missing(images: npt.NDArray[np.float32]) -> None:
    if STARTER_PATH.exists():
        assert load_checkpoint("starter").predict_probabilities(images).shape == (50, 10)
    else:
        with pytest.raises(CheckpointError, match="without the starter model"):
            load_checkpoint("starter")


def test_starter_came_from_its_preset_and_is_small() -> None:
    starter = load_checkpoint("starter")
    preset = PRESETS["starter"].hyperparameters
    assert starter.hyperparameters == preset.replace(precision=starter.hyperparameters.precision)  # the machine's
    assert starter.metrics["test_accuracy"] >= 0.994
    assert STARTER_PATH.stat().st_size < 400_000


def test_starter_reads_mnist_as_its_header_says(mnist: DigitDataset) -> None:
    starter = load_checkpoint("starter")
    predicted = starter.predict_probabilities(scale_pixels(mnist.test_pixels)).argmax(axis=1)
    assert (predicted == mnist.test_labels).mean() == pytest.approx(starter.metrics["test_accuracy"], abs=0.0002)


@pytest.mark.parametrize("seed", [1, 2])
def test_starter_reads_synthetic_digits_it_has_not_seen(seed: int) -> None:
    pixels, labels = draw_digits(300, seed)
    predicted = load_checkpoint("starter").predict_probabilities(scale_pixels(pixels)).argmax(axis=1)
    assert (predicted == labels).mean() > 0.97


def test_save_checkpoint_on_a_full_disk_keeps_the_old_file_and_leaves_nothing(
    checkpoint: Path, builtin: DigitDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = checkpoint.read_bytes()

    def disk_is_full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_is_full)
    with pytest.raises(CheckpointError, match="No space left on device"):
        save_checkpoint(checkpoint, build_model(Hyperparameters()), Hyperparameters(), builtin, METRICS)
    assert checkpoint.read_bytes() == before
    assert list(checkpoint.parent.iterdir()) == [checkpoint]


def test_prepare_output_makes_the_folder_and_leaves_nothing_in_it(tmp_path: Path) -> None:
    assert prepare_output(tmp_path / "a" / "b") == tmp_path / "a" / "b" / "model.safetensors"
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_prepare_output_where_nothing_can_be_written_raises(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder" / "model.safetensors").mkdir(parents=True)
    for folder in ("file", "file/below", "folder"):
        with pytest.raises(CheckpointError, match="cannot be saved"):
            prepare_output(tmp_path / folder)
