"""Loads digits from a folder or a file that people have MNIST in, or another data set of 28 × 28 digits."""

import os
import zipfile
from pathlib import Path

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.data.found_files import (
    IDX_FILES,
    FilePath,
    FoundFile,
    FoundSet,
    find_idx_sets,
    list_files,
    missing_file,
    missing_idx_file,
    only_set,
)
from mnist_demo.data.found_tables import find_archives, find_tables, is_table_name
from mnist_demo.data.idx import digest_idx_images, read_idx_images, read_idx_labels
from mnist_demo.data.tables import Digits, is_npz, read_csv, read_npz
from mnist_demo.errors import DatasetError
from mnist_demo.translation import _, printable_path

MAX_ZIPS = 8


def load_folder(folder: str | Path) -> DigitDataset:
    """Return the digits in a folder or a zip with the four IDX files of MNIST, or of another data set of its kind.

    They may have the names that other programs give them, and lie in folders in it. Where there are none, ``mnist.npz``
    of Keras or tables of pixels as CSV, gzipped or not, will do. Plain files are memory-mapped; packed ones are
    decompressed into memory each time (MNIST: 0.2 s, 55 MB).

    Raises
    ------
    DatasetError
        If the folder or a file is missing, unreadable, damaged or in another format, there are several data sets, or
        the numbers of images and labels differ.
    """
    folder = Path(os.path.expanduser(folder)).absolute()  # noqa: PTH111  pathlib's raises where there is no home
    try:
        if not folder.exists():
            message = _("There is no folder {folder}; name one with MNIST's four files, or say openml or builtin.")
            raise DatasetError(message.format(folder=folder))
        train, test = _read_place(folder)
    except (OSError, zipfile.BadZipFile) as error:
        message = _("{folder} cannot be read ({reason}); check its permissions, or choose another source of digits.")
        raise DatasetError(message.format(folder=folder, reason=getattr(error, "strerror", None) or error)) from error
    return DigitDataset("folder", *train, *test, printable_path(folder), digest_idx_images(train[0]))


def _read_place(place: Path) -> tuple[Digits, Digits]:
    """Return the training and the test digits of a folder or a file."""
    if place.is_file():
        if is_npz(place):
            return read_npz(place)
        if is_table_name(place.name):
            return read_csv(place, None)
        if not zipfile.is_zipfile(place):
            message = _("{folder} is a file; name the folder that holds MNIST's four files, or their zip.")
            raise DatasetError(message.format(folder=place))
    files = list_files(place)
    if sets := _find_sets(files):
        return _read_set(only_set(place, sets))
    # As they were downloaded: one zip of all, or a zip around each.
    packed = [path for file in files if isinstance(path := file.path, Path) and zipfile.is_zipfile(path)]
    archives = [path for path in packed if not is_npz(path)][:MAX_ZIPS]
    inside = [file for path in archives for file in list_files(path, path)]
    if sets := _find_sets(inside):
        return _read_set(only_set(place, sets))
    return _read_next_best(place, [*files, *inside])


def _find_sets(files: list[FoundFile]) -> list[FoundSet]:
    return [*find_idx_sets(files), *find_archives(files), *find_tables(files)]


def _read_set(found: FoundSet) -> tuple[Digits, Digits]:
    paths = found.paths
    if found.kind == "idx":
        return _read_pair(*paths[:2]), _read_pair(*paths[2:])
    if found.kind == "npz":
        return read_npz(paths[0])
    return read_csv(paths[0], paths[1] if len(paths) > 1 else None)


def _read_next_best(place: Path, files: list[FoundFile]) -> tuple[Digits, Digits]:
    """Read what is no data set by its names and first lines, so that the error says what is wrong with it."""
    if missing := missing_idx_file(files):
        raise missing_file(place, missing, files)
    if archive := next((file.path for file in files if file.name.suffix == ".npz" and is_npz(file.path)), None):
        return read_npz(archive)
    tables = [file for file in files if is_table_name(file.name.name)]
    named = [file for file in tables if len(tables) == 1 or "train" in file.name.name.lower()]
    if named:
        return read_csv(named[0].path, None)
    raise missing_file(place, IDX_FILES[0], files)


def _read_pair(images: FilePath, labels: FilePath) -> Digits:
    """Return the pixels (n, 28, 28) and labels (n,) of two IDX files; raise DatasetError if their numbers differ."""
    pixels, digits = read_idx_images(images), read_idx_labels(labels)
    if len(pixels) != len(digits):
        message = _("{images} holds {n_images} images, but {labels} {n_labels} labels; take both from one data set.")
        raise DatasetError(
            message.format(
                images=Path(str(images)), n_images=len(pixels), labels=Path(str(labels)), n_labels=len(digits)
            )
        )
    return pixels, digits
