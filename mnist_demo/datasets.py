"""Digits, and where they come from: MNIST from the cache or a folder, or the digits that scikit-learn brings along.

Nothing here touches the network but `load_dataset`, which hands over to `mnist_demo.digits.download`. Heavy libraries
are imported where they are needed, so that a process which only reopens a cached MNIST pays for numpy alone.
"""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import platformdirs

from mnist_demo.digits.idx import SIDE, digest_idx_images, find_idx_file, read_idx_images, read_idx_labels
from mnist_demo.digits.record_files import MappedPart, map_record, write_record
from mnist_demo.errors import DatasetError
from mnist_demo.translation import N_, _

if TYPE_CHECKING:
    from mnist_demo.digits.download import DownloadProgress
    from mnist_demo.digits.mnist_servers import Server

CACHE_FILE = "mnist.npy"
# The names under which MNIST was published, in the order of DigitDataset's arrays.
IDX_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
CANNOT_KEEP = N_(
    "MNIST cannot be kept in {home} ({reason}); free 100 MB there, or set MNIST_DEMO_HOME to another folder."
)
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class DigitDataset:
    """Training and test digits: 28 × 28 pixels, ink bright (255), and the digit 0..9 that each shows.

    A pickle of mapped pixels names the file instead of carrying 55 MB, so that a dataset goes to a child process for
    next to nothing; DatasetError there if the file is gone.
    """

    name: str  # "mnist", "builtin" or "folder"
    train_pixels: npt.NDArray[np.uint8]  # (n_train, 28, 28), read-only, perhaps a memory map
    train_labels: npt.NDArray[np.int64]  # (n_train,)
    test_pixels: npt.NDArray[np.uint8]  # (n_test, 28, 28), as train_pixels
    test_labels: npt.NDArray[np.int64]  # (n_test,)
    source: str  # for people: "OpenML", a mirror's host, a folder's path, "scikit-learn"
    digest: str  # SHA-256, hexadecimal, of the training pixels as a plain IDX file: for MNIST the published one

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        for name in ("train_pixels", "test_pixels"):
            state[name] = MappedPart.behind(state[name]) or np.asarray(state[name])
        for name in ("train_labels", "test_labels"):
            state[name] = state[name].astype(np.uint8)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name in ("train_pixels", "test_pixels"):
            if isinstance(mapped := state[name], MappedPart):
                try:
                    state[name] = mapped.open()
                except (OSError, ValueError) as error:
                    message = _("{path} was removed or changed while its digits were in use; start the program again.")
                    raise DatasetError(message.format(path=mapped.path)) from error
        for name in ("train_labels", "test_labels"):
            state[name] = state[name].astype(np.int64)
        self.__dict__.update(state)


@dataclass(frozen=True)
class ExpectedMnist:
    """What a download or a cache has to hold to pass for MNIST; tests expect something smaller."""

    n_train: int
    n_test: int
    train_sha256: str  # what DigitDataset calls digest

    def check(self, dataset: DigitDataset) -> None:
        """Raise DatasetError, saying what came instead, unless `dataset` is what is expected."""
        found = (dataset.train_pixels.shape, dataset.test_pixels.shape)
        expected = ((self.n_train, SIDE, SIDE), (self.n_test, SIDE, SIDE))
        if found != expected:
            message = _("Expected digits of shapes {expected}, but {source} gave {found}.")
            raise DatasetError(message.format(expected=expected, source=dataset.source, found=found))
        for labels, count in ((dataset.train_labels, self.n_train), (dataset.test_labels, self.n_test)):
            if labels.shape != (count,) or labels.min() < 0 or labels.max() > 9:
                message = _("Expected {count} labels from 0 to 9, but {source} gave something else.")
                raise DatasetError(message.format(count=count, source=dataset.source))
        if dataset.digest != self.train_sha256:
            message = _("The training images from {source} are not MNIST's: their SHA-256 is {found}.")
            raise DatasetError(message.format(source=dataset.source, found=dataset.digest))


