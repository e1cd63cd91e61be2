"""``python -m benchmarks``: its flags, and how its figures are printed.

A measurement is an entry in ``MEASUREMENTS``; what it measures is in `benchmarks`, imported only when it
runs.
"""

import argparse
import importlib
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mnist_demo.cli.common import Parser, run_command
from mnist_demo.errors import BenchmarkError, MnistDemoError
from mnist_demo.translation import N_, _

if TYPE_CHECKING:
    from benchmarks.comparison import Comparison
    from benchmarks.surroundings import Surroundings

DEFAULT_RUNS, DEFAULT_BUDGET = 5, 600.0


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
    from benchmarks.drawings import measure_drawings

    return measure_drawings(arguments.strokes, arguments.checkpoint or ["starter"], arguments.limit)


def _lacks_strokes(arguments: argparse.Namespace) -> str | None:
    return (
        None
        if arguments.strokes
        else _("To measure “{name}”, {flag} is needed.").format(name="drawings", flag="--strokes")
    )


def _lacks_browser(_arguments: argparse.Namespace) -> str | None:
    if importlib.util.find_spec("playwright") is None:
        return _(
            "To measure the page, playwright and Chromium are needed: pip install -r tests/requirements.txt, then "
            "python -m playwright install chromium."
        )
    from benchmarks.browser import lacks_browser

    return lacks_browser()


def _in_module(module: str, function: str) -> Callable[[argparse.Namespace, "Surroundings | None"], Iterator[Figure]]:
    """Return a measurement that stands in a module of `benchmarks`, imported when it is made."""

    def run(_arguments: argparse.Namespace, surroundings: "Surroundings | None") -> "Iterator[Comparison]":
        measure = getattr(importlib.import_module(f"benchmarks.{module}"), function)
        figures: Iterator[Comparison] = measure(surroundings)
        return figures

    return run


def _measure_scaling(arguments: argparse.Namespace, surroundings: "Surroundings | None") -> Iterator[Figure]:
    from benchmarks.scaling import measure_scaling

    assert surroundings is not None
    return measure_scaling(surroundings, Path(arguments.chart) if arguments.chart else None)


def _lacks_proc(arguments: argparse.Namespace) -> str | None:
    from benchmarks.memory import can_read_memory

    if not can_read_memory():
        return _("Memory can be measured on Linux only, where /proc/self/smaps_rollup is.")
    return _lacks_browser(arguments)


def _lacks_signals(arguments: argparse.Namespace) -> str | None:
    from benchmarks.programs import can_rest

    if not can_rest():
        return _(
            "The command line can be measured in turn with the page only where a process can be stopped for a while."
        )
    return _lacks_browser(arguments)


def _page(
    text: str,
    module: str,
    function: str,
    missing: Callable[[argparse.Namespace], str | None] = _lacks_browser,
) -> Measurement:
    return Measurement(text, _in_module(module, function), missing)


