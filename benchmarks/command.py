"""``python -m benchmarks``: its flags, and how its figures are printed."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from benchmarks.catalogue import MEASUREMENTS, choose
from mnist_demo.cli.common import Parser, run_command
from mnist_demo.translation import _

if TYPE_CHECKING:
    from benchmarks.surroundings import Surroundings

DEFAULT_RUNS, DEFAULT_BUDGET, DEFAULT_MINUTES = 5, 600.0, 15


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
            "what to measure (default: all that the other flags allow, but for scaling, soak and crowd); a name that "
            "others begin with stands for all of them: {measurements}"
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
        "--limit",
        type=_positive,
        metavar="N",
        help=_("measure only N drawings, taken evenly from the file, or N pictures of each condition"),
    )
    parser.add_argument(
        "--minutes",
        type=_positive,
        default=DEFAULT_MINUTES,
        metavar="N",
        help=_("with soak: how long visitors come and go (default: {count})").format(count=DEFAULT_MINUTES),
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


def _print_figures(name: str, arguments: argparse.Namespace, surroundings: "Surroundings | None") -> None:
    for figure in MEASUREMENTS[name].run(arguments, surroundings):
        print(json.dumps({"measurement": name, **figure.as_dict()}) if arguments.json else figure.as_text(), flush=True)


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(_("“{text}” is no whole number above 0").format(text=text))
    return number
