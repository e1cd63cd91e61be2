"""The product without a page: ``python -m mnist_demo train | evaluate | classify | runs | …``.

What was asked for goes to stdout, all else to stderr. The exit status is 0, or

- 2 for bad input, with one line on stderr: a learning rate with which training diverges is such (nothing is saved);
  ``classify`` still answers for the images that are good,
- 130 after Ctrl-C, 141 when nobody reads the output any more, as is customary; ``train --output`` saves the model so
  far in both cases.

torch and the other heavy libraries are imported by the command that needs them, so that ``--help`` is quick.
"""

import argparse
import contextlib
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from mnist_demo.commands.benchmark import add_benchmark_arguments, run_benchmark
from mnist_demo.commands.command_line import (
    BAD_INPUT,
    INTERRUPTED,
    NO_READER,
    add_data_and_json,
    add_device,
    discard_output,
    evaluate_on_test_images,
    load_digits,
    tell,
    to_json,
)
from mnist_demo.commands.runs import add_runs_arguments, run_runs
from mnist_demo.commands.train import add_train_arguments, run_train
from mnist_demo.devices import choose_device
from mnist_demo.errors import ImageError, MnistDemoError
from mnist_demo.translation import _


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` gives (None: that of this process), and return the exit status."""
    # Names of files may hold characters that a terminal cannot show; who reads from a pipe need not wait for lines.
    with contextlib.suppress(AttributeError):
        sys.stdout.reconfigure(errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    try:
        arguments = build_parser().parse_args(argv)
        status: int = arguments.run(arguments)
        sys.stdout.flush()
        return status
    except MnistDemoError as error:
        tell(str(error))
        return BAD_INPUT
    except KeyboardInterrupt:
        tell(_("Stopped."))
        return INTERRUPTED
    except BrokenPipeError:
        discard_output()
        return NO_READER
    except OSError as error:
        discard_output()
        tell(_("Something could not be read or written: {reason}.").format(reason=error))
        return BAD_INPUT


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; the flags and bounds of hyperparameters are those of ``FIELDS``."""
    parser = _Parser(prog="python -m mnist_demo", description=_("Train and use classifiers of handwritten digits."))
    commands = parser.add_subparsers(metavar=_("COMMAND"), required=True)

    def add(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        # Abbreviated flags would change their meaning when another flag is added.
        command = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        command.set_defaults(run=run)
        return command

    train = add("train", run_train, _("Train a model and test it after every epoch."))
    add_train_arguments(train)

    evaluate = add("evaluate", run_evaluate, _("Measure a trained model on the test images."))
    _add_checkpoint(evaluate)
    add_device(evaluate)
    add_data_and_json(evaluate, _("print one JSON object"))

    classify = add("classify", run_classify, _("Say which digit is in each picture."))
    _add_checkpoint(classify)
    classify.add_argument("images", nargs="+", metavar=_("IMAGE"), help=_("a picture of one digit (PNG, JPEG, …)"))
    classify.add_argument("--json", action="store_true", help=_("print one JSON object a line for each picture"))

    calibrate = add("calibrate", run_calibrate, _("Teach a trained model to say that a drawing is no digit."))
    _add_checkpoint(calibrate)
    calibrate.add_argument("--output", metavar=_("FILE"), help=_("save the calibration in this file"))
    add_data_and_json(calibrate, _("print one JSON object"))

    add_runs_arguments(add("runs", run_runs, _("List, show, export and delete the runs that were kept.")))
    add_benchmark_arguments(add("benchmark", run_benchmark, _("Measure how well and how fast this program works.")))
    return parser


def run_evaluate(arguments: argparse.Namespace) -> int:
    """Print loss and accuracy on the test images."""
    from mnist_demo.checkpoints import load_checkpoint

    classifier = load_checkpoint(arguments.checkpoint)
    classifier.model.to(choose_device(arguments.device, classifier.hyperparameters.model))
    dataset = load_digits(arguments.data)
    test_loss, test_accuracy = evaluate_on_test_images(classifier.model, dataset)
    if arguments.json:
        figures = {"checkpoint": arguments.checkpoint, "data": dataset.name, "images": len(dataset.test_labels)}
        print(to_json({**figures, "test_loss": test_loss, "test_accuracy": test_accuracy}))
        return 0
    message = _("Test accuracy {accuracy:.2f} %, test loss {loss:.4g}, on {count:,} images from {source}.")
    count = len(dataset.test_labels)
    print(message.format(accuracy=100 * test_accuracy, loss=test_loss, count=count, source=dataset.source))
    return 0


def run_classify(arguments: argparse.Namespace) -> int:
    """Print what the model sees in each picture; go on after a bad one."""
    from mnist_demo.checkpoints import load_checkpoint
    from mnist_demo.drawing import image_from_bitmap, load_bitmap

    classifier = load_checkpoint(arguments.checkpoint)
    status = 0
    for file in arguments.images:
        try:
            image = image_from_bitmap(load_bitmap(file))
        except ImageError as error:
            tell(_("{file}: {reason}").format(file=file, reason=error))
            status = BAD_INPUT
            continue
        probabilities = classifier.predict_probabilities(image[None])[0].tolist()
        digit = probabilities.index(max(probabilities))
        if arguments.json:
            answer = {"file": file, "predicted_digit": digit, "probability": probabilities[digit]}
            print(to_json({**answer, "probabilities": probabilities}))
        else:
            shares = "".join(f"{digit:>5}: {100 * share:.1f} %" for digit, share in enumerate(probabilities))
            print(f"{file}: {digit} ({100 * probabilities[digit]:.1f} %)\n{shares}")
    return status


def run_calibrate(arguments: argparse.Namespace) -> int:
    """Fit a calibration on the test images, and print how much it refuses."""
    from mnist_demo.checkpoints import load_checkpoint
    from mnist_demo.commands.calibrate import calibrate

    classifier, dataset = load_checkpoint(arguments.checkpoint), load_digits(arguments.data)
    figures = calibrate(classifier, dataset, arguments.output)
    print(to_json(figures) if arguments.json else "\n".join(f"{k:28}{v:9.4f}" for k, v in figures.items()))
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # argparse would print the usage, many lines of it, and exit by itself.
        help_command = f"{self.prog} --help"
        raise MnistDemoError(_("{problem} (“{command}” tells more)").format(problem=message, command=help_command))


def _add_checkpoint(parser: argparse.ArgumentParser) -> None:
    text = _("a file or folder that “train --output” wrote, or the word starter")
    parser.add_argument("checkpoint", metavar=_("CHECKPOINT"), help=text)
