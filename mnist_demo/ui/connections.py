"""The server's connections: what there is to send is sent at once, and who leaves is no error."""

import contextlib
import logging
import os
import socket
import stat
from pathlib import Path

from starlette.websockets import WebSocketDisconnected

# Where a process finds the numbers of its open files, on Linux and macOS. Elsewhere nothing is changed.
OPEN_FILES = Path("/dev/fd")


def send_at_once() -> None:
    """Turn off Nagle's algorithm (``TCP_NODELAY``) for this process's TCP sockets, and for those still to be accepted.

    Streamlit opens its listening socket without naming the protocol, so asyncio does not know it for TCP and leaves
    the algorithm on. The second packet of an update then waits until the browser's system has acknowledged the first,
    which it puts off for 40 ms: measured from request to answer, 48 ms instead of 6.
    """
    if not OPEN_FILES.is_dir():
        return
    for name in os.listdir(OPEN_FILES):  # noqa: PTH208  numbers, not paths
        with contextlib.suppress(OSError):  # closed in the meantime, as is the list itself
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                _set_no_delay(int(name))


def _set_no_delay(number: int) -> None:
    # A copy of the number, because it is closed here, and the socket behind it must stay open.
    with socket.socket(fileno=os.dup(number)) as connection:
        if connection.family in (socket.AF_INET, socket.AF_INET6) and connection.type == socket.SOCK_STREAM:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def let_leave_quietly() -> None:
    """Keep out of the server's log that a visitor closed her tab at the moment when something was sent to her.

    Streamlit then closes the closed connection a second time, and uvicorn prints the traceback of that: with a class of
    thirty, pages of it, about nothing. Every other error is logged as before.
    """
    log = logging.getLogger("uvicorn.error")
    if _is_about_more_than_leaving not in log.filters:
        log.addFilter(_is_about_more_than_leaving)


def _is_about_more_than_leaving(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], WebSocketDisconnected))
