import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from mnist_demo.cli.main import main
from mnist_demo.data.dataset import DigitDataset
from mnist_demo.data.non_digits import TESTING_KINDS, draw_non_digits
from mnist_demo.errors import CheckpointError
from mnist_demo.models.checkpoints import TrainedClassifier, load_checkpoint
from mnist_demo.models.classifiers import build_model
from mnist_demo.rejection.calibration import Calibration, Detector, judge
from mnist_demo.rejection.calibration_files import (
    METADATA_KEY,
    STARTER_CALIBRATION_PATH,
    load_calibration,
    load_starter_calibration,
    save_calibration,
)
from mnist_demo.rejection.fitting import calibrate
from mnist_demo.settings.hyperparameters import Hyperparameters


@pytest.fixture
def classifier() -> TrainedClassifier:
    hyperparameters = Hyperparameters(model="mlp", hidden_sizes=(16,))
    return TrainedClassifier(build_model(hyperparameters), hyperparameters)


def some_calibration() -> Calibration:
    random = np.random.default_rng(0)
    shapes = ((16, 8), (8,), (8,), (1,))
    return Calibration(1.25, -2.5, Detector(*(random.normal(size=shape).astype(np.float32) for shape in shapes)))


def test_saved_calibration_is_loaded_unchanged(classifier: TrainedClassifier, tmp_path: Path) -> None:
    calibration = some_calibration()
    path = save_calibration(tmp_path / "c.safetensors", calibration, classifier, {"digits_refused": 0.01})
    loaded = load_calibration(path, classifier)
    assert (loaded.temperature, loaded.threshold) == (1.25, -2.5)
    assert loaded.detector is not None
    assert calibration.detector is not None
    for field in dataclasses.fields(Detector):
        assert np.array_equal(getattr(loaded.detector, field.name), getattr(calibration.detector, field.name))


def test_calibration_of_another_model_is_not_loaded(classifier: TrainedClassifier, tmp_path: Path) -> None:
    path = save_calibration(tmp_path / "c.safetensors", some_calibration(), classifier, {})
    hyperparameters = classifier.hyperparameters.replace(seed=1)
    with pytest.raises(CheckpointError, match="was fitted for another model"):
        load_calibration(path, TrainedClassifier(build_model(hyperparameters), hyperparameters))


def _file(path: Path, tensors: dict[str, Any] | None = None, **changes: Any) -> Path:
    detector = some_calibration().detector
    assert detector is not None
    about = {"version": 1, "temperature": 1.0, "threshold": 0.0, "model": "ab", "figures": {}, **changes}
    whole = {**{field.name: getattr(detector, field.name) for field in dataclasses.fields(Detector)}, **(tensors or {})}
    path.write_bytes(safetensors.numpy.save(whole, {METADATA_KEY: json.dumps(about)}))
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"temperature": 0.0},
        {"temperature": float("nan")},
        {"threshold": "0"},
        {"threshold": None},
        {"model": 3},
        {"tensors": {"hidden_bias": np.zeros(9, np.float32)}},
        {"tensors": {"hidden_weights": np.zeros(16, np.float32)}},
        {"tensors": {"output_bias": np.array([np.nan], np.float32)}},
        {"tensors": {"output_bias": np.zeros(1, np.float64)}},
        {"tensors": {"more": np.zeros(1, np.float32)}},
    ],
    ids=str,
)
def test_invalid_calibration_file_raises(
    changes: dict[str, Any], classifier: TrainedClassifier, tmp_path: Path
) -> None:
    with pytest.raises(CheckpointError, match="is damaged, or was not written by"):
        load_calibration(_file(tmp_path / "c", **changes), classifier)


@pytest.mark.parametrize("content", [b"", b"x" * 5, b"\xff" * 1000, bytes(2_000_000)], ids=len)
def test_calibration_file_of_other_bytes_raises(content: bytes, classifier: TrainedClassifier, tmp_path: Path) -> None:
    path = tmp_path / "c"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="is damaged, or was not written by"):
        load_calibration(path, classifier)


def test_calibration_file_that_is_missing_raises(classifier: TrainedClassifier, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_calibration(tmp_path / "none", classifier)


def test_starter_calibration_belongs_to_the_starter_and_rejects_unseen_kinds() -> None:
    assert STARTER_CALIBRATION_PATH.stat().st_size < 60_000
    calibration, classifier = load_starter_calibration(), load_checkpoint("starter")
    drawings = np.concatenate(list(draw_non_digits(TESTING_KINDS, 20, seed=1).values()))
    assert judge(classifier, calibration, drawings).is_digit.mean() < 0.06


def test_calibrate_command_fits_measures_and_saves(
    builtin: DigitDataset, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnist_demo.rejection.fitting.NON_DIGITS", 300)
    monkeypatch.setattr("mnist_demo.rejection.fitting.PICTURES_OF_DIGITS", 50)
    monkeypatch.setattr("mnist_demo.rejection.fitting.DRAWINGS_A_KIND", 10)
    path = tmp_path / "c.safetensors"
    assert main(["calibrate", "starter", "--data", "builtin", "--output", str(path), "--json"]) == 0
    metrics = json.loads(capsys.readouterr().out)
    assert {"temperature", "digits_refused", "shapes_refused", "letters_refused", *TESTING_KINDS} <= set(metrics)
    classifier = load_checkpoint("starter")
    assert load_calibration(path, classifier).temperature == metrics["temperature"]
    assert calibrate(classifier, builtin) == metrics


def test_calibrate_command_without_a_checkpoint_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "nowhere"]) == 2
    assert "There is no checkpoint nowhere" in capsys.readouterr().err
