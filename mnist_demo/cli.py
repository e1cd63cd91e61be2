"""The product without a page: ``python -m mnist_demo train | evaluate | classify | calibrate | benchmark``.

What was asked for goes to stdout, all else to stderr. The exit status is 0, or

- 2 for bad input, with one line on stderr: a learning rate with which training diverges is such (nothing is saved);
  ``classify`` still answers for the images that are good,
- 130 after Ctrl-C, 141 when nobody reads the output any more, as is customary; ``train --output`` saves the model so
  far in both cases.

torch and the other heavy libraries are imported by the command that needs them, so that ``--help`` is quick.
"""

import argparse
import contextlib
import dataclasses
import functools
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from mnist_demo.benchmark_command import add_benchmark_arguments, run_benchmark
from mnist_demo.errors import HyperparameterError, ImageError, MnistDemoError
from mnist_demo.events import Diverged, Epoch, Started, Step
from mnist_demo.hyperparameters import DEFAULT_PRESET, FIELDS, PRESETS, parse_value
from mnist_demo.processes import thread_count
from mnist_demo.translation import N_, _

if TYPE_CHECKING:
    from mnist_demo.datasets import DigitDataset
    from mnist_demo.download import DownloadProgress
    from mnist_demo.models import Classifier

BAD_INPUT, INTERRUPTED, NO_READER = 2, 130, 141
COLUMNS = {
    N_("Epoch"): "{epoch}",
    N_("Train loss"): "{train_loss:.4g}",
    N_("Test loss"): "{test_loss:.4g}",
    N_("Test accuracy"): "{test_accuracy:.2%}",
    N_("Validation"): "{validation_accuracy:.2%}",
    N_("Seconds"): "{seconds:.2f}",
}


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
        _tell(str(error))
        return BAD_INPUT
    except KeyboardInterrupt:
        _tell(_("Stopped."))
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return NO_READER
    except OSError as error:
        _discard_output()
        _tell(_("Something could not be read or written: {reason}.").format(reason=error))
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
    train.epilog = _(
        "Exit status: 0, 2 for bad input or when training diverged, 130 after Ctrl-C (the model is saved)."
    )
    train.add_argument(
        "--preset",
        choices=tuple(PRESETS),
        default=DEFAULT_PRESET,
        help=_("the settings that the other flags change (default: {name})").format(name=DEFAULT_PRESET),
    )
    for name in FIELDS:
        _add_hyperparameter(train, name)
    train.add_argument(
        "--output", metavar=_("FOLDER"), help=_("save the trained model in this folder, as model.safetensors")
    )
    _add_data_and_json(train, _("print one JSON object a line for each epoch"))

    evaluate = add("evaluate", run_evaluate, _("Measure a trained model on the test images."))
    _add_checkpoint(evaluate)
    _add_data_and_json(evaluate, _("print one JSON object"))

    classify = add("classify", run_classify, _("Say which digit is in each picture."))
    _add_checkpoint(classify)
    classify.add_argument("images", nargs="+", metavar=_("IMAGE"), help=_("a picture of one digit (PNG, JPEG, …)"))
    classify.add_argument("--json", action="store_true", help=_("print one JSON object a line for each picture"))

    calibrate = add("calibrate", run_calibrate, _("Teach a trained model to say that a drawing is no digit."))
    _add_checkpoint(calibrate)
    calibrate.add_argument("--output", metavar=_("FILE"), help=_("save the calibration in this file"))
    _add_data_and_json(calibrate, _("print one JSON object"))

    add_benchmark_arguments(add("benchmark", run_benchmark, _("Measure how well and how fast this program works.")))
    return parser


def run_train(arguments: argparse.Namespace) -> int:
    """Train; print a line for each epoch."""
    given = {name: value for name, value in vars(arguments).items() if name in FIELDS}
    chosen = PRESETS[arguments.preset].hyperparameters.replace(**given)
    import torch
    from tqdm import tqdm

    from mnist_demo.checkpoints import prepare_output, save_checkpoint
    from mnist_demo.models import build_model
    from mnist_demo.training import train

    if arguments.output == "":
        raise MnistDemoError(_("--output must name a folder, but is empty."))
    output = prepare_output(arguments.output) if arguments.output else None
    dataset = _load_digits(arguments.data)
    torch.set_num_threads(thread_count(chosen))
    model = build_model(chosen)
    columns = {title: form for title, form in COLUMNS.items() if chosen.validation_size or "validation" not in form}
    status, last = 0, None
    try:
        with tqdm(disable=None, leave=False, unit=_(" steps")) as bar:
            for event in train(model, chosen, dataset):
                match event:
                    case Started():
                        bar.clear()
                        if not arguments.json:
                            print(_table_line(_(title) for title in columns))
                        bar.reset(event.total_steps)
                    case Step():
                        last = event
                        bar.update()
                    case Epoch():
                        bar.clear()
                        figures = dataclasses.asdict(event)
                        cells = (form.format(**figures) for form in columns.values())
                        print(_to_json(figures) if arguments.json else _table_line(cells))
                    case Diverged():
                        bar.close()
                        _tell(event.message)
                        return BAD_INPUT
    except (KeyboardInterrupt, BrokenPipeError) as interruption:
        if last is None:
            raise
        if isinstance(interruption, BrokenPipeError):
            _discard_output()
        status = INTERRUPTED if isinstance(interruption, KeyboardInterrupt) else NO_READER
        _tell(_("Stopped after step {step}.").format(step=f"{last.step:,}"))
    if output and last:
        test_loss, test_accuracy = _evaluate(model, dataset)
        figures = {"step": last.step, "seconds": last.seconds, "test_loss": test_loss, "test_accuracy": test_accuracy}
        save_checkpoint(output, model, chosen, dataset, figures)
        _tell(_("The model is saved as {path}.").format(path=output))
    return status


