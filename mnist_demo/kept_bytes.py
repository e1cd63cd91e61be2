"""Large contents outside of memory: weights and saved points of runs, of which a server has many and needs few.

A content of more than ``SMALL_BYTES`` is kept in a file without a name, which is gone when nothing refers to it any
more, however its process ends. Smaller ones are bytes, and `Content` is either.
"""

import mmap
import os
import sys
import tempfile
import weakref
from collections.abc import Callable
from multiprocessing import context, reduction
from multiprocessing.connection import Connection
from typing import Any

SMALL_BYTES = 4_000_000


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
    try:
        with tempfile.TemporaryFile() as file:
            file.write(content)
            file.flush()
            return KeptBytes(os.dup(file.fileno()), len(content))
    except OSError:
        return content  # a full disk is no reason to lose a run


def mapped(content: Content) -> bytes:
    """Return what can be read and written like the bytes of `content`, but is not all in memory."""
    if isinstance(content, bytes):
        return content
    return mmap.mmap(content.fileno(), len(content), access=mmap.ACCESS_READ)  # type: ignore[return-value]


def send_content(connection: Connection, content: Content) -> None:
    """Send what `receive_content` returns at the other end of `connection`: of a large content the file alone."""
    if isinstance(content, KeptBytes) and sys.platform == "linux":
        connection.send(len(content))
        reduction.send_handle(connection, content.fileno(), None)
    else:  # elsewhere the receiver of a file would have to answer, in between commands
        connection.send(bytes(content))


def receive_content(connection: Connection) -> Content:
    """Return what `send_content` sent; a large content is in a file."""
    received: int | bytes = connection.recv()
    if isinstance(received, int):
        return KeptBytes(reduction.recv_handle(connection), received)
    return keep(received)


def _from_duplicate(duplicate: Any, size: int) -> KeptBytes:
    return KeptBytes(duplicate.detach(), size)
