"""What several commands have in common: exit statuses, lines of output, the digits that a flag names."""

import argparse
import contextlib
import json
import math
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mnist_demo.devices import AUTO, DEVICES
from mnist_demo.errors import MnistDemoError
from mnist_demo.translation import _

if TYPE_CHECKING:
    from mnist_demo.datasets import DigitDataset
    from mnist_demo.digits.download import DownloadProgress
    from mnist_demo.models import Classifier

BAD_INPUT, INTERRUPTED, NO_READER = 2, 130, 141


def add_data_and_json(parser: argparse.ArgumentParser, json_help: str) -> None:
    text = _("a folder with MNIST’s four files, openml or builtin (default: MNIST_DEMO_DATA, else MNIST, else builtin)")
    parser.add_argument("--data", metavar=_("SOURCE"), help=text)
    parser.add_argument("--json", action="store_true", help=json_help)


def load_digits(source: str | None) -> "DigitDataset":
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


def add_device(parser: argparse.ArgumentParser) -> None:
    text = _("where to compute (default: auto, which takes an accelerator for convolutional networks if there is one)")
    parser.add_argument("--device", choices=tuple(DEVICES), default=AUTO, help=text)


def evaluate_on_test_images(model: "Classifier", dataset: "DigitDataset") -> tuple[float, float]:
    import torch

    from mnist_demo.training import evaluate

    return evaluate(model, torch.tensor(dataset.test_pixels), torch.from_numpy(dataset.test_labels))


def to_json(values: Mapping[str, Any]) -> str:
    """Return one line of JSON; a number that is not finite, which JSON does not have, becomes null."""
    finite = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in values.items()
    }
    return json.dumps(finite)


def tell(text: str) -> None:
    """Print one line to stderr, whatever `text` quotes."""
    with contextlib.suppress(OSError):
        print(" ".join(text.split()), file=sys.stderr, flush=True)


def discard_output() -> None:
    """Let what is still to be written to stdout vanish: Python would complain of it at its exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
