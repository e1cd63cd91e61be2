"""Reads MNIST from the other files that people have it in: the ``mnist.npz`` of Keras, and tables of pixels as CSV."""

import contextlib
import gzip
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from mnist_demo.data.found_files import FilePath
from mnist_demo.data.idx import MAX_DIGITS, SIDE
from mnist_demo.errors import DatasetError
from mnist_demo.translation import _

NPZ_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
LABEL_COLUMNS = ("label", "class", "digit", "target", "y")
ROW_NUMBERS = ("", "id", "imageid", "index", "unnamed: 0")  # instead of labels, where these are a secret
# Where the labels of a test set are a secret, as in a contest, so many of the labelled rows test: one of seven, as in
# MNIST. They are the last ones.
HELD_OUT = 7
LONGEST_FIRST_LINE = 100_000  # bytes; 785 names of Kaggle's have 7,500
# What damaged files, and files of something else, raise where they are read.
DAMAGES = (OSError, ValueError, OverflowError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError)
Digits = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]


def is_npz(path: FilePath) -> bool:
    """Tell whether a file is one of NumPy's archives of arrays."""
    names = _names_in(path)
    return bool(names) and all(name.endswith(".npy") for name in names)


def holds_digits(path: FilePath) -> bool:
    """Tell whether a file is an archive with arrays of the names of ``mnist.npz``."""
    return {f"{name}.npy" for name in NPZ_ARRAYS} <= {*_names_in(path)}


def _names_in(path: FilePath) -> list[str]:
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            return archive.namelist()
    except DAMAGES:
        return []


def is_table(path: FilePath) -> bool:
    """Tell whether the first line of a file has as many columns as a table of digits."""
    try:
        return len(_first_line(path)) in (SIDE * SIDE, SIDE * SIDE + 1)
    except DAMAGES:
        return False


def read_npz(path: FilePath) -> tuple[Digits, Digits]:
    """Return the training and the test digits of Keras' ``mnist.npz``: uint8 (n, 28, 28) and int64 (n,).

    Raises
    ------
    DatasetError
        If it has no such arrays, or they are no digits.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            for name in NPZ_ARRAYS:
                _check_header(path, name, archive.open(f"{name}.npy"))
            arrays = [np.lib.format.read_array(archive.open(f"{name}.npy"), allow_pickle=False) for name in NPZ_ARRAYS]
    except KeyError:
        message = _("{path} does not hold the arrays {names}, as the mnist.npz of Keras does.")
        raise DatasetError(message.format(path=_shown(path), names=", ".join(NPZ_ARRAYS))) from None
    except DAMAGES as error:
        raise _damaged(path) from error
    x_train, y_train, x_test, y_test = arrays
    return _checked(path, x_train, y_train), _checked(path, x_test, y_test)


def _check_header(path: FilePath, name: str, file: IO[bytes]) -> None:
    """Raise DatasetError unless the array in `file` is announced as digits or labels: before it takes any memory."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _fortran_order, dtype = read(file)
    is_right = dtype.kind in "ui" and len(shape) == 1
    if name.startswith("x"):
        is_right = dtype == np.uint8 and shape[1:] == (SIDE, SIDE)
    if not is_right or not 1 <= shape[0] <= MAX_DIGITS:
        message = _("{path}: expected images of 28 × 28 bytes and their labels, but {name} is {kind} of shape {shape}.")
        raise DatasetError(message.format(path=_shown(path), name=name, kind=str(dtype), shape=str(shape)))


