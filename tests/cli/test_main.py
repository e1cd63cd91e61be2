"""The command line: most through `main`, and what only a process of its own shows through one."""

import json
import math
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mnist_demo.cli.common import Parser, run_command
from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.models.checkpoints import load_checkpoint
from mnist_demo.models.classifiers import build_model
from mnist_demo.saved_runs.store import RunStore
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.presets import PRESETS
from mnist_demo.training.loop import train
from mnist_demo.training.state import read_progress
from tests import ROOT
from tests.cli.conftest import Run, json_lines

COMMAND = [sys.executable, "-m", "mnist_demo"]


def test_train_json_prints_one_object_a_line_for_each_epoch(run: Run, builtin: DigitDataset) -> None:
    status, out, err = run("train", "--data", "builtin", "--epochs", 3, "--json")
    lines = json_lines(out)
    assert (status, err) == (0, "")
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    hyperparameters = PRESETS["tutorial-pytorch"].hyperparameters.replace(epochs=3)
    events = [
        event
        for event in train(build_model(hyperparameters), hyperparameters, builtin)
        if type(event).__name__ == "Epoch"
    ]
    for name in ("train_loss", "test_loss", "test_accuracy"):
        assert [line[name] for line in lines] == [getattr(event, name) for event in events]
    seconds = [line["seconds"] for line in lines]
    assert 0 < seconds[0] < seconds[1] < seconds[2]


def test_train_without_json_prints_a_table(run: Run) -> None:
    status, out, _err = run("train", "--data", "builtin", "--epochs", 2, "--validation-size", 100)
    header, *rows = out.splitlines()
    assert status == 0
    assert "Test accuracy" in header
    assert "Validation" in header
    assert [row.split()[0] for row in rows] == ["1", "2"]


