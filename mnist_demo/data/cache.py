"""The cache of the downloaded MNIST: one memory-mapped file whose digest is verified at each load."""

from pathlib import Path

import numpy as np
import platformdirs

from mnist_demo.data.dataset import MNIST, DigitDataset, ExpectedMnist
from mnist_demo.data.idx import SIDE, digest_idx_images
from mnist_demo.data.record_files import map_record, write_record
from mnist_demo.errors import DatasetError
from mnist_demo.files import own_folder
from mnist_demo.translation import N_, _

CACHE_FILE = "mnist.npy"
CANNOT_KEEP = N_(
    "MNIST cannot be kept in {home} ({reason}); free 100 MB there, or set MNIST_DEMO_HOME to another folder."
)


def home_folder() -> Path:
    """Return the download folder: MNIST_DEMO_HOME, or the platform's user cache folder. It may not exist yet."""
    return own_folder(platformdirs.user_cache_path)


def _cache_layout(expected: ExpectedMnist) -> np.dtype[np.void]:
    """Return the structured dtype of the cache file."""
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
    """Return the MNIST that `store_mnist` cached in `home`, memory-mapped, or None if it is missing or damaged.

    The digest is verified each time. That takes 0.03 to 0.1 s for 47 MB, which training is going to read anyway.
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
    """Cache `dataset` in `home` as one file of 55 MB, and return it memory-mapped from there.

    Raises
    ------
    DatasetError
        If `dataset` is not the `expected` one, or `home` cannot be written; an existing file is then unchanged.
    """
    expected.check(dataset)
    home = (home or home_folder()).absolute()
    arrays = {**dataset.__dict__, "source": np.array([dataset.source.encode()])}
    failure: OSError | None = None
    try:
        write_record(home / CACHE_FILE, _cache_layout(expected), arrays)
    except OSError as error:
        failure = error
    # Also after a failure: Windows cannot replace a file that is mapped, but then another process has just stored the
    # same MNIST there.
    stored = load_cached_mnist(home, expected)
    if stored is None:
        reason = failure and (failure.strerror or failure)
        raise DatasetError(_(CANNOT_KEEP).format(home=home, reason=reason)) from failure
    return stored
