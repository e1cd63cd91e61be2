"""Finds the data sets that are an ``mnist.npz`` or tables of pixels, and which two tables belong together."""

import re
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from mnist_demo.data.found_files import FoundFile, FoundSet
from mnist_demo.data.tables import holds_digits, is_table

TABLES = (".csv", ".csv.gz")
_TRAIN, _TEST = "train(?:ing)?", "test(?:ing)?|t10k"
# Beside those that train and test, tables of these names are neither another data set nor a reason to ask.
_EXTRA = re.compile("valid|sample|submission")
Way = Callable[[FoundFile, FoundFile], bool]


def is_table_name(name: str) -> bool:
    """Tell whether a file of that name may be a table."""
    return name.lower().endswith(TABLES)


def find_archives(files: Iterable[FoundFile]) -> list[FoundSet]:
    """Return the data sets that are archives of arrays as Keras' ``mnist.npz``."""
    return [_as_set("npz", file) for file in files if file.name.suffix == ".npz" and holds_digits(file.path)]


def find_tables(files: Iterable[FoundFile]) -> list[FoundSet]:
    """Return the data sets that are tables: of those that go together by their names, first the one to train with.

    A table alone is one too. Where it is not clear which go together, there are more sets than people mean.
    """
    tables = _without_copies(file for file in files if is_table_name(file.name.name) and is_table(file.path))
    train = [file for file in tables if re.search(_TRAIN, file.name.name.lower())]
    test = [file for file in tables if file not in train and re.search(_TEST, file.name.name.lower())]
    others = [file for file in tables if file not in train and file not in test]
    if train or test:
        others = [file for file in others if not _EXTRA.search(file.name.name.lower())]
    sets = []
    for way in (_is_of_a_name, _is_of_a_kind, _is_beside):
        pairs = [(one, [other for other in test if way(one, other)]) for one in train]
        clear = [(one, fits[0]) for one, fits in pairs if len(fits) == 1]
        chosen = [other for _one, other in clear]
        for one, other in clear:
            if chosen.count(other) == 1:
                sets.append(_as_set("csv", one, other))
                train.remove(one)
                test.remove(other)
    return [*sets, *(_as_set("csv", file) for file in (*train, *test, *others))]


def _as_set(kind: str, *files: FoundFile) -> FoundSet:
    zips = {file.packed_in for file in files}
    return FoundSet(
        kind,
        files[0].name,
        len(files[0].name.parts) - 1,
        tuple(file.path for file in files),
        zips.pop() if len(zips) == 1 else None,
    )


def _without_copies(tables: Iterable[FoundFile]) -> list[FoundFile]:
    """Return the tables, of those that are there plain and gzipped the plain ones."""
    plain = sorted(tables, key=lambda file: file.name.suffix.lower() == ".gz")
    return list({(file.packed_in, _plain_name(file)): file for file in reversed(plain)}.values())


def _plain_name(file: FoundFile) -> str:
    return str(file.name).lower().removesuffix(".gz").removesuffix(".csv")


def _without_part(text: str) -> str:
    """Return a name without what says whether it is for training: the same for the two tables of a set."""
    return re.sub(f"{_TRAIN}|{_TEST}", "", text.lower())


def _is_of_a_name(one: FoundFile, other: FoundFile) -> bool:
    """Tell whether two tables in one folder or zip differ in the word for their part alone."""
    if (one.packed_in, one.name.parent) != (other.packed_in, other.name.parent):
        return False
    return _without_part(_plain_name(one)) == _without_part(_plain_name(other))


def _is_of_a_kind(one: FoundFile, other: FoundFile) -> bool:
    """Tell whether two tables differ in that word, in numbers, and in their zips."""
    return _set_name(one) == _set_name(other) and _folder(one) == _folder(other)


def _is_beside(one: FoundFile, other: FoundFile) -> bool:
    """Tell whether two tables, of which one has the name of its part alone, are one in the folder of the other."""
    names, folders = {_set_name(one), _set_name(other)}, (_folder(one), _folder(other))
    is_near = folders[0].is_relative_to(folders[1]) or folders[1].is_relative_to(folders[0])
    return is_near and len(names - {""}) <= 1


def _set_name(file: FoundFile) -> str:
    return re.sub(r"\d+k?|[-_. ()]", "", _without_part(PurePosixPath(_plain_name(file)).name))


def _folder(file: FoundFile) -> PurePosixPath:
    return PurePosixPath(_without_part(str(file.name.parent)))
