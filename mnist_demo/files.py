"""Atomic file writes, safe when a process is killed and when several processes write at once."""

import contextlib
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

# Prefix of files and folders that are still being written. A killed process leaves them behind; they are removed when
# they are a day old, by which time nobody is still writing them, however slow the network.
UNFINISHED_PREFIX = ".unfinished-"
_SECONDS_TO_LIVE = 24 * 60 * 60


def own_folder(find_usual: Callable[..., Path]) -> Path:
    """Return ``MNIST_DEMO_HOME``, or else the folder that `find_usual` of platformdirs finds; it may not exist yet.

    A user without a home, as in many a container, has one among the temporary files.
    """
    if home := os.environ.get("MNIST_DEMO_HOME"):
        return Path(os.path.expanduser(home)).absolute()  # noqa: PTH111  pathlib's raises where there is no home
    try:
        return find_usual("mnist-demo", appauthor=False)
    except RuntimeError:
        return Path(tempfile.gettempdir(), "mnist-demo").absolute()


def unfinished_name() -> str:
    """Return a unique temporary name for a file or folder, with the prefix that `remove_unfinished` looks for."""
    return f"{UNFINISHED_PREFIX}{uuid.uuid4().hex}"


@contextlib.contextmanager
def open_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file for writing, which atomically replaces `path` when the block ends without an error.

    The parent folder is created if needed. At any moment `path` is either the old file or the complete new one.

    Raises
    ------
    OSError
        If the folder cannot be written; `path` is then unchanged and the temporary file is removed.
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
    """Atomically write `content` to `path`, as `open_whole` does; raise OSError if that fails."""
    with open_whole(path) as file:
        file.write(content)


def write_new(path: Path, content: bytes) -> None:
    """Write `content` to a new file and flush it to disk; not atomic, for folders that are renamed when complete.

    Raises
    ------
    FileExistsError
        If `path` exists; any other OSError if it cannot be written.
    """
    with path.open("xb") as file:
        file.write(content)
        _flush_to_disk(file)


def flush_folder(folder: Path) -> None:
    """Flush the entries of `folder` to disk, so that creations, renames and removals in it survive a power cut."""
    # Windows cannot open a folder and does not need to: a rename is on the disk when it returns.
    with contextlib.suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_unfinished(folder: Path) -> None:
    """Remove the temporary files and folders in `folder` that killed processes left behind more than a day ago."""
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
