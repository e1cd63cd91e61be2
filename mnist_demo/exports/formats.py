"""A run in the formats of other programs: `EXPORTS` is the list of them, each a pure function of an `ExportedRun`.

::

    safetensors           what “train --output” writes             checkpoints
    onnx                  the model for other runtimes             onnx_model
    history-csv           every step and epoch                     history_files
    tensorboard           event files in a zip                     event_files
    chart-png, chart-svg  the page's charts, for paper             chart_pictures
    script                a program that repeats the run           script
    notebook              the same in cells, with headings         notebook

Whatever a format needs is imported when it is built.
"""

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from mnist_demo.errors import ExportError
from mnist_demo.exports.exported_run import ExportedRun
from mnist_demo.training.history_files import history_to_csv
from mnist_demo.translation import N_, _, format_list

# The weights and the steps of runs whose files are built at once: more than any preset has.
QUICK_BYTES, QUICK_STEPS = 8_000_000, 50_000


@dataclass(frozen=True)
class Export:
    """A format: `title` and `help` are source texts for people, `file_name` is what the file is called by itself.

    `build` returns the file's content; it raises ExportError where the run has not what the format needs, or this
    installation lacks a package. `is_quick` formats of a run of ordinary size are built within milliseconds, the others
    take seconds: they import large libraries, and a server builds them in a process of their own (an errand of
    `mnist_demo.jobs`).
    """

    name: str
    title: str
    help: str
    file_name: str
    mime: str
    build: Callable[[ExportedRun], bytes]
    is_quick: bool = False

    def is_quick_for(self, run: ExportedRun) -> bool:
        """Tell whether the file of this very run is built within milliseconds."""
        is_small = run.weights is None or len(run.weights) <= QUICK_BYTES
        return self.is_quick and is_small and run.history.step_count <= QUICK_STEPS


def _build_safetensors(run: ExportedRun) -> bytes:
    from mnist_demo.models.checkpoints import checkpoint_to_bytes

    model = run.load_classifier().model
    return checkpoint_to_bytes(model, run.hyperparameters, run.dataset_name, run.dataset_digest, run.metrics)


def _build_script(run: ExportedRun) -> bytes:
    from mnist_demo.exports.script import build_script

    return build_script(run).encode()


def _build_notebook(run: ExportedRun) -> bytes:
    from mnist_demo.exports.notebook import build_notebook

    return build_notebook(run).encode()


def _later(path: str, **arguments: str) -> Callable[[ExportedRun], bytes]:
    """Return a function that imports and calls what `path`, ``"module:function"`` in this package, names."""

    def build(run: ExportedRun) -> bytes:
        content: bytes = pkgutil.resolve_name(f"{__package__}.{path}")(run, **arguments)
        return content

    return build


_ALL = (
    Export(
        "safetensors",
        N_("Model (safetensors)"),
        N_("The weights and how they were trained. This program opens the file again, here or with “classify”."),
        "model.safetensors",
        "application/octet-stream",
        _build_safetensors,
        is_quick=True,
    ),
    Export(
        "onnx",
        N_("Model (ONNX)"),
        N_("The model for other programs: images in, probabilities out. Checked against the original on 100 digits."),
        "model.onnx",
        "application/octet-stream",
        _later("onnx_model:build_onnx"),
    ),
    Export(
        "script",
        N_("Python script that repeats the run"),
        N_("One file to read and to run, without this program: the same digits, model and loop, the same figures."),
        "repeat_run.py",
        "text/x-python",
        _build_script,
        is_quick=True,
    ),
    Export(
        "notebook",
        N_("Notebook that repeats the run"),
        N_("The same as cells for Jupyter, with headings: read it, run it part by part, and change what you like."),
        "repeat_run.ipynb",
        "application/x-ipynb+json",
        _build_notebook,
        is_quick=True,
    ),
    Export(
        "history-csv",
        N_("History (CSV)"),
        N_("One line for each step and each epoch, in full, for a spreadsheet or pandas."),
        "history.csv",
        "text/csv",
        lambda run: history_to_csv(run.history),
        is_quick=True,
    ),
    Export(
        "tensorboard",
        N_("History (TensorBoard)"),
        N_("Event files in a zip: unpack it, and “tensorboard --logdir” draws the run beside your others."),
        "tensorboard.zip",
        "application/zip",
        _later("event_files:build_event_files"),
    ),
    Export(
        "chart-png",
        N_("Charts (PNG)"),
        N_("Loss and accuracy as a picture, for a slide or a report."),
        "charts.png",
        "image/png",
        _later("chart_pictures:build_chart_picture", kind="png"),
    ),
    Export(
        "chart-svg",
        N_("Charts (SVG)"),
        N_("Loss and accuracy as a drawing that stays sharp at any size, and can be edited."),
        "charts.svg",
        "image/svg+xml",
        _later("chart_pictures:build_chart_picture", kind="svg"),
    ),
)
EXPORTS: dict[str, Export] = {export.name: export for export in _ALL}


def build_export(run: ExportedRun, name: str) -> bytes:
    """Return `run` in the format that `name` names, one of ``EXPORTS``.

    Raises
    ------
    ExportError
        When there is no such format, the run has not what it needs, or a package is missing.
    """
    if name not in EXPORTS:
        message = _("“{name}” is not a format that runs are exported in; choose from {names}.")
        raise ExportError(message.format(name=name[:60], names=format_list(EXPORTS)))
    return EXPORTS[name].build(run)
