"""``mnist-demo calibrate``: teach a trained model to say that a drawing is no digit."""

import argparse

from mnist_demo.cli.common import add_checkpoint, add_data_and_json, load_digits, to_json
from mnist_demo.translation import _


def add_calibrate_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of ``calibrate``."""
    add_checkpoint(parser)
    parser.add_argument("--output", metavar=_("FILE"), help=_("save the calibration in this file"))
    add_data_and_json(parser, _("print one JSON object"))


def run_calibrate(arguments: argparse.Namespace) -> int:
    """Fit a calibration on the test images, and print how much it refuses."""
    from mnist_demo.models.checkpoints import load_checkpoint
    from mnist_demo.rejection.fitting import calibrate

    classifier, dataset = load_checkpoint(arguments.checkpoint), load_digits(arguments.data)
    metrics = calibrate(classifier, dataset, arguments.output)
    print(to_json(metrics) if arguments.json else "\n".join(f"{k:28}{v:9.4f}" for k, v in metrics.items()))
    return 0