MEASUREMENTS = {
    "drawings": Measurement(
        N_("how many drawn digits are read rightly, however they are drawn"),
        _measure_drawings,
        _lacks_strokes,
        in_table=False,
    ),
    "tutorial": Measurement(
        N_("the tutorial’s setting, against the tutorial’s own loop"), _in_module("tutorial", "measure_tutorial")
    ),
    "convnet": Measurement(
        N_("seconds to 99 % and 99.5 %, against PyTorch’s MNIST example"), _in_module("convnet", "measure_convnet")
    ),
    "reading": Measurement(N_("from a stroke to probabilities, in Python"), _in_module("reading", "measure_reading")),
    "sharing": Measurement(N_("several runs at once, against one"), _in_module("sharing", "measure_sharing")),
    "page-start": _page(
        N_("server start to page, and Start to the first point on the chart"), "page_start", "measure_start"
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
    "page-memory": _page(N_("memory of server, run and visitor"), "page_memory", "measure_memory", _lacks_proc),
    "page-visitors": _page(N_("ten and thirty visitors, against one"), "page_visitors", "measure_visitors"),
    "page-long-run": _page(
        N_("what a refresh costs after 128,000 steps, against 1,000"), "page_long_run", "measure_long_run"
    ),
    "scaling": Measurement(
        N_("how cost grows with batch, training set and threads"), _measure_scaling, by_default=False
    ),
}


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with the flags of all measurements."""
    parser = Parser(
        prog="python -m benchmarks",
        description=_("Measure how well and how fast this program works."),
        allow_abbrev=False,
    )
    parser.set_defaults(run=run_benchmark)
    texts = "; ".join(f"{name}: {_(measurement.help)}" for name, measurement in MEASUREMENTS.items())
    parser.add_argument(
        "measurements",
        nargs="*",
        metavar=_("MEASUREMENT"),
        help=_(
            "what to measure (default: all that the other flags allow, but for scaling); a name that others begin "
            "with stands for all of them: {measurements}"
        ).format(measurements=texts.replace("%", "%%")),
    )
    parser.add_argument(
        "--runs",
        type=_positive,
        metavar="N",
        help=_("measure each side N times, in turn (default: {count})").format(count=DEFAULT_RUNS),
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help=_("only see that everything can be measured: the built-in digits, a few steps, one run"),
    )
    parser.add_argument(
        "--budget",
        type=_positive,
        default=DEFAULT_BUDGET,
        metavar=_("SECONDS"),
        help=_("end a program that takes longer, and say “> SECONDS s” (default: {seconds:.0f})").format(
            seconds=DEFAULT_BUDGET
        ),
    )
    parser.add_argument("--scaling", action="store_true", help=_("measure also how cost grows"))
    parser.add_argument("--chart", metavar=_("FILE"), help=_("with scaling: write images a second as an SVG picture"))
    parser.add_argument(
        "--strokes", metavar=_("FILE"), help=_("digits drawn with a pen, in UNIPEN format, packed with gzip or not")
    )
    parser.add_argument(
        "--checkpoint",
        action="append",
        metavar=_("CHECKPOINT"),
        help=_("a model to measure: a file or folder, or the word starter (default); may be given several times"),
    )
    parser.add_argument(
        "--limit", type=_positive, metavar="N", help=_("measure only N drawings, taken evenly from the file")
    )
    text = _("a folder with MNIST’s four files, openml or builtin (default: MNIST_DEMO_DATA, else MNIST, else builtin)")
    parser.add_argument("--data", metavar=_("SOURCE"), help=text)
    parser.add_argument("--json", action="store_true", help=_("print one JSON object a line for each figure"))
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what `argv` (None: that of this process) names, and return the exit status."""
    return run_command(build_parser(), argv)


def run_benchmark(arguments: argparse.Namespace) -> int:
    """Print the figures of the measurements that were asked for, or of all that have what they need."""
    names, left_out = choose(arguments)
    for sentence in left_out:
        print(sentence, file=sys.stderr)
    if all(not MEASUREMENTS[name].in_table for name in names):
        for name in names:
            _print_figures(name, arguments, None)
        return 0
    from benchmarks.comparison import table_head
    from benchmarks.surroundings import describe_machine, open_surroundings

    runs = arguments.runs or (1 if arguments.quick else DEFAULT_RUNS)
    with open_surroundings(arguments.data, runs, arguments.quick, float(arguments.budget)) as surroundings:
        machine = {**describe_machine(), "digits": surroundings.dataset.source, "runs": runs}
        if arguments.json:
            print(json.dumps({"measurement": "machine", **machine}))
        else:
            print(", ".join(f"{name}: {value}" for name, value in machine.items()) + "\n")
        # First those with lines of their own, so that the table is one.
        in_table = [name for name in names if MEASUREMENTS[name].in_table]
        for name in names:
            if name not in in_table:
                _print_figures(name, arguments, surroundings)
        if not arguments.json:
            print(table_head())
        for name in in_table:
            _print_figures(name, arguments, surroundings)
    return 0


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


def _print_figures(name: str, arguments: argparse.Namespace, surroundings: "Surroundings | None") -> None:
    for figure in MEASUREMENTS[name].run(arguments, surroundings):
        print(json.dumps({"measurement": name, **figure.as_dict()}) if arguments.json else figure.as_text(), flush=True)


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(_("“{text}” is no whole number above 0").format(text=text))
    return number
