"""Files: atomic writes, safe when a process is killed and when several write at once; and large contents out of memory.

Of weights and saved points of runs a server has many and needs few at a time. A content of more than ``SMALL_BYTES`` is
kept in a file without a name, which is gone when nothing refers to it any more, however its process ends. Smaller ones
are bytes, and `Content` is either.
"""

import contextlib
import errno
import itertools
import mmap
import os
import shutil
import socket
import stat
import sys
import tempfile
import threading
import time
import uuid
import weakref
from collections.abc import Callable, Iterator
from multiprocessing import context, reduction
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, BinaryIO

# Prefix of files and folders that are still being written. A killed process leaves them behind; they are removed when
# they are a day old, by which time nobody is still writing them, however slow the network.
UNFINISHED_PREFIX = ".unfinished-"
_SECONDS_TO_LIVE = 24 * 60 * 60
# Of the six hundred runs that a server may keep, each with its weights and a saved point, so much is in memory at most.
SMALL_BYTES = 250_000


def own_folder(find_usual: Callable[..., Path]) -> Path:
    """Return ``MNIST_DEMO_HOME``, or else the folder that `find_usual` of platformdirs finds; it may not exist yet.

    A user without a home, as in many a container, has one among the temporary files, which nobody else can write to.
    """
    if home := os.environ.get("MNIST_DEMO_HOME"):
        return Path(os.path.expanduser(home)).absolute()  # noqa: PTH111  pathlib's raises where there is no home
    try:
        return find_usual("mnist-demo", appauthor=False)
    except RuntimeError:
        return _own_temporary_folder()


def _own_temporary_folder() -> Path:
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir(), f"mnist-demo-{user}").absolute()
    for number in itertools.count(2):
        with contextlib.suppress(OSError):  # where it cannot be made, whoever writes into it says so
            folder.mkdir(mode=0o700)
        if not os.path.lexists(folder) or _is_private(folder.lstat(), user):
            break
        folder = folder.with_name(f"mnist-demo-{user}-{number}")  # somebody else was there before
    return folder


def _is_private(status: os.stat_result, user: int) -> bool:
    others_write = stat.S_IWGRP | stat.S_IWOTH
    return stat.S_ISDIR(status.st_mode) and status.st_uid == user and not status.st_mode & others_write


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
    for path in left_behind(folder, UNFINISHED_PREFIX):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def left_behind(folder: Path, prefix: str) -> list[Path]:
    """Return what is in `folder` with names that begin with `prefix`, unchanged for more than a day."""
    found = []
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{prefix}*"):
            with contextlib.suppress(FileNotFoundError):  # gone meanwhile
                if time.time() - path.stat().st_mtime >= _SECONDS_TO_LIVE:
                    found.append(path)
    return found


def sizes_below(folder: Path) -> list[int]:
    """Return the sizes in bytes of all files in `folder` and below, of those that are there throughout."""
    sizes = []
    for place, _folders, files in os.walk(folder):
        for file in files:
            with contextlib.suppress(OSError):
                sizes.append((Path(place) / file).stat().st_size)
    return sizes


def _flush_to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


class KeptBytes:
    """Bytes in a file without a name: has a length and slices, and ``bytes(kept)`` reads all of it."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor, self._size = descriptor, size
        self._finalizer = weakref.finalize(self, os.close, descriptor)

    def fileno(self) -> int:
        return self._descriptor

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _step = part.indices(self._size)
        return self._read(start, max(0, stop - start))

    def __bytes__(self) -> bytes:
        return self._read(0, self._size)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeptBytes) and len(self) == len(other) and bytes(self) == bytes(other)

    def __hash__(self) -> int:
        return hash(self._size)

    def _read(self, start: int, size: int) -> bytes:
        parts: list[bytes] = []
        while size and (part := os.pread(self._descriptor, size, start)):
            parts.append(part)
            start, size = start + len(part), size - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        # A new process gets the file itself; everybody else its content.
        if context.get_spawning_popen() is not None:
            return _from_duplicate, (reduction.DupFd(self._descriptor), self._size)
        return bytes, (bytes(self),)


Content = bytes | KeptBytes


def keep(content: Content) -> Content:
    """Return `content`, in a file if it is large, or as it is where no file can be written or read at a place."""
    if isinstance(content, KeptBytes) or len(content) <= SMALL_BYTES or not hasattr(os, "pread"):
        return content
    for folder in _folders_on_disk():
        with contextlib.suppress(OSError), tempfile.TemporaryFile(dir=folder) as file:
            file.write(content)
            file.flush()
            return KeptBytes(os.dup(file.fileno()), len(content))
    return content  # a full disk is no reason to lose a run


def _folders_on_disk() -> tuple[str | None, ...]:
    """Return folders for large files that last as long as this process, the best first; None is the usual one.

    That one is often in memory (tmpfs), which would be no gain; and all but a home is read-only in many a container.
    """
    return "/var/tmp", os.environ.get("MNIST_DEMO_HOME") or None, None


def mapped(content: Content) -> bytes:
    """Return what can be read and written like the bytes of `content`, but is not all in memory."""
    if isinstance(content, bytes):
        return content
    return mmap.mmap(content.fileno(), len(content), access=mmap.ACCESS_READ)  # type: ignore[return-value]


def send_content(connection: Connection, content: Content) -> None:
    """Send what `receive_content` returns at the other end of `connection`: of a large content the file alone."""
    if isinstance(content, KeptBytes) and sys.platform == "linux":
        connection.send(len(content))
        with _as_socket(connection) as line:
            socket.send_fds(line, [b"f"], [content.fileno()])
    else:  # elsewhere the receiver of a file would have to answer, in between commands
        connection.send(bytes(content))


def receive_content(connection: Connection) -> Content:
    """Return what `send_content` sent; a large content is in a file."""
    received: int | bytes = connection.recv()
    if isinstance(received, int):
        return _spare.receive_file(connection, received)
    return keep(received)


class _SpareFile:
    """A file that is open for nothing, so that one that arrives finds room where as many are open as may be.

    The system drops one that finds none, and with it what a run has learned.
    """

    def __init__(self) -> None:
        self._descriptor: int | None = None
        self._lock = threading.Lock()

    def receive_file(self, connection: Connection, size: int) -> Content:
        """Receive a file of `size` bytes; it is read into memory where it would take the last room that there is."""
        connection.poll(None)  # who waits for a process that has stopped holds no lock
        with self._lock, _as_socket(connection) as line:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
            sent, descriptors, _flags, _address = socket.recv_fds(line, 1, 1)
            if not sent:
                raise EOFError
            if not descriptors:
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            content: Content = KeptBytes(descriptors[0], size)
            try:
                self._descriptor = os.open(os.devnull, os.O_RDONLY)
            except OSError:
                content = bytes(content)  # its file is closed with this
                with contextlib.suppress(OSError):
                    self._descriptor = os.open(os.devnull, os.O_RDONLY)
            return content


_spare = _SpareFile()


@contextlib.contextmanager
def _as_socket(connection: Connection) -> Iterator[socket.socket]:
    """Use the socket of `connection` without a duplicate, for which there may be no room."""
    line = socket.socket(fileno=connection.fileno())
    try:
        yield line
    finally:
        line.detach()


def _from_duplicate(duplicate: Any, size: int) -> KeptBytes:
    return KeptBytes(duplicate.detach(), size)
