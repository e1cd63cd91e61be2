"""A small data set in memory and in IDX files, for the tests of `mnist_demo.data`."""

import gzip
from pathlib import Path

import numpy as np

from mnist_demo.data.dataset import DigitDataset
from tests.data.fake_mnist_servers import expected_of, idx_files, small_digits

DIGITS = small_digits()
EXPECTED = expected_of(DIGITS)


def assert_same_digits(found: DigitDataset, expected: DigitDataset) -> None:
    for name in ("train_pixels", "train_labels", "test_pixels", "test_labels"):
        one, other = getattr(found, name), getattr(expected, name)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    assert found.digest == expected.digest


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_folder(folder: Path, digits: DigitDataset = DIGITS, gzipped: tuple[str, ...] = ()) -> Path:
    """Write the four IDX files; compress those whose names contain one of `gzipped`."""
    folder.mkdir(exist_ok=True)
    for name, content in idx_files(digits).items():
        if any(part in name for part in gzipped):
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)
    return folder
