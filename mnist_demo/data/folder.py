"""Loads digits from a folder with the four IDX files of MNIST, or of another data set of 28 × 28 digits."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.data.idx import digest_idx_images, find_idx_file, read_idx_images, read_idx_labels
from mnist_demo.errors import DatasetError
from mnist_demo.translation import _

# The published names of MNIST's files, in the order of DigitDataset's arrays.
IDX_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def load_folder(folder: str | Path) -> DigitDataset:
    """Return the digits in a folder with the four IDX files of MNIST, or of another data set of 28 × 28 digits.

    Plain files are memory-mapped; gzipped ones are decompressed into memory each time (MNIST: 0.2 s, 55 MB).

    Raises
    ------
    DatasetError
        If the folder or a file is missing, unreadable, damaged or in another format, or the numbers of images and
        labels differ.
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
    """Return the pixels (n, 28, 28) and labels (n,) of two IDX files; raise DatasetError if their numbers differ."""
    pixels, digits = read_idx_images(images), read_idx_labels(labels)
    if len(pixels) != len(digits):
        message = _("{images} holds {n_images} images, but {labels} {n_labels} labels; take both from one data set.")
        raise DatasetError(message.format(images=images, n_images=len(pixels), labels=labels, n_labels=len(digits)))
    return pixels, digits