def test_train_table_writes_percentages_and_aligns_titles_as_its_language_does(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = ("train", "--data", "builtin", "--epochs", 1, "--no-keep")
    _header, english = run(*flags)[1].splitlines()
    monkeypatch.setenv("MNIST_DEMO_LANGUAGE", "ko")
    header, korean = run(*flags)[1].splitlines()
    accuracy = re.search(r"\d+\.\d\d %", english)
    assert accuracy
    assert accuracy[0].replace(" ", "") in korean.split()
    # Two characters for each letter that takes two columns: then both lines end in the same column.
    assert len(re.sub("[가-힣]", "..", header)) == len(korean) == len(english)


def test_train_output_saves_a_model_with_the_settings_of_the_flags(run: Run, tmp_path: Path) -> None:
    flags = ["--preset", "small-network", "--learning-rate", "0.002", "--hidden-sizes", "32,16", "--no-shuffle"]
    flags += ["--one-cycle", "--training-size", "all", "--epochs", "1", "--activation", "tanh"]
    status, out, err = run("train", *flags, "--data", "builtin", "--output", tmp_path / "new", "--json")
    classifier = load_checkpoint(tmp_path / "new")
    assert status == 0
    assert str(tmp_path / "new" / "model.safetensors") in err
    changes = {"learning_rate": 0.002, "hidden_sizes": (32, 16), "shuffle": False, "one_cycle": True, "epochs": 1}
    changes["activation"] = "tanh"
    assert classifier.hyperparameters == PRESETS["small-network"].hyperparameters.replace(**changes)
    assert classifier.metrics["test_accuracy"] == json_lines(out)[-1]["test_accuracy"]


def test_train_takes_a_preset_by_the_name_that_it_had_before(run: Run, tmp_path: Path) -> None:
    flags = ["--training-size", "20", "--epochs", "1", "--data", "builtin", "--output", tmp_path / "new"]
    status, _out, _err = run("train", "--preset", "convnet-in-half-a-minute", *flags)
    assert status == 0
    assert load_checkpoint(tmp_path / "new").hyperparameters.model == "wide-convnet"


def test_train_help_tells_of_every_hyperparameter(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run("train", "--help")
    text = capsys.readouterr().out
    assert caught.value.code == 0
    for name in FIELDS:
        assert f"--{name.replace('_', '-')}" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("train --epochs 0", "Epochs must be a whole number from 1 to 1,000, but is “0”."),
        ("train --learning-rate fast", "Learning rate must be a number"),
        ("train --model forest", "Model must be one of scratch-linear, linear, mlp, convnet"),
        ("train --hidden-sizes 1,2,x", "Hidden layers must be 1 to 5 whole numbers"),
        ("train --preset slow", "invalid choice: 'slow' (choose from 'tutorial-pytorch'"),
        ("train --model scratch-linear --optimizer adam", "choose optimizer SGD"),
        ("train --data builtin --training-size 5000", "has 1,437 training images"),
        ("train --data /nowhere", "There is no folder /nowhere"),
        ("train --data builtin --output pyproject.toml", "cannot be saved as pyproject.toml"),
        ("train --epoch 3", "unrecognized arguments: --epoch 3"),
        ("train --json=yes", "ignored explicit argument"),
        (
            "trane",
            "invalid choice: 'trane' (choose from 'train', 'evaluate', 'classify', 'calibrate', 'runs', 'cluster',",
        ),
        ("", "arguments are required: COMMAND"),
        ("evaluate", "arguments are required: CHECKPOINT"),
        ("evaluate nowhere", "There is no checkpoint nowhere"),
        ("evaluate pyproject.toml", "pyproject.toml is not a checkpoint that can be loaded"),
        ("classify starter", "arguments are required: IMAGE"),
        ("classify pyproject.toml digit.png", "pyproject.toml is not a checkpoint that can be loaded"),
    ],
)
def test_bad_input_is_one_line_on_stderr_and_status_two(
    arguments: str, message: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    status, out, err = run(*arguments.split())
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_command_for_which_there_is_not_enough_memory_says_so_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    parser = Parser()
    parser.set_defaults(run=lambda arguments: torch.empty(2**50))  # more than any machine has
    assert run_command(parser, []) == 2
    err = capsys.readouterr().err
    assert "There was not enough memory" in err
    assert err.count("\n") == 1


def test_train_that_diverges_says_so_and_saves_nothing(run: Run, tmp_path: Path) -> None:
    flags = ["--model", "mlp", "--hidden-sizes", "64,64,64", "--learning-rate", 1000, "--data", "builtin", "--json"]
    status, out, err = run("train", *flags, "--output", tmp_path)
    assert status == 2
    assert "Try a learning rate of" in err
    assert err.count("\n") == 1
    for line in json_lines(out):
        assert math.isfinite(line["test_loss"])
    assert list(tmp_path.iterdir()) == []


def test_evaluate_agrees_with_the_predictions(run: Run, checkpoint: Path, builtin: DigitDataset) -> None:
    status, out, err = run("evaluate", checkpoint.parent, "--data", "builtin", "--json")
    probabilities = load_checkpoint(checkpoint).predict_probabilities(scale_pixels(builtin.test_pixels))
    hyperparameters = probabilities[np.arange(360), builtin.test_labels].astype(np.float64)
    (line,) = json_lines(out)
    assert (status, err) == (0, "")
    assert line["test_accuracy"] == (probabilities.argmax(axis=1) == builtin.test_labels).mean()
    assert line["test_loss"] == pytest.approx(-np.log(hyperparameters).mean(), rel=1e-4)
    assert line["images"] == 360


def test_evaluate_without_json_prints_a_sentence(run: Run, checkpoint: Path) -> None:
    status, out, _err = run("evaluate", checkpoint, "--data", "builtin")
    assert status == 0
    assert out.startswith("Test accuracy 9")
    assert "360 images" in out


def _environment() -> dict[str, str]:
    return {**os.environ, "MNIST_DEMO_DATA": "builtin", "PYTHONWARNINGS": "error"}


def test_command_help_does_not_wait_for_torch() -> None:
    finished = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "mnist_demo", "train", "--help"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert finished.returncode == 0
    imported = {line.rsplit("|", 1)[-1].strip() for line in finished.stderr.splitlines()}
    assert imported.isdisjoint({"torch", "numpy", "sklearn", "PIL", "tqdm"})


def test_command_train_keeps_stderr_empty_and_the_data_from_the_environment() -> None:
    finished = subprocess.run(
        [*COMMAND, "train", "--json", "--epochs", "1"], capture_output=True, text=True, env=_environment(), timeout=120
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    assert len(json_lines(finished.stdout)) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_command_train_interrupted_saves_the_model_so_far_and_keeps_the_run_which_can_go_on(tmp_path: Path) -> None:
    command = [*COMMAND, "train", "--json", "--epochs", "1000", "--learning-rate", "0.01", "--batch-size", "10"]
    with subprocess.Popen(
        [*command, "--output", str(tmp_path / "model")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**_environment(), "MNIST_DEMO_HOME": str(tmp_path / "home")},
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["epoch"] == 1
        process.send_signal(signal.SIGINT)
        _out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopped after step" in err
    assert "Traceback" not in err
    classifier = load_checkpoint(tmp_path / "model")
    assert classifier.hyperparameters.epochs == 1000
    assert classifier.metrics["test_accuracy"] > 0.5
    store = RunStore(tmp_path / "home" / "runs")
    (found,) = store.runs()
    _record, content = store.load(found.id)
    assert found.state == "stopped"
    assert content.history.stopped is not None
    assert content.training_state is not None
    assert read_progress(content.training_state).step == content.history.step_count


@pytest.mark.skipif(sys.platform == "win32", reason="closes a pipe the POSIX way")
def test_command_train_whose_reader_leaves_saves_the_model_and_ends_quietly(tmp_path: Path) -> None:
    command = [*COMMAND, "train", "--json", "--epochs", "1000", "--batch-size", "10", "--output", str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.wait(timeout=60)
    assert process.returncode == 141
    assert "Traceback" not in err
    assert "Exception" not in err
    assert load_checkpoint(tmp_path).hyperparameters == Hyperparameters(epochs=1000, batch_size=10, shuffle=False)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_command_train_to_a_full_disk_says_so() -> None:
    with Path("/dev/full").open("w") as full:
        finished = subprocess.run(
            [*COMMAND, "train", "--json", "--epochs", "1"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=_environment(),
            timeout=120,
        )
    assert finished.returncode == 2
    assert "No space left on device" in finished.stderr
    assert finished.stderr.count("\n") == 1
