"""Finds the files of a data set where people have them: under the names that other programs give them, in folders in
folders, in a zip. Where there are several data sets, none is chosen.
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
    """A file in a folder or a zip; `name` is relative to that, with slashes. `packed_in` is the zip beside others."""

    name: PurePosixPath
    path: FilePath
    packed_in: Path | None = None


@dataclass(frozen=True)
class FoundSet:
    """The files of one data set; `name` is what tells it from others, `depth` in how many folders it lies."""

    kind: str  # "idx", "npz" or "csv"
    name: PurePosixPath
    depth: int
    paths: tuple[FilePath, ...]
    packed_in: Path | None

    def shown(self) -> str:
        """Return what sentences call it."""
        return str(PurePosixPath(self.packed_in.name if self.packed_in else "") / self.name)


def list_files(place: Path, packed_in: Path | None = None) -> list[FoundFile]:
    """Return the files in a folder or a zip, those that are less deep first. Hidden ones are left out.

    `packed_in` is noted with each: `place` itself where that is a zip beside others.

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
        found = [FoundFile(PurePosixPath(name), place / name, packed_in) for name in names]
    else:
        with zipfile.ZipFile(place) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
        root = zipfile.Path(place)
        found = [FoundFile(PurePosixPath(name), root / name, packed_in) for name in names]
    shown = [file for file in found if not any(part.startswith((".", "__MACOSX")) for part in file.name.parts)]
    return sorted(shown[:MAX_FILES], key=lambda file: (len(file.name.parts), file.name))


def _raise(error: OSError) -> None:
    raise error


def only_set(place: Path, sets: Sequence[FoundSet]) -> FoundSet:
    """Return the one of `sets` that is less deep than the others in the same zip, or outside of any.

    Raises
    ------
    DatasetError
        If there are several.
    """
    nearest = [
        one for one in sets if one.depth == min(other.depth for other in sets if other.packed_in == one.packed_in)
    ]
    if len(nearest) > 1:
        message = _("{folder} holds several data sets ({names}); name a folder that holds one of them alone.")
        raise DatasetError(message.format(folder=place, names=_some(sorted(one.shown() for one in nearest))))
    return nearest[0]


def find_idx_sets(files: Iterable[FoundFile]) -> list[FoundSet]:
    """Return the data sets whose four files are there, each in the order of ``IDX_FILES``.

    Of a file that is there plain and gzipped it is the plain one. Of what lies in zips, first those that are whole
    in one of them; then what is left is put together, as where there is a zip around each file.
    """
    apart = _by_set(files)
    sets = [_whole_set(key, roles) for key, roles in apart.items() if len(roles) == len(IDX_FILES)]
    left: dict[tuple[PurePosixPath, str], dict[str, FoundFile]] = defaultdict(dict)
    again: list[FoundSet] = []
    for (packed_in, folder, before), roles in apart.items():
        if packed_in is None or len(roles) == len(IDX_FILES):
            continue
        for role, file in roles.items():
            if role in left[folder, before]:  # nobody knows which of them goes with the others
                again.append(FoundSet("idx", file.name, len(folder.parts), (file.path,), packed_in))
            else:
                left[folder, before][role] = file
    joined = [_whole_set((None, *key), roles) for key, roles in left.items() if len(roles) == len(IDX_FILES)]
    return sets + joined + (again if joined else [])


def _whole_set(key: tuple[Path | None, PurePosixPath, str], roles: dict[str, FoundFile]) -> FoundSet:
    packed_in, folder, before = key
    name = folder / before.strip("-_. ")
    shown = name if name.parts or packed_in else roles[IDX_FILES[0]].name
    return FoundSet("idx", shown, len(folder.parts), tuple(roles[role].path for role in IDX_FILES), packed_in)


def missing_idx_file(files: Iterable[FoundFile]) -> str | None:
    """Return the first of ``IDX_FILES`` that is missing where most of the four are; None where there is not one."""
    best = max(_by_set(files).values(), key=len, default=None)
    return None if best is None else next((name for name in IDX_FILES if name not in best), None)


def _by_set(files: Iterable[FoundFile]) -> dict[tuple[Path | None, PurePosixPath, str], dict[str, FoundFile]]:
    """Return which files there are of ``IDX_FILES`` by zip, folder and what stands before in their names."""
    sets: dict[tuple[Path | None, PurePosixPath, str], dict[str, FoundFile]] = defaultdict(dict)
    for file in files:
        if (role := _role(file.name.name)) is None:
            continue
        published, before = role
        folder = file.name.parent
        if _role(folder.name) == role:  # some programs extract a file into a folder of its name
            folder = folder.parent
        known = sets[file.packed_in, folder, before].get(published)
        if known is None or (known.name.suffix == ".gz" and file.name.suffix != ".gz"):
            sets[file.packed_in, folder, before][published] = file
    return sets


def _role(name: str) -> tuple[str, str] | None:
    """Return which of ``IDX_FILES`` a file of that name is, and what stands before that in the name; None if none."""
    found = _PART.fullmatch(name.lower().removesuffix(".gz"))
    if found is None or not re.search("idx|ubyte", found["rest"]) or found["rest"].endswith(".zip"):
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
