"""Arrays that live in a file: one NumPy file that holds a record of several, written all or not, mapped in parts."""

import contextlib
import mmap
import os
import shutil
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

# A name that begins so is being written. What a killed process left behind is removed when it is a day old: by then
# nobody is writing it any more, however slow the network.
UNFINISHED_PREFIX = ".unfinished-"
_SECONDS_TO_LIVE = 24 * 60 * 60


class MappedPart(NamedTuple):
    """The part of a file that an array maps: all that another process needs to map it too."""

    path: str
    offset: int  # bytes
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @classmethod
    def behind(cls, array: npt.NDArray[Any]) -> Self | None:
        """Return what `array` maps, or None if it lives in memory, or is a slice of an array that maps."""
        memory: object = array.base
        if isinstance(array, np.memmap) and isinstance(memory, mmap.mmap):
            return cls(str(array.filename), array.offset, array.shape, array.dtype)
        return None

    def open(self) -> npt.NDArray[Any]:
        """Return the array, read-only; OSError or ValueError if the file is gone or too short."""
        return np.memmap(self.path, dtype=self.dtype, mode="r", offset=self.offset, shape=self.shape)


def write_record(path: Path, layout: np.dtype[np.void], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write `arrays`, one for each field of `layout` and of its shape, to `path`, replacing what is there.

    They are written beside and renamed when they are safely on the disk, so that `path` is the old file or the whole
    new one at any moment, also when two processes write at once.

    Raises
    ------
    OSError
        The folder cannot be written; `path` is as it was, and nothing is left beside it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{UNFINISHED_PREFIX}{uuid.uuid4().hex}")
    header = {"descr": np.lib.format.dtype_to_descr(layout), "fortran_order": False, "shape": (1,)}
    try:
        # Written piece by piece: np.save would want the whole record in memory once more.
        with unfinished.open("xb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for name in layout.names or ():
                field = layout[name]
                file.write(np.ascontiguousarray(arrays[name], dtype=field.base).reshape(field.shape).data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def map_record(path: Path, layout: np.dtype[np.void]) -> dict[str, npt.NDArray[Any]] | None:
    """Return the arrays that `write_record` wrote, mapped read-only, or None if there is no whole file of `layout`."""
    try:
        with path.open("rb") as file:
            if np.lib.format.read_magic(file) != (1, 0):
                return None
            shape, _fortran_order, found = np.lib.format.read_array_header_1_0(file)
            start = file.tell()
            # A mapping that reaches beyond the end of its file kills the process that reads it.
            if (shape, found) != ((1,), layout) or os.fstat(file.fileno()).st_size != start + layout.itemsize:
                return None
        return {
            name: MappedPart(str(path), start + offset, field.shape, field.base).open()
            for name, (field, offset, *_title) in (layout.fields or {}).items()
        }
    except (OSError, ValueError):
        return None


def remove_unfinished(folder: Path) -> None:
    """Remove what processes that were killed while they wrote to `folder` have left there, if it is a day old."""
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{UNFINISHED_PREFIX}*"):
            if time.time() - path.stat().st_mtime < _SECONDS_TO_LIVE:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
