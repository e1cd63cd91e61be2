"""A new model is one class and one entry in the registry: the whole program can use it then."""

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

import mnist_demo.models
from mnist_demo.cli.main import main
from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.errors import HyperparameterError
from mnist_demo.exports.formats import build_export
from mnist_demo.exports.script import expected_output
from mnist_demo.insight.activations import first_layer_weights, layer_activations
from mnist_demo.insight.attribution import contributions
from mnist_demo.insight.comparison import format_setting
from mnist_demo.models.checkpoints import load_checkpoint
from mnist_demo.processes import core_count
from mnist_demo.settings.architectures import ARCHITECTURES, Architecture
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters, thread_count
from mnist_demo.settings.links import settings_from_address
from tests.exports.exported_runs import train_run

TINY = Architecture(
    "tiny-convnet",
    "Tiny convolutional network",
    "Eight filters and one layer of weights.",
    class_path="mnist_demo.models.tiny_convnet:TinyConvNet",
    hyperparameters=("dropout", "label_smoothing"),
    optimizers=("adam", "adamw"),
    is_convolutional=True,
    gains_by_second_thread=True,
)
SETTINGS = ("--model", "tiny-convnet", "--optimizer", "adam", "--learning-rate", "0.01", "--epochs", "4")


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add the model as one would: its class to the package of the models, and its entry to the registry."""
    path = [*mnist_demo.models.__path__, str(Path(__file__).parent / "added")]
    monkeypatch.setattr(mnist_demo.models, "__path__", path)
    monkeypatch.setitem(ARCHITECTURES, TINY.name, TINY)


@pytest.fixture
def tiny() -> Hyperparameters:
    return Hyperparameters(
        model="tiny-convnet", optimizer="adam", learning_rate=0.01, epochs=2, dropout=0.1, label_smoothing=0.1
    )


def test_seventh_model_is_a_choice_like_the_others(tiny: Hyperparameters) -> None:
    assert FIELDS["model"].choice_names[-1] == "tiny-convnet"
    assert format_setting("model", "tiny-convnet") == tiny.model_title == "Tiny convolutional network"
    assert tiny.uses("dropout")
    assert not tiny.uses("hidden_sizes")
    assert thread_count(tiny) == min(2, core_count())


def test_seventh_model_is_trained_saved_and_evaluated_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *SETTINGS, "--data", "builtin", "--output", str(tmp_path), "--no-keep", "--json"]) == 0
    epochs = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(epochs) == 4
    assert epochs[-1]["test_accuracy"] > 0.8

    assert main(["evaluate", str(tmp_path), "--data", "builtin", "--json"]) == 0
    evaluated = json.loads(capsys.readouterr().out)
    assert evaluated["test_accuracy"] == epochs[-1]["test_accuracy"]


def test_seventh_model_with_an_optimizer_that_it_cannot_have_is_refused_with_those_that_it_can() -> None:
    with pytest.raises(HyperparameterError, match=r"“Tiny convolutional network” cannot .* choose one of adam, adamw"):
        Hyperparameters(model="tiny-convnet", optimizer="momentum")

    hyperparameters, sentences = settings_from_address({"model": "tiny-convnet"})
    assert (hyperparameters.model, hyperparameters.optimizer, len(sentences)) == ("tiny-convnet", "adam", 1)


def test_seventh_model_is_exported_and_answers_the_same_everywhere(
    tiny: Hyperparameters, builtin: DigitDataset, tmp_path: Path
) -> None:
    run = train_run(tiny, builtin)
    images = scale_pixels(builtin.test_pixels[:30])
    expected = run.load_classifier().predict_probabilities(images)

    (tmp_path / "model.safetensors").write_bytes(build_export(run, "safetensors"))
    assert np.array_equal(load_checkpoint(tmp_path).predict_probabilities(images), expected)
    (answers,) = ReferenceEvaluator(onnx.load_model_from_string(build_export(run, "onnx"))).run(
        None, {"images": images}
    )
    assert answers == pytest.approx(expected, abs=1e-5)
    script = build_export(run, "script").decode()
    assert "class TinyConvNet(" in script
    assert "mnist_demo" not in script
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(compile(script, "repeat_run.py", "exec"), {"__name__": "__main__"})
    assert output.getvalue() == expected_output(run)


def test_seventh_model_can_be_looked_into(tiny: Hyperparameters, builtin: DigitDataset) -> None:
    classifier = train_run(tiny.replace(epochs=1), builtin).load_classifier()
    image = scale_pixels(builtin.test_pixels[:1])[0]

    assert first_layer_weights(classifier).shape == (8, 5, 5)
    assert [layer.kind for layer in layer_activations(classifier, image)] == ["convolution", "logits"]
    assert contributions(classifier, image, 3).any()
