"""Finds the four IDX files of a data set where people have them: under the names that other programs give them, in
folders in folders, in a zip.
"""

import os
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mnist_demo.errors import DatasetError
from mnist_demo.translation import _, format_list

# The published names of MNIST's files, in the order of DigitDataset's arrays.
IDX_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
# Deeper, and among more, nobody means a data set.
MAX_DEPTH, MAX_FILES, NAMED_FILES = 6, 20_000, 6
# torchvision, Kaggle, EMNIST and others write dots, “test” for “t10k”, and a word before.
_PART = re.compile(r"(?P<before>.*?)(?P<part>train|t10k|test)[-_. ]*(?P<kind>images|labels)(?P<rest>.*)", re.IGNORECASE)
FilePath = Path | zipfile.Path


@dataclass(frozen=True)
class FoundFile:
    """A file in a folder or a zip; `name` is relative to that, with slashes."""

    name: PurePosixPath
    path: FilePath


def list_files(place: Path) -> list[FoundFile]:
    """Return the files in a folder or a zip, those that are less deep first. Hidden ones are left out.

    Raises
    ------
    OSError, zipfile.BadZipFile
        If it cannot be read.
    """
    names: list[str] = []
    if place.is_dir():
        for folder, folders, files in os.walk(place, onerror=_raise):
            depth = len(Path(folder).relative_to(place).parts)
            folders[:] = sorted(name for name in folders if depth < MAX_DEPTH and not name.startswith("."))
            names += [Path(folder, name).relative_to(place).as_posix() for name in files]
            if len(names) > MAX_FILES:
                break
        found = [FoundFile(PurePosixPath(name), place / name) for name in names]
    else:
        with zipfile.ZipFile(place) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
        root = zipfile.Path(place)
        found = [FoundFile(PurePosixPath(name), root / name) for name in names]
    shown = [file for file in found if not any(part.startswith((".", "__MACOSX")) for part in file.name.parts)]
    return sorted(shown[:MAX_FILES], key=lambda file: (len(file.name.parts), file.name))


def _raise(error: OSError) -> None:
    raise error


def find_idx_files(place: Path, files: Iterable[FoundFile]) -> Sequence[FilePath] | None:
    """Return the four of `files` that are named as those of one data set, in the order of ``IDX_FILES``.

    None where not one of them is. Of a file that is there plain and gzipped it is the plain one.

    Raises
    ------
    DatasetError
        If only some of the four are there, or there are several data sets.
    """
    sets: dict[tuple[PurePosixPath, str], dict[str, FoundFile]] = defaultdict(dict)
    for file in files:
        if (role := _role(file.name.name)) is None:
            continue
        published, before = role
        folder = file.name.parent
        if _role(folder.name) == role:  # some programs extract a file into a folder of its name
            folder = folder.parent
        known = sets[folder, before].get(published)
        if known is None or (known.name.suffix == ".gz" and file.name.suffix != ".gz"):
            sets[folder, before][published] = file
    if not sets:
        return None
    whole = {key: found for key, found in sets.items() if len(found) == len(IDX_FILES)}
    if not whole:
        best = max(sets.values(), key=len)
        missing = next(name for name in IDX_FILES if name not in best)
        raise missing_file(place, missing, files)
    least = min(len(folder.parts) for folder, _before in whole)
    nearest = [key for key in whole if len(key[0].parts) == least]
    if len(nearest) > 1:
        message = _("{folder} holds several data sets ({names}); name a folder that holds one of them alone.")
        names = [str(folder / before.strip("-_. ")) for folder, before in nearest]
        raise DatasetError(message.format(folder=place, names=_some(names)))
    return [whole[nearest[0]][name].path for name in IDX_FILES]


def _role(name: str) -> tuple[str, str] | None:
    """Return which of ``IDX_FILES`` a file of that name is, and what stands before that in the name; None if none."""
    found = _PART.fullmatch(name.lower().removesuffix(".gz"))
    if found is None or not re.search("idx|ubyte", found["rest"]):
        return None
    part = "train" if found["part"] == "train" else "t10k"
    return next(known for known in IDX_FILES if known.startswith(f"{part}-{found['kind']}")), found["before"]


def missing_file(place: Path, name: str, files: Iterable[FoundFile]) -> DatasetError:
    """Return the error that says that the file called `name` is missing, and what there is instead."""
    there = [str(file.name) for file in files]
    if there:
        message = _(
            "{folder} has no file {name} or {name}.gz, by whatever of its usual names; it holds {found}. Put MNIST's "
            "four files there, or its mnist.npz or train.csv, or choose another source."
        )
    else:
        message = _(
            "{folder} has no file {name} or {name}.gz, for it is empty. Put MNIST's four files there, or its mnist.npz "
            "or train.csv, or choose another source."
        )
    return DatasetError(message.format(folder=place, name=name, found=_some(there)))


def _some(names: Sequence[str]) -> str:
    """Return the first of `names` as a list, and how many more there are."""
    listed = format_list(name.encode(errors="surrogateescape").decode(errors="replace") for name in names[:NAMED_FILES])
    if len(names) <= NAMED_FILES:
        return listed
    return _("{names} and {count} more").format(names=listed, count=len(names) - NAMED_FILES)
