"""scikit-learn's 1,797 digits of 8 × 8 pixels in MNIST's layout: the data set that needs no network and no files."""

import functools
import importlib.util
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.data.idx import SIDE, digest_idx_images

BOX = 20  # pixels; MNIST's digits fit a box of 20 × 20 with their aspect ratio preserved
FULL_INK = 16  # the maximum value of load_digits
TRAINING_DIGITS, TEST_DIGITS = 1437, 360  # a fifth of 1,797 are for testing
# Each of the 8 × 8 numbers is an average over 4 × 4 pixels, so enlarged strokes are wide and grey. With the ink between
# these two values stretched to 0..1, digits have about as much ink as MNIST's (means 37 and 33 of 255), and a small
# network trained on them with augmentation classifies 89 % of MNIST's test digits correctly instead of 78 %.
FAINTEST, DARKEST = 0.3, 0.8
# Where scikit-learn has its file, and which of its lines are for training and then for testing: the split of
# `load_builtin_digits`, uint16 (1797,), so that nobody who needs the digits alone waits for an import of 1.5 s.
FILE_IN_SCIKIT_LEARN = "datasets/data/digits.csv.gz"
ORDER = Path(__file__).with_name("builtin_order.npy")


def load_builtin_digits() -> tuple[npt.NDArray[np.uint8], ...]:
    """Return train and test pixels, uint8 (1437, 28, 28) and (360, 28, 28), then their labels 0..9, uint8.

    The split is fixed and stratified by digit. It takes about a second, nearly all of it the import of scikit-learn.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    pixels = np.stack([lay_out(image / FULL_INK) for image in digits.images])
    labels = digits.target.astype(np.uint8)
    return tuple(train_test_split(pixels, labels, test_size=TEST_DIGITS, stratify=labels, random_state=0))


def lay_out(ink: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Return a small picture of a digit, (h, w) with ink in [0, 1], in MNIST's layout: uint8 (28, 28), ink bright.

    The digit fills a box of 20 × 20, and its centre of mass is in the middle of the image. In MNIST's own test images
    that is within half a pixel of (14, 14), counted from the centre of the first pixel.
    """
    from PIL import Image

    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(1, round(side * BOX / max(ink.shape))) for side in ink.shape)
    picture = Image.fromarray(ink.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC)
    enlarged = np.clip((np.asarray(picture) - FAINTEST) / (DARKEST - FAINTEST), 0, 1)
    top = _start(enlarged.sum(axis=1))
    left = _start(enlarged.sum(axis=0))
    pixels = np.zeros((SIDE, SIDE), dtype=np.uint8)
    pixels[top : top + height, left : left + width] = np.round(enlarged * 255)
    return pixels


def _start(ink_along_axis: npt.NDArray[np.float32]) -> int:
    """Return the pixel index along one axis at which a digit begins if its centre of mass is in the middle."""
    centre = float(np.average(np.arange(len(ink_along_axis)), weights=ink_along_axis))
    return min(max(round(SIDE / 2 - centre), 0), SIDE - len(ink_along_axis))


def _read_builtin_digits() -> tuple[npt.NDArray[np.uint8], ...] | None:
    """Return what `load_builtin_digits` does without importing scikit-learn; None where its file is elsewhere."""
    package = importlib.util.find_spec("sklearn")
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).parent / FILE_IN_SCIKIT_LEARN
    if not path.exists():
        return None
    table = np.loadtxt(path, delimiter=",")  # 64 pixels and the label
    pixels = np.stack([lay_out(ink.reshape(8, 8) / FULL_INK) for ink in table[:, :-1]])
    labels = table[:, -1].astype(np.uint8)
    train, test = np.split(np.load(ORDER), [TRAINING_DIGITS])
    return pixels[train], pixels[test], labels[train], labels[test]


@functools.cache
def load_builtin() -> DigitDataset:
    """Return scikit-learn's digits in MNIST's layout, 1,437 to train and 360 to test: the same each time.

    The first time takes about a tenth of a second. They are 1.4 MB, and kept.
    """
    train_pixels, test_pixels, train_labels, test_labels = _read_builtin_digits() or load_builtin_digits()
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
