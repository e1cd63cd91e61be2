"""Exported notebooks are valid, and their cells, run in order, print what the runs measured."""

import ast
import contextlib
import dataclasses
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from mnist_demo.data.dataset import MNIST, DigitDataset
from mnist_demo.errors import ExportError
from mnist_demo.exports.exported_run import ExportedRun
from mnist_demo.exports.formats import build_export
from mnist_demo.exports.script import expected_output
from mnist_demo.settings.hyperparameters import Hyperparameters
from tests.exports.exported_runs import train_run
from tests.exports.test_scripts import write_folder

SMALL = Hyperparameters(training_size=300, epochs=2, batch_size=64)


def cells_of(run: ExportedRun) -> list[dict[str, Any]]:
    """Return the cells of the run's notebook, with their sources joined, after a look at its structure.

    What is asked for is what nbformat's schema of version 4.5 requires, and no more than it allows.
    """
    notebook = json.loads(build_export(run, "notebook"))
    assert set(notebook) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert {"name", "display_name"} <= set(notebook["metadata"]["kernelspec"])
    assert notebook["metadata"]["language_info"]["name"] == "python"
    cells: list[dict[str, Any]] = notebook["cells"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    for cell in cells:
        common = {"id", "cell_type", "metadata", "source"}
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", cell["id"])
        assert isinstance(cell["metadata"], dict)
        assert all(isinstance(line, str) and line.count("\n") <= 1 for line in cell["source"])
        assert all(line.endswith("\n") for line in cell["source"][:-1])
        if cell["cell_type"] == "code":
            assert set(cell) == common | {"execution_count", "outputs"}
            assert (cell["execution_count"], cell["outputs"]) == (None, [])
        else:
            assert cell["cell_type"] == "markdown"
            assert set(cell) == common
        cell["source"] = "".join(cell["source"])
    return cells


def run_cells(cells: list[dict[str, Any]]) -> str:
    """Return what the code cells print, run in order in one place, as a notebook's kernel does."""
    place: dict[str, Any] = {"__name__": "__main__"}
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        for cell in cells:
            if cell["cell_type"] == "code":
                exec(compile(cell["source"], cell["id"], "exec"), place)
    return output.getvalue()


@pytest.mark.parametrize(
    ("changes", "stop_after"),
    [
        ({"model": "scratch-linear", "shuffle": False}, None),
        ({"model": "convnet", "optimizer": "adamw", "learning_rate": 0.01, "augmentation": True, "epochs": 1}, None),
        ({"validation_size": 50, "synthetic_digits": 20}, 7),
        ({"model": "mlp", "synthetic_digits": 20, "builtin_copies": 1, "non_digits": 30, "shuffle": False}, None),
        ({"model": "mlp", "learning_rate": 1e30}, None),
    ],
    ids=["from scratch", "convnet", "stopped", "unsure of others", "diverged"],
)
def test_cells_of_a_notebook_in_order_print_the_run_s_metrics(
    builtin: DigitDataset, changes: dict[str, Any], stop_after: int | None
) -> None:
    run = train_run(SMALL.replace(**changes), builtin, stop_after=stop_after)

    cells = cells_of(run)

    assert run_cells(cells) == expected_output(run)
    headings = [cell["source"].splitlines()[0] for cell in cells if cell["cell_type"] == "markdown"]
    assert headings[0].startswith("# Repeats a run of “")
    last = ["## Load the digits", "## Build the model", "## Train and measure", "## What the run printed"]
    assert headings[1] == "## Settings"
    assert headings[-4:] == last
    assert len(set(headings)) == len(headings)
    assert "mnist_demo" not in "".join(cell["source"] for cell in cells if cell["cell_type"] == "code")
    assert all(line.strip() in cells[-1]["source"] for line in expected_output(run).splitlines())


def test_notebook_of_a_folder_s_digits_has_the_folder_among_its_settings(builtin: DigitDataset, tmp_path: Path) -> None:
    run = train_run(SMALL.replace(training_size=None), write_folder(tmp_path, builtin))

    cells = cells_of(run)

    for cell in cells:
        cell["source"] = cell["source"].replace('FOLDER = ""', f"FOLDER = {str(tmp_path)!r}")
    assert run_cells(cells) == expected_output(run)


def test_notebook_of_a_run_on_mnist_downloads_it_unless_a_folder_is_given(builtin: DigitDataset) -> None:
    run = dataclasses.replace(train_run(SMALL, builtin), dataset_name="mnist", dataset_digest=MNIST.train_sha256)

    code = "\n".join(cell["source"] for cell in cells_of(run) if cell["cell_type"] == "code")

    assert "read_folder(FOLDER) if FOLDER else download_mnist()" in code
    assert 'FOLDER = ""  # ' in code
    assert "sys" not in {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}


def test_run_that_cannot_be_repeated_has_no_notebook(builtin: DigitDataset) -> None:
    run = dataclasses.replace(train_run(SMALL, builtin, stop_after=1), is_repeatable=False)

    with pytest.raises(ExportError, match="cannot be repeated"):
        build_export(run, "notebook")
