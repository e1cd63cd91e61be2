"""Exported scripts run, where this project is out of reach, and print what the runs measured."""

import ast
import contextlib
import dataclasses
import gzip
import io
import json
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_demo.data.dataset import MNIST, DigitDataset
from mnist_demo.data.folder import load_folder
from mnist_demo.data.found_files import IDX_FILES
from mnist_demo.errors import ExportError
from mnist_demo.exports.exported_run import ExportedRun
from mnist_demo.exports.formats import build_export
from mnist_demo.exports.script import build_script, expected_output
from mnist_demo.exports.script_parts import download_mnist
from mnist_demo.exports.source_bundle import bundle_sources
from mnist_demo.settings.changes import parse_change
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.history import History
from mnist_demo.translation.comments import comments_in
from tests.exports.exported_runs import in_korean, train_run

SMALL: dict[str, Any] = {"training_size": 300, "epochs": 2, "batch_size": 64}
ADAMW: dict[str, Any] = {"optimizer": "adamw", "learning_rate": 0.01}
RUNS: dict[str, dict[str, Any]] = {
    "from-scratch": {"model": "scratch-linear", "shuffle": False},
    "tutorial": {"shuffle": False, "training_size": None},
    "decay": {"weight_decay": 0.01, "validation_size": 50, "training_size": None},
    "adam": {"model": "mlp", "optimizer": "adam", "learning_rate": 0.01, "validation_size": 70},
    "dropout": ADAMW | {"model": "mlp", "hidden_sizes": (40, 20), "activation": "gelu", "dropout": 0.3},
    "convnet": {"model": "convnet", "optimizer": "momentum", "learning_rate": 0.05, "one_cycle": True}
    | {"augmentation": True, "pen_variation": True},
    "deep": ADAMW | {"model": "deep-convnet", "dropout": 0.2, "training_size": 128, "epochs": 1},
    "smoothed": ADAMW | {"model": "wide-convnet", "label_smoothing": 0.2, "training_size": 128, "margin": False},
    "hard": ADAMW | {"model": "convnet", "hard_share": 0.3, "augmentation": True, "epochs": 3},
    "hard-ones": ADAMW | {"model": "convnet", "hard_share": 0.5, "shuffle": False, "precision": "bfloat16"},
    "augmented": {"augmentation": True, "seed": 5},
    "diverged": {"model": "mlp", "learning_rate": 1e30},
    "turned": {"model": "mlp", "optimizer": "adam", "learning_rate": 0.01},
    "turned-cycle": {"model": "convnet", "optimizer": "adamw", "learning_rate": 0.01, "one_cycle": True},
    "turned-scratch": {"model": "scratch-linear"},
}
# What was changed while a run went on.
CHANGES = {
    "turned": "2:batch-size=30 4:learning-rate=0.002 4:dropout=0.4 9:label-smoothing=0.2 9:weight-decay=0.1",
    "turned-cycle": "3:batch-size=30 4:learning-rate=0.02 9:batch-size=100",
    "turned-scratch": "3:learning-rate=0.05 7:batch-size=20",
}
# Runs the scripts that it is given, one after the other: Python starts and imports torch once.
RUN_EACH = """
import contextlib, io, json, runpy, sys
printed = []
for script in sys.argv[1:]:
    with contextlib.redirect_stdout(io.StringIO()) as output:
        runpy.run_path(script, run_name="__main__")
    printed.append(output.getvalue())
print(json.dumps(printed))
"""


def settings(changes: dict[str, Any]) -> Hyperparameters:
    return Hyperparameters(**SMALL | changes)


