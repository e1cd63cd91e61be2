"""Files that are written whole or not at all, whenever a process is killed and however many write at once."""

import contextlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

# A name that begins so is being written. What a killed process left behind is removed when it is a day old: by then
# nobody is writing it any more, however slow the network.
UNFINISHED_PREFIX = ".unfinished-"
_SECONDS_TO_LIVE = 24 * 60 * 60


def unfinished_name() -> str:
    """Return a new name for a file or folder that is being written; `remove_unfinished` knows it by its prefix."""
    return f"{UNFINISHED_PREFIX}{uuid.uuid4().hex}"


@contextlib.contextmanager
def open_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a new file to be written, which takes the place of `path` when the block ends without an error.

    The folder of `path` is made where needed. `path` is the old file or the whole new one at any moment.

    Raises
    ------
    OSError
        When the folder cannot be written; then `path` is as it was, and nothing is left beside it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(unfinished_name())
    try:
        with unfinished.open("xb") as file:
            yield file
            _flush_to_disk(file)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path` as `open_whole` does; OSError when that fails."""
    with open_whole(path) as file:
        file.write(content)


def write_new(path: Path, content: bytes) -> None:
    """Write `content` to the disk as a new file, in a folder that is itself not finished; FileExistsError if there."""
    with path.open("xb") as file:
        file.write(content)
        _flush_to_disk(file)


def flush_folder(folder: Path) -> None:
    """Bring the names in `folder` to the disk: what was made, renamed or removed there stays so after a power cut."""
    # Windows cannot open a folder, and needs not: a rename there is on the disk when it returns.
    with contextlib.suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


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


def _flush_to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