def read_csv(train: FilePath, test: FilePath | None) -> tuple[Digits, Digits]:
    """Return the training and the test digits of tables with a row a digit: its label and 784 pixels, 0 to 255.

    The first line may name the columns: the labels' is called so, or otherwise than the pixels'. Where `test` has no
    labels, or is None, the last seventh of `train` tests.

    Raises
    ------
    DatasetError
        If a table cannot be read, or is none of digits.
    """
    pixels, labels = _read_table(train)
    if labels is None:
        message = _("{path} has pixels without their labels: nothing can be learned from them.")
        raise DatasetError(message.format(path=_shown(train)))
    if test is not None:
        test_pixels, test_labels = _read_table(test)
        if test_labels is not None:
            return _checked(train, pixels, labels), _checked(test, test_pixels, test_labels)
    held_out = max(1, len(labels) // HELD_OUT)
    return _checked(train, pixels[:-held_out], labels[:-held_out]), _checked(
        train, pixels[-held_out:], labels[-held_out:]
    )


def _read_table(path: FilePath) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64] | None]:
    # Here, not above: it takes half a second, and few people have tables.
    import pandas

    try:
        columns = _first_line(path)
        if len(columns) not in (SIDE * SIDE, SIDE * SIDE + 1):
            message = _("{path}: expected a label and 784 pixels in each line, but the first has {count} columns.")
            raise DatasetError(message.format(path=_shown(path), count=len(columns)))
        has_names = not all(name.lstrip("-").replace(".", "").isdigit() for name in (columns[0], columns[-1]))
        place, read = None, list(range(len(columns)))
        if len(columns) > SIDE * SIDE:
            place = _label_place(path, columns) if has_names else 0
            if has_names and columns[place] in ROW_NUMBERS:
                read.remove(place)
                place = None
        with _open(path) as file:
            table = pandas.read_csv(
                file,
                header=0 if has_names else None,
                usecols=read,
                dtype=np.int16,
                nrows=MAX_DIGITS + 1,
                low_memory=False,
            ).to_numpy()
    except DAMAGES as error:
        raise _damaged(path) from error
    labels = None
    if place is not None:
        labels = table[:, place].astype(np.int64)
        table = np.delete(table, place, axis=1)
    if not 1 <= len(table) <= MAX_DIGITS or table.min() < 0 or table.max() > 255:
        message = _("{path}: expected 1 to {most} lines with pixels from 0 to 255; put MNIST's own file there.")
        raise DatasetError(message.format(path=_shown(path), most=MAX_DIGITS))
    return table.astype(np.uint8).reshape(-1, SIDE, SIDE), labels


@contextlib.contextmanager
def _open(path: FilePath) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """Open a table, plain or gzipped."""
    with path.open("rb") as file:
        if str(path).lower().endswith(".gz"):
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield unpacked
        else:
            yield file


def _first_line(path: FilePath) -> list[str]:
    """Return the columns of the first line: their names, or the first digit."""
    with _open(path) as file:
        line = file.readline(LONGEST_FIRST_LINE)
    return [name.strip().strip('"').lower() for name in line.decode("utf-8-sig", errors="replace").split(",")]


def _label_place(path: FilePath, columns: list[str]) -> int:
    """Return the place of the labels among 785 named columns: of a usual name, or the one not named like the pixels.

    Raises
    ------
    DatasetError
        If the names do not say so.
    """
    known = next((columns.index(name) for name in LABEL_COLUMNS if name in columns), None)
    if known is not None:
        return known
    kinds = [re.sub(r"\d+", "0", name) for name in columns]  # pixel0 to pixel783, 1x1 to 28x28
    of_pixels, count = Counter(kinds).most_common(1)[0]
    if count != SIDE * SIDE:
        message = _("{path}: none of its columns is named as the one with the labels; name that one “label”.")
        raise DatasetError(message.format(path=_shown(path)))
    return next(place for place, kind in enumerate(kinds) if kind != of_pixels)


def _checked(path: FilePath, pixels: npt.NDArray[np.uint8], labels: npt.NDArray[Any]) -> Digits:
    """Return `pixels`, read-only, and `labels` as int64; raise DatasetError unless they go together."""
    if len(pixels) != len(labels) or labels.min() < 0 or labels.max() > 9:
        message = _("{path}: expected a label from 0 to 9 for each image; put MNIST's own file there.")
        raise DatasetError(message.format(path=_shown(path)))
    pixels = np.ascontiguousarray(pixels)
    pixels.setflags(write=False)
    return pixels, labels.astype(np.int64)


def _damaged(path: FilePath) -> DatasetError:
    message = _("{path} is damaged, or is no table of digits; copy or download it again.")
    return DatasetError(message.format(path=_shown(path)))


def _shown(path: FilePath) -> Path:
    return Path(str(path))