def run_evaluate(arguments: argparse.Namespace) -> int:
    """Print loss and accuracy on the test images."""
    from mnist_demo.checkpoints import load_checkpoint

    classifier = load_checkpoint(arguments.checkpoint)
    dataset = _load_digits(arguments.data)
    test_loss, test_accuracy = _evaluate(classifier.model, dataset)
    if arguments.json:
        figures = {"checkpoint": arguments.checkpoint, "data": dataset.name, "images": len(dataset.test_labels)}
        print(_to_json({**figures, "test_loss": test_loss, "test_accuracy": test_accuracy}))
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
            _tell(_("{file}: {reason}").format(file=file, reason=error))
            status = BAD_INPUT
            continue
        probabilities = classifier.predict_probabilities(image[None])[0].tolist()
        digit = probabilities.index(max(probabilities))
        if arguments.json:
            answer = {"file": file, "predicted_digit": digit, "probability": probabilities[digit]}
            print(_to_json({**answer, "probabilities": probabilities}))
        else:
            shares = "".join(f"{digit:>5}: {100 * share:.1f} %" for digit, share in enumerate(probabilities))
            print(f"{file}: {digit} ({100 * probabilities[digit]:.1f} %)\n{shares}")
    return status


def run_calibrate(arguments: argparse.Namespace) -> int:
    """Fit a calibration on the test images, and print how much it refuses."""
    from mnist_demo.calibrate import calibrate
    from mnist_demo.checkpoints import load_checkpoint

    classifier, dataset = load_checkpoint(arguments.checkpoint), _load_digits(arguments.data)
    figures = calibrate(classifier, dataset, arguments.output)
    print(_to_json(figures) if arguments.json else "\n".join(f"{k:28}{v:9.4f}" for k, v in figures.items()))
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # argparse would print the usage, many lines of it, and exit by itself.
        help_command = f"{self.prog} --help"
        raise MnistDemoError(_("{problem} (“{command}” tells more)").format(problem=message, command=help_command))


def _add_hyperparameter(parser: argparse.ArgumentParser, name: str) -> None:
    field = FIELDS[name]
    flag = "--" + name.replace("_", "-")
    text = _(field.help).replace("%", "%%")
    # SUPPRESS: only what is given stands in the arguments, and overrides the preset.
    if field.kind == "switch":
        parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS, help=text)
        return
    number = "N|all" if field.optional else "N"
    metavars = {"choice": "{" + ",".join(field.choice_names) + "}", "integer": number, "number": "X", "sizes": "N,N"}
    parser.add_argument(
        flag, type=functools.partial(_parse, name), metavar=metavars[field.kind], default=argparse.SUPPRESS, help=text
    )


def _parse(name: str, text: str) -> Any:
    try:
        return parse_value(name, text)
    except HyperparameterError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _add_checkpoint(parser: argparse.ArgumentParser) -> None:
    text = _("a file or folder that “train --output” wrote, or the word starter")
    parser.add_argument("checkpoint", metavar=_("CHECKPOINT"), help=text)


def _add_data_and_json(parser: argparse.ArgumentParser, json_help: str) -> None:
    text = _("a folder with MNIST’s four files, openml or builtin (default: MNIST_DEMO_DATA, else MNIST, else builtin)")
    parser.add_argument("--data", metavar=_("SOURCE"), help=text)
    parser.add_argument("--json", action="store_true", help=json_help)


def _load_digits(source: str | None) -> "DigitDataset":
    """Load a dataset, with a bar on stderr while it is downloaded, if that is a terminal."""
    from tqdm import tqdm

    from mnist_demo.datasets import load_dataset

    if source == "":
        raise MnistDemoError(_("--data must name a folder, or be openml or builtin, but is empty."))

    # delay: nothing appears where nothing is downloaded.
    with tqdm(total=1, disable=None, leave=False, delay=0.5, bar_format="{desc} {percentage:3.0f} % |{bar}|") as bar:

        def report(progress: "DownloadProgress") -> None:
            bar.set_description_str(progress.stage, refresh=False)
            bar.n = progress.fraction or 0
            bar.refresh()

        return load_dataset(source, report)


def _evaluate(model: "Classifier", dataset: "DigitDataset") -> tuple[float, float]:
    import torch

    from mnist_demo.training import evaluate

    return evaluate(model, torch.tensor(dataset.test_pixels), torch.from_numpy(dataset.test_labels))


def _table_line(cells: Iterable[str]) -> str:
    return "".join(f"{cell:>15}" for cell in cells)


def _to_json(values: Mapping[str, Any]) -> str:
    """Return one line of JSON; a number that is not finite, which JSON does not have, becomes null."""
    finite = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in values.items()
    }
    return json.dumps(finite)


def _tell(text: str) -> None:
    """Print one line to stderr, whatever `text` quotes."""
    with contextlib.suppress(OSError):
        print(" ".join(text.split()), file=sys.stderr, flush=True)


def _discard_output() -> None:
    """Let what is still to be written to stdout vanish: Python would complain of it at its exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