def run_apart(folder: Path, *arguments: str | Path) -> str:
    """Return what Python prints, run in `folder`, from where this project cannot be imported."""
    command = [sys.executable, "-I", "-W", "error", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.stderr == ""
    return done.stdout


@pytest.fixture(scope="module")
def runs(builtin: DigitDataset) -> dict[str, ExportedRun]:
    return {
        name: train_run(settings(values), builtin, changes=map(parse_change, CHANGES.get(name, "").split()))
        for name, values in RUNS.items()
    }


@pytest.fixture(scope="module")
def printed(runs: dict[str, ExportedRun], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the scripts of all `runs` print."""
    folder = tmp_path_factory.mktemp("scripts")
    for name, run in runs.items():
        (folder / f"{name}.py").write_bytes(build_export(run, "script"))
    answer = run_apart(folder, "-c", RUN_EACH, *(f"{name}.py" for name in runs))
    return dict(zip(runs, json.loads(answer), strict=True))


def run_here(script: str, *arguments: str) -> str:
    """Return what `script` prints, run in this process."""
    output = io.StringIO()
    before = sys.argv
    sys.argv = ["repeat_run.py", *arguments]
    try:
        with contextlib.redirect_stdout(output):
            exec(compile(script, "repeat_run.py", "exec"), {"__name__": "__main__"})
    finally:
        sys.argv = before
    return output.getvalue()


def write_folder(folder: Path, dataset: DigitDataset) -> DigitDataset:
    """Write IDX files, half of them gzipped, and return them as a dataset."""
    arrays: tuple[np.ndarray, ...] = (dataset.train_pixels[:200], dataset.train_labels[:200])
    arrays += dataset.test_pixels, dataset.test_labels
    for name, array in zip(IDX_FILES, arrays, strict=True):
        content = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
        content += array.astype(np.uint8).tobytes()
        if "labels" in name:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)
    return load_folder(folder)


@pytest.mark.parametrize("name", RUNS)
def test_script_where_this_project_is_out_of_reach_prints_the_run_s_metrics(
    runs: dict[str, ExportedRun], printed: dict[str, str], name: str
) -> None:
    assert printed[name] == expected_output(runs[name])


def test_script_run_as_a_person_would_prints_the_run_s_metrics(runs: dict[str, ExportedRun], tmp_path: Path) -> None:
    (tmp_path / "repeat_run.py").write_bytes(build_export(runs["from-scratch"], "script"))

    assert run_apart(tmp_path, "repeat_run.py") == expected_output(runs["from-scratch"])


def test_this_project_is_out_of_reach_where_scripts_are_run(tmp_path: Path) -> None:
    found = run_apart(tmp_path, "-c", "import importlib.util; print(importlib.util.find_spec('mnist_demo'))")

    assert found.strip() == "None"


def test_script_of_a_run_that_diverged_ends_where_the_run_did(
    runs: dict[str, ExportedRun], printed: dict[str, str]
) -> None:
    diverged = runs["diverged"].history.diverged

    assert diverged is not None
    assert printed["diverged"].split()[-4:] == ["step", str(diverged.step), "no", "number"]


def test_script_of_a_stopped_run_stops_at_the_same_step(builtin: DigitDataset) -> None:
    run = train_run(settings({}), builtin, stop_after=7)

    printed = run_here(build_script(run))

    assert printed == expected_output(run)
    assert "step 7" in printed
    korean = in_korean(build_script, run)
    printed = run_here(korean)
    assert printed == in_korean(expected_output, run)
    assert "스텝 7" in printed
    assert re.findall(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}", "\n".join(comments_in(korean))) == []


def test_script_of_a_folder_s_digits_reads_the_folder_and_adds_what_the_run_added(
    builtin: DigitDataset, tmp_path: Path
) -> None:
    dataset = write_folder(tmp_path, builtin)
    hyperparameters = Hyperparameters(
        model="mlp", epochs=2, synthetic_digits=40, builtin_copies=1, non_digits=60, validation_size=30
    )
    run = train_run(hyperparameters, dataset)

    assert run_here(build_script(run), str(tmp_path)) == expected_output(run)


def test_script_given_other_digits_says_so(builtin: DigitDataset, tmp_path: Path) -> None:
    run = train_run(Hyperparameters(epochs=1), write_folder(tmp_path, builtin))
    altered = dataclasses.replace(run, dataset_digest="0" * 64)

    assert run_here(build_script(altered), str(tmp_path)).startswith("Attention: these are not the digits")


def test_script_of_a_run_on_mnist_downloads_it_or_reads_a_folder(builtin: DigitDataset) -> None:
    run = dataclasses.replace(
        train_run(settings({}), builtin), dataset_name="mnist", dataset_digest=MNIST.train_sha256
    )  # fmt: skip

    script = build_script(run)

    assert "read_folder(sys.argv[1]) if len(sys.argv) > 1 else download_mnist()" in script
    assert 'fetch_openml("mnist_784", version=1' in script
    assert "pandas==" in script
    assert "load_builtin_digits" not in script


def test_download_in_a_script_takes_openml_s_first_60_000_images_for_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch_openml(name: str, version: int, return_X_y: bool, as_frame: bool) -> tuple[np.ndarray, np.ndarray]:  # noqa: N803
        pixels = np.broadcast_to(np.arange(784) % 256, (60_002, 784))
        return pixels, np.array(["7"] * 60_000 + ["1", "0"], object)  # labels come as text

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch_openml)

    train_pixels, test_pixels, train_labels, test_labels = download_mnist()

    assert train_pixels.shape == (60_000, 28, 28)
    assert train_pixels.dtype == np.uint8
    assert test_pixels[0, 1].tolist() == list(range(28, 56))
    assert (set(train_labels), test_labels.tolist()) == ({7}, [1, 0])


@pytest.mark.parametrize("name", RUNS)
def test_script_has_what_the_run_needs_and_nothing_else(runs: dict[str, ExportedRun], name: str) -> None:
    run = runs[name]
    is_convolutional = run.hyperparameters.architecture.is_convolutional

    script = build_script(run)

    imported = {node.module for node in ast.walk(ast.parse(script)) if isinstance(node, ast.ImportFrom)}
    assert not any((module or "").startswith("mnist_demo") for module in imported)
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F,E9,I001", "--line-length", "120", "-"],
        input=script, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout
    for text, needed in (
        ("def augment(", run.hyperparameters.augmentation),
        ("def vary_pen(", run.hyperparameters.pen_variation),
        ("OneCycleLR", run.hyperparameters.one_cycle),
        ("class Classifier", False),
        ("def backpropagate(", run.hyperparameters.model == "linear"),
        ("label_smoothing=", run.hyperparameters.label_smoothing > 0 or name == "turned" or is_convolutional),
        ("def learn_halves(", is_convolutional),
        ("class OneCycle", name == "turned-cycle"),
        ("class ManualSGD", run.hyperparameters.model == "scratch-linear"),
        ("VALIDATION_SIZE", run.hyperparameters.validation_size > 0),
        ("DROPOUT = ", run.hyperparameters.model not in ("scratch-linear", "linear")),
    ):
        assert (text in script) == needed, text


def test_script_of_a_run_with_a_harmful_name_holds_it_as_text(builtin: DigitDataset) -> None:
    run = dataclasses.replace(train_run(settings({}), builtin, stop_after=1), name='"""\nraise SystemExit\\u0022')

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tree = ast.parse(build_script(run))

    assert "raise SystemExit" in (ast.get_docstring(tree) or "")
    assert not any(isinstance(node, ast.Raise) for node in tree.body)


def test_script_shows_in_its_docstring_what_the_run_printed(builtin: DigitDataset) -> None:
    run = train_run(settings({}), builtin)

    assert expected_output(run) in (ast.get_docstring(ast.parse(build_script(run)), clean=False) or "")


def test_run_that_its_settings_do_not_bring_back_is_refused(builtin: DigitDataset) -> None:
    run = dataclasses.replace(train_run(settings({}), builtin, stop_after=1), is_repeatable=False)

    with pytest.raises(ExportError, match="cannot be repeated"):
        build_export(run, "script")


def test_run_that_has_not_begun_is_refused(quick: Hyperparameters) -> None:
    with pytest.raises(ExportError, match="has not begun"):
        build_export(ExportedRun(quick, History(), None, "builtin", ""), "script")


def test_bundle_of_two_modules_with_one_name_for_two_things_keeps_both() -> None:
    bundle = bundle_sources(["mnist_demo.drawing.stroke_ink:fit_strokes", "mnist_demo.data.builtin_digits:lay_out"])

    assert "BOX = 20.0" in bundle.definitions
    assert "BUILTIN_DIGITS_BOX = 20 " in bundle.definitions
    assert "round(side * BUILTIN_DIGITS_BOX" in bundle.definitions


def test_bundle_without_a_method_has_the_others_whole() -> None:
    whole = bundle_sources(["mnist_demo.models.classifiers:ScratchLinear"]).definitions
    bundle = bundle_sources(
        ["mnist_demo.models.classifiers:ScratchLinear"], omitted=["ScratchLinear.state_dict"]
    ).definitions

    (method,) = re.findall(r"\n\n    def state_dict.*?(?=\n\n)", whole, flags=re.DOTALL)
    assert bundle == whole.replace(method, "")


def test_bundle_of_a_name_that_is_not_there_says_so() -> None:
    with pytest.raises(ValueError, match=r"mnist_demo\.models\.classifiers does not define Transformer"):
        bundle_sources(["mnist_demo.models.classifiers:Transformer"])
