"""Chooses the source of digits: a folder, the cached MNIST, a download, or the built-in digits.

Only `load_dataset` uses the network, through `mnist_demo.data.download`. Heavy libraries are imported on demand, so a
process that only reopens a cached MNIST imports nothing heavier than numpy.
"""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist_demo.data.builtin_digits import load_builtin
from mnist_demo.data.cache import load_cached_mnist
from mnist_demo.data.dataset import MNIST, DigitDataset, ExpectedMnist
from mnist_demo.data.download import DownloadProgress, download_mnist
from mnist_demo.data.folder import load_folder
from mnist_demo.data.servers import Server
from mnist_demo.errors import DatasetError
from mnist_demo.translation import _

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FirstDataset:
    """The `dataset` that is available without the network, and whether MNIST should be downloaded to replace it."""

    dataset: DigitDataset
    fetch_mnist: bool


def _read_choice(source: str | None) -> str:
    """Return `source`, or the value of MNIST_DEMO_DATA if it is None; empty if neither is set."""
    return (os.environ.get("MNIST_DEMO_DATA", "") if source is None else source).strip()


def load_first_dataset(
    source: str | None = None, *, home: Path | None = None, expected: ExpectedMnist = MNIST
) -> FirstDataset:
    """Return the digits of `source` as `load_dataset` does, or the built-in ones if MNIST must first be downloaded.

    Never uses the network, and takes at most a second or two.

    Raises
    ------
    DatasetError
        If the folder holds no valid digits.
    """
    choice = _read_choice(source)
    if choice.lower() == "builtin":
        return FirstDataset(load_builtin(), fetch_mnist=False)
    if choice and choice.lower() != "openml":
        return FirstDataset(load_folder(choice), fetch_mnist=False)
    cached = load_cached_mnist(home, expected)
    return FirstDataset(cached or load_builtin(), fetch_mnist=cached is None)


def load_dataset(
    source: str | None = None,
    progress: Callable[[DownloadProgress], None] | None = None,
    *,
    home: Path | None = None,
    servers: Sequence[Server] | None = None,
    expected: ExpectedMnist = MNIST,
) -> DigitDataset:
    """Return the digits of `source`, downloading MNIST if needed; that may take minutes, so the page must not call it.

    Parameters
    ----------
    source
        A folder with the four IDX files, ``"openml"`` or ``"builtin"``. None means the value of the environment
        variable MNIST_DEMO_DATA; if that is unset, the cached MNIST, else a download, else the built-in digits, in
        which case the log says why.
    progress, home, servers, expected
        For the download; see `mnist_demo.data.download.download_mnist`.

    Raises
    ------
    DatasetError
        If the folder holds no valid digits. DownloadError if ``"openml"`` was requested and cannot be downloaded.
    """
    first = load_first_dataset(source, home=home, expected=expected)
    if not first.fetch_mnist:
        return first.dataset
    try:
        return download_mnist(progress, home, servers=servers, expected=expected)
    except DatasetError as error:
        if _read_choice(source):
            raise
        _logger.warning("%s", _("{reason} Until then scikit-learn's digits are used.").format(reason=error))
        return first.dataset
