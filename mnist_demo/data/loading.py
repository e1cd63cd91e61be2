"""The function that chooses among the sources of digits: a folder, MNIST downloaded before or now, the built-in digits.

Nothing here touches the network but `load_dataset`, which hands over to `mnist_demo.data.download`. Heavy libraries
are imported where they are needed, so that a process which only reopens a cached MNIST pays for numpy alone.
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
    """What a page can show at once: `dataset`, and whether MNIST should be fetched to take its place."""

    dataset: DigitDataset
    fetch_mnist: bool


def _read_choice(source: str | None) -> str:
    """Return `source`, or what MNIST_DEMO_DATA says; empty if neither says anything."""
    return (os.environ.get("MNIST_DEMO_DATA", "") if source is None else source).strip()


def load_first_dataset(
    source: str | None = None, *, home: Path | None = None, expected: ExpectedMnist = MNIST
) -> FirstDataset:
    """Return the digits of `source`, as `load_dataset` does, or the built-in ones where MNIST is yet to be downloaded.

    Never touches the network, and takes at most a second or two.

    Raises
    ------
    DatasetError
        The folder holds no digits.
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
    """Return the digits of `source`, downloading MNIST first if need be; that may take minutes, so not for the page.

    Parameters
    ----------
    source
        A folder with the four IDX files, ``"openml"`` or ``"builtin"``. None stands for the environment variable
        MNIST_DEMO_DATA, and if that is unset for the cached MNIST, else a download, else the built-in digits, in which
        case the log says why.
    progress, home, servers, expected
        For the download: see `mnist_demo.data.download.download_mnist`.

    Raises
    ------
    DatasetError
        The folder holds no digits. DownloadError, if MNIST was asked for by name and cannot be had.
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
