"""All measurements by name: what each measures, what it needs, and which of them are made.

A measurement's module is imported only when it runs.
"""

import argparse
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from benchmarks.errors import BenchmarkError
from mnist_demo.errors import MnistDemoError
from mnist_demo.translation import N_, _
from tests.browser.chromium import lacks_chromium

if TYPE_CHECKING:
    from benchmarks.comparison import Comparison
    from benchmarks.surroundings import Surroundings


class Figure(Protocol):
    """What a measurement yields: a line of the table, or of JSON."""

    def as_dict(self) -> dict[str, Any]: ...
    def as_text(self) -> str: ...


@dataclass(frozen=True)
class Measurement:
    """Something that can be measured: `run` yields figures; `missing` is a sentence about what it lacks, or None.

    `in_table` says whether its figures are rows of the common table. Only a measurement with `by_default` is made
    when none is named.
    """

    help: str
    run: Callable[[argparse.Namespace, "Surroundings | None"], Iterator[Figure]]
    missing: Callable[[argparse.Namespace], str | None] = lambda arguments: None
    in_table: bool = True
    by_default: bool = True


def _measure_drawings(arguments: argparse.Namespace, _surroundings: object) -> Iterator[Figure]:
    from benchmarks.measurements.drawings import measure_drawings

    return measure_drawings(arguments.strokes, arguments.checkpoint or ["starter"], arguments.limit)


def _measure_pictures(arguments: argparse.Namespace, _surroundings: object) -> Iterator[Figure]:
    from benchmarks.measurements.pictures import measure_pictures

    return measure_pictures(arguments.strokes, arguments.limit)


def _lacks_strokes(name: str) -> Callable[[argparse.Namespace], str | None]:
    def sentence(arguments: argparse.Namespace) -> str | None:
        needed = _("To measure “{name}”, {flag} is needed.").format(name=name, flag="--strokes")
        return None if arguments.strokes else needed

    return sentence


def _in_module(module: str, function: str) -> Callable[[argparse.Namespace, "Surroundings | None"], Iterator[Figure]]:
    """Return the measurement that is a `function` of a `module` in ``measurements/``."""

    def run(_arguments: argparse.Namespace, surroundings: "Surroundings | None") -> "Iterator[Comparison]":
        measure = getattr(importlib.import_module(f"benchmarks.measurements.{module}"), function)
        figures: Iterator[Comparison] = measure(surroundings)
        return figures

    return run


def _measure_scaling(arguments: argparse.Namespace, surroundings: "Surroundings | None") -> Iterator[Figure]:
    from benchmarks.measurements.scaling import measure_scaling

    assert surroundings is not None
    return measure_scaling(surroundings, Path(arguments.chart) if arguments.chart else None)


def _measure_soak(arguments: argparse.Namespace, surroundings: "Surroundings | None") -> Iterator[Figure]:
    from benchmarks.measurements.soak import measure_soak

    assert surroundings is not None
    return measure_soak(surroundings, arguments.minutes)


def _lacks_proc_alone(_arguments: argparse.Namespace) -> str | None:
    from benchmarks.drivers.memory import can_read_memory

    if can_read_memory():
        return None
    return _("Memory can be measured on Linux only, where /proc/self/smaps_rollup is.")


def _lacks_proc(arguments: argparse.Namespace) -> str | None:
    return _lacks_proc_alone(arguments) or lacks_chromium()


def _lacks_dask(_arguments: argparse.Namespace) -> str | None:
    if importlib.util.find_spec("distributed") is None:
        return _("Dask is not installed here: pip install 'mnist-demo[cluster]'.")
    return None


def _lacks_signals(_arguments: argparse.Namespace) -> str | None:
    from benchmarks.drivers.programs import can_rest

    if not can_rest():
        return _(
            "The command line can be measured in turn with the page only where a process can be stopped for a while."
        )
    return lacks_chromium()


def _page(
    text: str,
    module: str,
    function: str,
    missing: Callable[[argparse.Namespace], str | None] = lambda arguments: lacks_chromium(),
) -> Measurement:
    return Measurement(text, _in_module(module, function), missing)


