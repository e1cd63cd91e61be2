"""A Jupyter notebook that repeats a run: the exported script in cells, with a heading over each of its parts.

A notebook is JSON, of which the format's description asks little (nbformat 4.5,
https://nbformat.readthedocs.io/en/latest/format_description.html): no package is needed to write it.
"""

import ast
import itertools
import json
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from mnist_demo.exports import script_settings, script_template
from mnist_demo.exports.exported_run import ExportedRun
from mnist_demo.exports.script import bundle_run, expected_output, requirements_of, title_of

# Headings of the definitions, by the beginning of the module that they come from.
_HEADINGS = {
    "mnist_demo.exports.script_settings": "Settings",
    "mnist_demo.models.optimizers": "The optimizer",
    "mnist_demo.models": "The model",
    "mnist_demo.training.augmentation": "Variation of the images",
    "mnist_demo.exports": "Reading files and measuring",
    "mnist_demo.training": "Reading files and measuring",
    "mnist_demo.data.synthetic_digits": "Digits drawn by a program",
    "mnist_demo.data": "The digits",
    "mnist_demo": "Digits drawn by a program",
}
# A notebook has no command line.
_FOLDER_BY_COMMAND = {"len(sys.argv) > 1": "FOLDER", "sys.argv[1]": "FOLDER"}
_FOLDER = 'FOLDER = ""  # where the four IDX files are, as MNIST was published in'
_OR_DOWNLOADED = "; empty: MNIST is downloaded from OpenML"


def build_notebook(run: ExportedRun) -> str:
    """Return the JSON of a notebook that repeats `run`; raise ExportError as `bundle_run` does."""
    bundle = bundle_run(run)
    parts = dict(bundle.parts)
    digits, model, training = _steps_of(parts.pop(script_template.__name__))
    settings = parts.pop(script_settings.__name__)
    if "FOLDER" in digits:
        settings = f"{_FOLDER}{_OR_DOWNLOADED if 'download_mnist' in digits else ''}\n{settings}"
    imports = bundle.import_statements.removesuffix("import sys").replace("import sys\n", "")
    requirements = " ".join(requirements_of(str(bundle)))
    introduction = f"# {title_of(run)}\n\nIt needs these packages:\n\n    pip install jupyterlab {requirements}"
    output = "".join(f"    {line}\n" for line in expected_output(run).splitlines())
    cells = [
        _markdown(introduction),
        _code(imports),
        *_section("Settings", [settings]),
        *_sections(parts),
        *_section("Load the digits", [digits]),
        *_section("Build the model", [model]),
        *_section("Train and measure", [training]),
        _markdown(
            "## What the run printed\n\nOn the same machine this notebook prints the same; others, and other versions, "
            f"may round differently:\n\n{output}"
        ),
    ]
    notebook = {
        "cells": [{"id": f"cell-{place}", **cell} for place, cell in enumerate(cells, start=1)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _sections(parts: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the cells of definitions by module, with one heading over neighbours of one kind."""

    def heading(module: str) -> str:
        return next(title for begin, title in _HEADINGS.items() if module.startswith(begin))

    for title, modules in itertools.groupby(parts, heading):
        yield from _section(title, (parts[module] for module in modules))


def _steps_of(main: str) -> tuple[str, str, str]:
    """Return what main() does, as it stands in a notebook: it loads digits, builds a model, and trains."""
    for old, new in _FOLDER_BY_COMMAND.items():
        main = main.replace(old, new)
    (function,) = ast.parse(main).body
    assert isinstance(function, ast.FunctionDef)
    first = function.body[1].lineno  # after the docstring
    digits, model, training = textwrap.dedent("\n".join(main.splitlines()[first - 1 :])).split("\n\n")
    if any(isinstance(node, ast.Return) for node in ast.walk(function)):
        # Outside of a function nothing can end before its end.
        training = f"def train():\n{textwrap.indent(training, '    ')}\n\n\ntrain()"
    return digits, model, training


def _section(title: str, sources: Iterable[str]) -> list[dict[str, Any]]:
    return [_markdown(f"## {title}"), *map(_code, sources)]


def _markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}


def _code(source: str) -> dict[str, Any]:
    lines = source.splitlines(keepends=True)
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": lines}
