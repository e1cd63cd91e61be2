"""The type of a data set of digits, and the shapes and digest that identify MNIST."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_demo.data.idx import SIDE
from mnist_demo.data.record_files import MappedPart
from mnist_demo.errors import DatasetError
from mnist_demo.translation import _


@dataclass(frozen=True, eq=False)
class DigitDataset:
    """Training and test digits: images of 28 × 28 pixels, ink bright (255), and their labels 0..9.

    A pickle of memory-mapped pixels holds the file's name instead of 55 MB, so sending a dataset to a child process
    costs next to nothing; where the file is gone it holds them all the same. Unpickling raises DatasetError if the file
    has gone in between.
    """

    name: str  # "mnist", "builtin" or "folder"
    train_pixels: npt.NDArray[np.uint8]  # (n_train, 28, 28), read-only, possibly memory-mapped
    train_labels: npt.NDArray[np.int64]  # (n_train,)
    test_pixels: npt.NDArray[np.uint8]  # (n_test, 28, 28), as train_pixels
    test_labels: npt.NDArray[np.int64]  # (n_test,)
    source: str  # to display: "OpenML", a mirror's host, a folder's path, "scikit-learn"
    digest: str  # hexadecimal SHA-256 of the training pixels as a plain IDX file; for MNIST the published one

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
                    raise DatasetError(message.format(path=Path(mapped.path))) from error
        for name in ("train_labels", "test_labels"):
            state[name] = state[name].astype(np.int64)
        self.__dict__.update(state)


@dataclass(frozen=True)
class ExpectedMnist:
    """The properties by which a download or a cache is recognised as MNIST; tests use a smaller data set."""

    n_train: int
    n_test: int
    train_sha256: str  # the digest of DigitDataset

    def check(self, dataset: DigitDataset) -> None:
        """Raise DatasetError, saying what was found instead, if `dataset` is not the expected one."""
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


# The digest of the published train-images-idx3-ubyte, decompressed.
MNIST = ExpectedMnist(60_000, 10_000, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db")


def scale_pixels(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Scale `pixels`, uint8 0..255 of any shape, to float32 in [0, 1]; return a new array of the same shape."""
    return np.divide(pixels, np.float32(255), dtype=np.float32)