MEASUREMENTS = {
    "drawings": Measurement(
        N_("how many drawn digits are read correctly, however they are drawn"),
        _measure_drawings,
        _lacks_strokes("drawings"),
        in_table=False,
    ),
    "pictures": Measurement(
        N_("how pictures of digits are read, by paper, light, pen and camera, and what else is refused"),
        _measure_pictures,
        _lacks_strokes("pictures"),
        in_table=False,
    ),
    "tutorial": Measurement(
        N_("the tutorial’s setting, against the tutorial’s own loop"), _in_module("tutorial", "measure_tutorial")
    ),
    "convnet": Measurement(
        N_("seconds to 99, 99.5 and 99.65 %, against published recipes and the machine’s own rate"),
        _in_module("convnet", "measure_convnet"),
    ),
    "peers": Measurement(
        N_("a linear model and a small network, against scikit-learn’s"), _in_module("peers", "measure_peers")
    ),
    "reading": Measurement(N_("from a stroke to probabilities, in Python"), _in_module("reading", "measure_reading")),
    "busy": Measurement(
        N_("a run and a reading beside a program that keeps a core busy"), _in_module("busy", "measure_busy")
    ),
    "sharing": Measurement(N_("several runs at once, against one"), _in_module("sharing", "measure_sharing")),
    "cluster": Measurement(
        N_("runs a minute on the workers of a Dask cluster, against processes without it"),
        _in_module("cluster", "measure_cluster"),
        _lacks_dask,
    ),
    "page-start": _page(
        N_("server start to page, and Start to the first point on the chart"), "page_start", "measure_start"
    ),
    "page-newcomer": _page(
        N_("a newcomer, from opening the page to a digit read and a run watched"), "page_newcomer", "measure_newcomer"
    ),
    "page-latency": _page(
        N_("mouse-up to the changed prediction, against ten lines without a model"), "page_latency", "measure_latency"
    ),
    "page-training": _page(
        N_("steps a second with the page open, against the command line"),
        "page_training",
        "measure_training",
        _lacks_signals,
    ),
    "page-estimate": _page(
        N_("what the page says a run will cost, against what it cost"), "page_estimate", "measure_estimate"
    ),
    "page-memory": _page(
        N_("memory of server, run, visitor and largest network"), "page_memory", "measure_memory", _lacks_proc
    ),
    "page-long-run": _page(
        N_("what a refresh costs after 128,000 steps, against 1,000"), "page_long_run", "measure_long_run"
    ),
    "crowd-class": Measurement(
        N_("a class of thirty, ten of them training, against one visitor"),
        _in_module("crowds", "measure_class"),
        _lacks_proc_alone,
        by_default=False,
    ),
    "crowd-server": Measurement(
        N_("thirty and a hundred visitors of one server, against one"),
        _in_module("crowds", "measure_one_server"),
        _lacks_proc_alone,
        by_default=False,
    ),
    "crowd-cluster": Measurement(
        N_("a hundred and three hundred visitors of one to three servers with a cluster beside them"),
        _in_module("crowds", "measure_servers"),
        lambda arguments: _lacks_proc_alone(arguments) or _lacks_dask(arguments),
        by_default=False,
    ),
    "soak": Measurement(
        N_("whether a server in use stays as large as it was"), _measure_soak, _lacks_proc_alone, by_default=False
    ),
    "scaling": Measurement(
        N_("how cost grows with batch, training set and threads"), _measure_scaling, by_default=False
    ),
}


def choose(arguments: argparse.Namespace) -> tuple[list[str], list[str]]:
    """Return the names of the measurements to make, and a sentence for each that lacks something.

    Raises
    ------
    BenchmarkError
        When a name is unknown, or what was asked for by name lacks something.
    """
    wanted: Sequence[str] = arguments.measurements
    names = []
    for word in wanted:
        found = [name for name in MEASUREMENTS if name == word or name.startswith(f"{word}-")]
        if not found:
            sentence = _("“{name}” cannot be measured; choose from {names}.")
            raise BenchmarkError(sentence.format(name=word, names=", ".join(MEASUREMENTS)))
        names += [name for name in found if name not in names]
    if arguments.scaling and "scaling" not in names:
        names.append("scaling")
    named = bool(names)
    if not named:
        names = [name for name, measurement in MEASUREMENTS.items() if measurement.by_default]
    lacking = {name: text for name in names if (text := MEASUREMENTS[name].missing(arguments))}
    if named and lacking:
        raise MnistDemoError(next(iter(lacking.values())))
    # Several that lack the same say so once.
    return [name for name in names if name not in lacking], list(dict.fromkeys(lacking.values()))
