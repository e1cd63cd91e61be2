"""NumPy files that hold a record of several arrays, written atomically and memory-mapped field by field."""

import mmap
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from mnist_demo.files import open_whole


class MappedPart(NamedTuple):
    """The part of a file that an array maps, with all that another process needs to map it too."""

    path: str
    offset: int  # bytes
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @classmethod
    def behind(cls, array: npt.NDArray[Any]) -> Self | None:
        """Return the part that `array` maps; None if it is in memory, a slice of a mapped array, or its file is gone.

        A file that was removed can still be read by processes that have mapped it, and by no others.
        """
        memory: object = array.base
        if not isinstance(array, np.memmap) or not isinstance(memory, mmap.mmap):
            return None
        part = cls(str(array.filename), array.offset, array.shape, array.dtype)
        try:
            part.open()
        except (OSError, ValueError):
            if memory.size() >= array.offset + array.nbytes:  # a process that reads what was cut off is killed
                return None
        return part

    def open(self) -> npt.NDArray[Any]:
        """Map the array, read-only; raise OSError or ValueError if the file is gone or too short."""
        return np.memmap(self.path, dtype=self.dtype, mode="r", offset=self.offset, shape=self.shape)


def write_record(path: Path, layout: np.dtype[np.void], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Atomically write `arrays`, one for each field of `layout` with the field's shape, to `path`.

    See `mnist_demo.files.open_whole`, also for the errors.
    """
    header = {"descr": np.lib.format.dtype_to_descr(layout), "fortran_order": False, "shape": (1,)}
    # Written array by array, because np.save would need a second copy of the whole record in memory.
    with open_whole(path) as file:
        np.lib.format.write_array_header_1_0(file, header)
        for name in layout.names or ():
            field = layout[name]
            file.write(np.ascontiguousarray(arrays[name], dtype=field.base).reshape(field.shape).data)


def map_record(path: Path, layout: np.dtype[np.void]) -> dict[str, npt.NDArray[Any]] | None:
    """Map the arrays that `write_record` wrote, read-only; return None if the file is not a complete `layout`."""
    try:
        with path.open("rb") as file:
            if np.lib.format.read_magic(file) != (1, 0):
                return None
            shape, _fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
            start = file.tell()
            # Reading a mapping beyond the end of its file kills the process.
            if (shape, dtype) != ((1,), layout) or os.fstat(file.fileno()).st_size != start + layout.itemsize:
                return None
        return {
            name: MappedPart(str(path), start + offset, field.shape, field.base).open()
            for name, (field, offset, *_title) in (layout.fields or {}).items()
        }
    except (OSError, ValueError):
        return None
