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
from mnist_demo.translation import N_, _, translate_comments

# Headings of the definitions, by the beginning of the module that they come from.
_HEADINGS = {
    "mnist_demo.exports.script_settings": N_("Settings"),
    "mnist_demo.models.optimizers": N_("The optimizer"),
    "mnist_demo.models.halves": N_("Learning from two halves of a batch"),
    "mnist_demo.models.losses": N_("The loss"),
    "mnist_demo.models.precision": N_("Precision of the convolutions"),
    "mnist_demo.models": N_("The model"),
    "mnist_demo.training.augmentation": N_("Variation of the images"),
    "mnist_demo.exports": N_("Reading files"),
    "mnist_demo.training": N_("Measuring the model"),
    "mnist_demo.data.synthetic_digits": N_("Drawings by a program"),
    "mnist_demo.data.non_digits": N_("Drawings by a program"),
    "mnist_demo.data.handwriting": N_("Drawings by a program"),
    "mnist_demo.data": N_("The digits"),
    "mnist_demo": N_("Drawings by a program"),
}
# A notebook has no command line.
_FOLDER_BY_COMMAND = {"len(sys.argv) > 1": "FOLDER", "sys.argv[1]": "FOLDER"}
_FOLDER = N_("where the four IDX files are, as MNIST was published in")
_FOLDER_OR_DOWNLOADED = N_("where the four IDX files are; empty: MNIST is downloaded from OpenML")


def build_notebook(run: ExportedRun) -> str:
    """Return the JSON of a notebook that repeats `run`; raise ExportError as `bundle_run` does."""
    bundle = bundle_run(run)
    parts = dict(bundle.parts)
    digits, model, training = _steps_of(parts.pop(script_template.__name__))
    settings = parts.pop(script_settings.__name__)
    if "FOLDER" in digits:
        settings = f'FOLDER = ""  # {_FOLDER_OR_DOWNLOADED if "download_mnist" in digits else _FOLDER}\n{settings}'
    imports = bundle.import_statements.removesuffix("import sys").replace("import sys\n", "")
    requirements = " ".join(requirements_of(str(bundle)))
    packages = _("It needs these packages:")
    introduction = f"# {title_of(run)}\n\n{packages}\n\n    pip install jupyterlab {requirements}"
    output = "".join(f"    {line}\n" for line in expected_output(run).splitlines())
    printed = _("What the run printed")
    same = _("On the same machine it prints what the run printed; others, and other versions, may round differently:")
    cells = [
        _markdown(introduction),
        _code(imports),
        *_section(N_("Settings"), [settings]),
        *_sections(parts),
        *_section(N_("Load the digits"), [digits]),
        *_section(N_("Build the model"), [model]),
        *_section(N_("Train and measure"), [training]),
        _markdown(f"## {printed}\n\n{same}\n\n{output}"),
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
    return [_markdown(f"## {_(title)}"), *map(_code, sources)]


def _markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}


def _code(source: str) -> dict[str, Any]:
    lines = translate_comments(source).splitlines(keepends=True)
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": lines}