# The digest is that of the published train-images-idx3-ubyte, unpacked.
MNIST = ExpectedMnist(60_000, 10_000, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db")


def scale_pixels(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return `pixels`, uint8 0..255 of any shape, as `images`: float32 in [0, 1], a new array of the same shape."""
    return np.divide(pixels, np.float32(255), dtype=np.float32)


def home_folder() -> Path:
    """Return the folder for downloads: MNIST_DEMO_HOME, or the platform's user cache folder. It may not exist yet."""
    home = os.environ.get("MNIST_DEMO_HOME")
    return Path(home).expanduser().absolute() if home else platformdirs.user_cache_path("mnist-demo", appauthor=False)


def load_builtin() -> DigitDataset:
    """Return scikit-learn's digits in MNIST's layout, 1,437 to train and 360 to test: no file, no network, a second."""
    from mnist_demo.digits.builtin_digits import load_builtin_digits

    train_pixels, test_pixels, train_labels, test_labels = load_builtin_digits()
    for pixels in (train_pixels, test_pixels):
        pixels.setflags(write=False)
    return DigitDataset(
        name="builtin",
        train_pixels=train_pixels,
        train_labels=train_labels.astype(np.int64),
        test_pixels=test_pixels,
        test_labels=test_labels.astype(np.int64),
        source="scikit-learn",
        digest=digest_idx_images(train_pixels),
    )


def load_folder(folder: str | Path) -> DigitDataset:
    """Return the digits of a folder with the four IDX files of MNIST, or of another set of 28 × 28 digits.

    Plain files are mapped; gzipped ones are unpacked into memory each time (MNIST: 0.2 s, 55 MB).

    Raises
    ------
    DatasetError
        The folder or a file is missing, unreadable, damaged or holds something else, or images and labels do not match.
    """
    folder = Path(folder).expanduser().absolute()
    try:
        if not folder.exists():
            message = _("There is no folder {folder}; name one with MNIST's four files, or say openml or builtin.")
            raise DatasetError(message.format(folder=folder))
        if not folder.is_dir():
            message = _("{folder} is a file; name the folder that holds MNIST's four files.")
            raise DatasetError(message.format(folder=folder))
        paths = [find_idx_file(folder, name) for name in IDX_FILES]
    except OSError as error:
        message = _("{folder} cannot be read ({reason}); check its permissions, or choose another source of digits.")
        raise DatasetError(message.format(folder=folder, reason=error.strerror or error)) from error
    train_pixels, train_labels = _read_pair(*paths[:2])
    test_pixels, test_labels = _read_pair(*paths[2:])
    digest = digest_idx_images(train_pixels)
    return DigitDataset("folder", train_pixels, train_labels, test_pixels, test_labels, str(folder), digest)


def _read_pair(images: Path, labels: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return the pixels and the labels of two IDX files, equally many, or raise DatasetError."""
    pixels, digits = read_idx_images(images), read_idx_labels(labels)
    if len(pixels) != len(digits):
        message = _("{images} holds {n_images} images, but {labels} {n_labels} labels; take both from one data set.")
        raise DatasetError(message.format(images=images, n_images=len(pixels), labels=labels, n_labels=len(digits)))
    return pixels, digits


def _cache_layout(expected: ExpectedMnist) -> np.dtype[np.void]:
    """Return the fields of the cache file."""
    return np.dtype(
        [
            ("train_pixels", np.uint8, (expected.n_train, SIDE, SIDE)),
            ("test_pixels", np.uint8, (expected.n_test, SIDE, SIDE)),
            ("train_labels", np.uint8, (expected.n_train,)),
            ("test_labels", np.uint8, (expected.n_test,)),
            ("source", "S100", (1,)),
        ]
    )


def load_cached_mnist(home: Path | None = None, expected: ExpectedMnist = MNIST) -> DigitDataset | None:
    """Return the MNIST that `store_mnist` kept in `home`, mapped, or None if there is none that is whole.

    The digest is checked each time: that takes 0.03 to 0.1 s for 47 MB, and training is going to read them anyway.
    """
    arrays = map_record((home or home_folder()).absolute() / CACHE_FILE, _cache_layout(expected))
    if arrays is None:
        return None
    dataset = DigitDataset(
        name="mnist",
        train_pixels=arrays["train_pixels"],
        train_labels=arrays["train_labels"].astype(np.int64),
        test_pixels=arrays["test_pixels"],
        test_labels=arrays["test_labels"].astype(np.int64),
        source=arrays["source"][0].decode(errors="replace"),
        digest=digest_idx_images(arrays["train_pixels"]),
    )
    try:
        expected.check(dataset)
    except DatasetError:
        return None
    return dataset


def store_mnist(dataset: DigitDataset, home: Path | None = None, expected: ExpectedMnist = MNIST) -> DigitDataset:
    """Keep `dataset` in `home` as one file of 55 MB, and return it mapped from there.

    Raises
    ------
    DatasetError
        `dataset` is not what is `expected`, or `home` cannot be written; a file that was there before is untouched.
    """
    expected.check(dataset)
    home = (home or home_folder()).absolute()
    arrays = {**dataset.__dict__, "source": np.array([dataset.source.encode()])}
    failure: OSError | None = None
    try:
        write_record(home / CACHE_FILE, _cache_layout(expected), arrays)
    except OSError as error:
        failure = error
    # Asked also after a failure: Windows refuses to replace a file that is mapped, but then another process has just
    # put the same MNIST there.
    stored = load_cached_mnist(home, expected)
    if stored is None:
        reason = failure and (failure.strerror or failure)
        raise DatasetError(_(CANNOT_KEEP).format(home=home, reason=reason)) from failure
    return stored


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
    progress: "Callable[[DownloadProgress], None] | None" = None,
    *,
    home: Path | None = None,
    servers: "Sequence[Server] | None" = None,
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
        For the download: see `mnist_demo.digits.download.download_mnist`.

    Raises
    ------
    DatasetError
        The folder holds no digits. DownloadError, if MNIST was asked for by name and cannot be had.
    """
    first = load_first_dataset(source, home=home, expected=expected)
    if not first.fetch_mnist:
        return first.dataset
    from mnist_demo.digits.download import download_mnist

    try:
        return download_mnist(progress, home, servers=servers, expected=expected)
    except DatasetError as error:
        if _read_choice(source):
            raise
        _logger.warning("%s", _("{reason} Until then scikit-learn's digits are used.").format(reason=error))
        return first.dataset
