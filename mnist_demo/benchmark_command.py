"""``python -m mnist_demo benchmark``: its flags, and how its figures are printed.

A measurement is an entry in ``MEASUREMENTS``; what it needs and measures is in `mnist_demo.benchmark`, imported only
when it runs.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from mnist_demo.errors import MnistDemoError
from mnist_demo.translation import N_, _

if TYPE_CHECKING:
    from mnist_demo.benchmark import Figure


@dataclasses.dataclass(frozen=True)
class Measurement:
    """Something that can be measured: `run` yields figures; `missing` says which flag it lacks, or is None."""

    help: str
    run: Callable[[argparse.Namespace], "Iterator[Figure]"]
    missing: Callable[[argparse.Namespace], str | None]


def _measure_drawings(arguments: argparse.Namespace) -> "Iterator[Figure]":
    from mnist_demo.benchmark import measure_drawings

    return measure_drawings(arguments.strokes, arguments.checkpoint or ["starter"], arguments.limit)


MEASUREMENTS = {
    "drawings": Measurement(
        N_("how many drawn digits are read rightly, however they are drawn"),
        _measure_drawings,
        lambda arguments: None if arguments.strokes else "--strokes",
    ),
}


def add_benchmark_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of all measurements."""
    texts = "; ".join(f"{name}: {_(measurement.help)}" for name, measurement in MEASUREMENTS.items())
    parser.add_argument(
        "measurement",
        nargs="?",
        choices=tuple(MEASUREMENTS),
        metavar=_("MEASUREMENT"),
        help=_("what to measure (default: all that the other flags allow): {measurements}").format(measurements=texts),
    )
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
    parser.add_argument("--json", action="store_true", help=_("print one JSON object a line for each figure"))


def run_benchmark(arguments: argparse.Namespace) -> int:
    """Print the figures of the measurement that was asked for, or of all that have what they need."""
    names: Sequence[str] = [arguments.measurement] if arguments.measurement else list(MEASUREMENTS)
    lacking = {name: flag for name in names if (flag := MEASUREMENTS[name].missing(arguments))}
    if len(lacking) == len(names):
        name, flag = next(iter(lacking.items()))
        raise MnistDemoError(_("To measure “{name}”, {flag} is needed.").format(name=name, flag=flag))
    for name, flag in lacking.items():
        print(_("“{name}” is left out: it needs {flag}.").format(name=name, flag=flag), file=sys.stderr)
    for name in names:
        if name not in lacking:
            for figure in MEASUREMENTS[name].run(arguments):
                print(json.dumps({"measurement": name, **figure.as_dict()}) if arguments.json else figure.as_text())
    return 0


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(_("“{text}” is no whole number above 0").format(text=text))
    return number
