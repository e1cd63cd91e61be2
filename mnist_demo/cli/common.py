"""Parts that several commands share: exit statuses, common flags, lines of output, loading digits."""

import argparse
import contextlib
import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from mnist_demo.devices import AUTO, DEVICES
from mnist_demo.errors import MnistDemoError, is_lack_of_memory
from mnist_demo.settings.presets import STARTER
from mnist_demo.translation import _, numerals, wrapped

if TYPE_CHECKING:
    from mnist_demo.data.dataset import DigitDataset
    from mnist_demo.data.download import DownloadProgress

BAD_INPUT, INTERRUPTED, NO_READER = 2, 130, 141


def run_command(parser: argparse.ArgumentParser, argv: Sequence[str] | None = None) -> int:
    """Parse `argv` (default: this process's arguments), call the `run` that its parser set, and return the exit status.

    A command whose parser sets ``takes_any_options`` finds arguments that the parser does not know in ``further``.
    """
    # A file name may hold characters that a terminal cannot show; a program that reads a pipe gets each line at once.
    with contextlib.suppress(AttributeError):
        sys.stdout.reconfigure(errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    try:
        arguments, further = parser.parse_known_args(argv)
        if getattr(arguments, "takes_any_options", False):
            arguments.further = further
        elif further:
            parser.error(_("unrecognized arguments: {arguments}").format(arguments=" ".join(further)))
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
    except (MemoryError, RuntimeError) as error:
        if not is_lack_of_memory(error):
            raise
        discard_output()
        tell(_("There was not enough memory: close other programs, or choose smaller settings."))
        return BAD_INPUT
    except OSError as error:
        discard_output()
        tell(_("Something could not be read or written: {reason}.").format(reason=error))
        return BAD_INPUT


class Parser(argparse.ArgumentParser):
    """A parser that raises MnistDemoError for bad input: one sentence, where argparse prints its usage and exits."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"formatter_class": _HelpFormatter, **options})

    def error(self, message: str) -> NoReturn:
        # argparse would print the usage, many lines of it, and exit by itself.
        help_command = f"{self.prog} --help"
        raise MnistDemoError(_("{problem} (see “{command}”)").format(problem=message, command=help_command))


class _HelpFormatter(argparse.HelpFormatter):
    """Help whose lines fit the terminal in every language: argparse itself counts characters, not columns."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrapped(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(wrapped(text, width, initial_indent=indent, subsequent_indent=indent))


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    text = _("a file or folder that “train --output” wrote, or the word starter")
    parser.add_argument("checkpoint", metavar=_("CHECKPOINT"), help=text)


def add_data_and_json(parser: argparse.ArgumentParser, json_help: str) -> None:
    text = _(
        "where the digits come from: a folder with MNIST’s four files, openml or builtin (default: MNIST_DEMO_DATA, "
        "else MNIST if it is here or can be downloaded, else builtin)"
    )
    parser.add_argument("--data", metavar=_("SOURCE"), help=text)
    parser.add_argument("--json", action="store_true", help=json_help)


def load_digits(source: str | None) -> "DigitDataset":
    """Load a dataset, with a bar on stderr while it is downloaded, if that is a terminal."""
    from tqdm import tqdm

    from mnist_demo.data.loading import load_dataset

    if source == "":
        raise MnistDemoError(_("--data must name a folder, or be openml or builtin, but is empty."))

    bar_format = f"{{desc}} {numerals().percent.format('{percentage:3.0f}')} |{{bar}}|"
    # delay: nothing appears where nothing is downloaded.
    with tqdm(total=1, disable=None, leave=False, delay=0.5, bar_format=bar_format) as bar:

        def report(progress: "DownloadProgress") -> None:
            bar.set_description_str(progress.stage, refresh=False)
            bar.n = progress.fraction or 0
            bar.refresh()

        dataset = load_dataset(source, report)
    if dataset.name == "folder":
        from mnist_demo.insight.doubts import find_doubt
        from mnist_demo.models.checkpoints import load_checkpoint

        tell(find_doubt(dataset, load_checkpoint(STARTER)))
    return dataset


def add_device(parser: argparse.ArgumentParser) -> None:
    text = _("where to compute (default: auto, which uses an accelerator, if there is one, for convolutional networks)")
    parser.add_argument("--device", choices=tuple(DEVICES), default=AUTO, help=text)


def to_json(values: Mapping[str, Any]) -> str:
    """Return one line of JSON; a number that is not finite, which JSON does not have, becomes null."""
    finite = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in values.items()
    }
    return json.dumps(finite)


def tell(text: str) -> None:
    """Print `text` to stderr as one line, even if it quotes several; nothing where it is empty."""
    if not text:
        return
    with contextlib.suppress(OSError):
        print(" ".join(text.split()), file=sys.stderr, flush=True)


def discard_output() -> None:
    """Discard what is still to be written to stdout; Python would complain about it at its exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
