"""Files that visitors hand in: bounded by visitor and in all, also while they come; see `streamlit_internals`.

Streamlit keeps any number of files, and receives any number at once, each for as long as somebody takes to send it.
"""

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import streamlit as st
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

# Bytes; each file may have as many as ``server.maxUploadSize`` says. One counts for at least so much.
VISITOR_UPLOADS, ALL_UPLOADS, LEAST_UPLOAD = 60_000_000, 200_000_000, 10_000
# Of those that are still coming, which are on the disk.
ALL_COMING = 100_000_000
# A file of the largest size comes in time at 0.5 Mbit/s.
RECEIVE_SECONDS = 320.0


class BoundedUploads:
    """The files that are kept and those that are coming, and how much of both is each visitor's."""

    def __init__(self, manager: Any, visitor_of: Callable[[str], str]) -> None:
        """Bound what Streamlit's `manager` of files keeps; `visitor_of` tells whose a session is, by its id."""
        self._manager, self._visitor_of = manager, visitor_of
        self._add = manager.add_file
        self._lock = threading.Lock()
        self._coming = Counter[str]()  # bytes, by session
        manager.add_file = self.add_file

    @contextlib.contextmanager
    def receiving(self, session_id: str, size: int) -> Iterator[None]:
        """Receive a file of at most `size` bytes within this context, if there is room for it.

        Raises
        ------
        HTTPException
            413 where this visitor has too much here, 503 where too much is coming.
        """
        size = max(size, LEAST_UPLOAD)
        with self._lock:
            visitor = self._visitor_of(session_id)
            held = Counter({visitor: size})
            for holder, _session, file in self._kept():
                held[holder] += _size_of(file)
            for session, coming in self._coming.items():
                held[self._visitor_of(session)] += coming
            _check_share(held[visitor])
            if self._coming.total() + size > ALL_COMING:
                raise _too_many()
            self._coming[session_id] += size
        try:
            yield
        finally:
            with self._lock:
                self._coming -= Counter({session_id: size})

    def add_file(self, session_id: str, file: Any) -> None:
        """Keep a file that has come, in place of the oldest of the visitor who has most where all have too much.

        Raises
        ------
        HTTPException
            413 where this visitor has too much here, 503 where it would be she who has most.
        """
        with self._lock:
            visitor = self._visitor_of(session_id)
            kept = self._kept()
            held = Counter({visitor: _size_of(file)})
            for holder, _session, other in kept:
                held[holder] += _size_of(other)
            _check_share(held[visitor])
            while held.total() > ALL_UPLOADS:
                most = held.most_common(1)[0][0]
                found = next((place for place in kept if place[0] == most), None)
                if found is None or most == visitor:
                    raise _too_many()
                kept.remove(found)
                held[most] -= _size_of(found[2])
                self._manager.remove_file(found[1], found[2].file_id)
            self._add(session_id, file)

    def _kept(self) -> list[tuple[str, str, Any]]:
        """Return the visitor, the session and the file of all that is kept."""
        return [
            (self._visitor_of(session), session, file)
            for session, files in list(self._manager.file_storage.items())
            for file in list(files.values())
        ]


def bound_uploads(manager: Any, visitor_of: Callable[[str], str]) -> None:
    """Bound the files that Streamlit's `manager` keeps, and those that a request brings to it; once for a server."""
    uploads, form = BoundedUploads(manager, visitor_of), Request.form

    def form_in_bounds(self: Request, **limits: Any) -> Any:
        session = self.path_params.get("session_id")
        if session is None:
            return form(self, **limits)
        return _receive(uploads, session, _length_of(self), lambda: form(self, **{**limits, "max_files": 1}))

    Request.form = form_in_bounds  # type: ignore[assignment, method-assign]


async def _receive(uploads: BoundedUploads, session: str, size: int, form: Callable[[], Awaitable[Any]]) -> Any:
    with uploads.receiving(session, size):
        try:
            return await asyncio.wait_for(form(), RECEIVE_SECONDS)
        except TimeoutError as error:
            raise HTTPException(408, "The file came too slowly: try again with a smaller one.") from error
        except ClientDisconnect as error:  # nobody reads that; it keeps a traceback out of the log
            raise HTTPException(400, "The connection ended before the file did.") from error


def _length_of(request: Request) -> int:
    """Return how many bytes the request has at most; one that does not say it may have as many as a file may."""
    length = request.headers.get("content-length")
    return int(length) if length else int(st.get_option("server.maxUploadSize")) * 2**20


def _size_of(file: Any) -> int:
    return max(len(file.data), LEAST_UPLOAD)


def _check_share(held: int) -> None:
    if held > VISITOR_UPLOADS:
        raise HTTPException(413, "There are too many files of yours here: remove some first.")


def _too_many() -> HTTPException:
    return HTTPException(503, "There are too many files here at the moment: try again in a few minutes.")
