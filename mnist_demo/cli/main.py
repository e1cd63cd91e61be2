"""The command line: ``mnist-demo train | evaluate | classify | calibrate | runs | cluster | page``.

Each command has a module of its own in this package. Results go to stdout, everything else to stderr. The exit status
is 0, or

- 2 for bad input, with one line on stderr. A learning rate with which training diverges counts as such (nothing is
  saved); ``classify`` still answers for the images that are good;
- 130 after Ctrl-C and 141 when nobody reads the output any more, as is customary; ``train --output`` saves the model
  so far in both cases.

A command imports torch and the other heavy libraries when it runs, so that ``--help`` is quick.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from mnist_demo.cli.argparse_words import translate_argparse
from mnist_demo.cli.calibrate import add_calibrate_arguments, run_calibrate
from mnist_demo.cli.classify import add_classify_arguments, run_classify
from mnist_demo.cli.cluster import add_cluster_arguments, run_cluster
from mnist_demo.cli.common import Parser, run_command
from mnist_demo.cli.evaluate import add_evaluate_arguments, run_evaluate
from mnist_demo.cli.page import add_page_arguments, run_page
from mnist_demo.cli.runs import add_runs_arguments, run_runs
from mnist_demo.cli.train import add_train_arguments, run_train
from mnist_demo.translation import _, default_language, use_language


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command in `argv` (default: the arguments of this process), and return the exit status."""
    use_language(default_language())
    translate_argparse()
    return run_command(build_parser(), argv)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; flags and bounds of hyperparameters come from ``FIELDS``."""
    parser = Parser(prog=_program_name(), description=_("Train classifiers of handwritten digits, and use them."))
    parser.epilog = _("“{program} COMMAND --help” explains each command.").format(program=parser.prog)
    commands = parser.add_subparsers(title=_("commands"), metavar=_("COMMAND"), required=True)

    def add(
        name: str,
        add_arguments: Callable[[argparse.ArgumentParser], None],
        run: Callable[[argparse.Namespace], int],
        text: str,
    ) -> None:
        # Abbreviated flags would change their meaning when another flag is added.
        command = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        command.set_defaults(run=run)
        add_arguments(command)

    add("train", add_train_arguments, run_train, _("Train a model and test it after every epoch."))
    add("evaluate", add_evaluate_arguments, run_evaluate, _("Measure a trained model on the test images."))
    add("classify", add_classify_arguments, run_classify, _("Say which digit is in each picture."))
    text = _("Teach a trained model to tell digits from other drawings.")
    add("calibrate", add_calibrate_arguments, run_calibrate, text)
    add("runs", add_runs_arguments, run_runs, _("List, show, export and delete saved runs."))
    add("cluster", add_cluster_arguments, run_cluster, _("Check the cluster that runs are computed on."))
    add("page", add_page_arguments, run_page, _("Open the page in the browser."))
    return parser


def _program_name() -> str:
    """Return what to type: the installed command, if the program was called by it, else the package."""
    return "mnist-demo" if Path(sys.argv[0]).stem == "mnist-demo" else "python -m mnist_demo"
