import logging
import os
import socket

import pytest
from starlette.websockets import WebSocketDisconnected

from mnist_demo.ui.connections import let_leave_quietly, send_at_once


def sends_at_once(connection: socket.socket) -> bool:
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_send_at_once_reaches_open_connections_and_those_still_to_come() -> None:
    # As Streamlit makes it: the protocol is not named.
    one, other = socket.socketpair()
    with socket.socket(family=socket.AF_INET) as listening, one, other:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        with socket.create_connection(listening.getsockname()) as first, listening.accept()[0] as first_here:
            assert not sends_at_once(first_here)
            send_at_once()
            assert sends_at_once(first_here)
            assert sends_at_once(first)
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as second_here:
            assert sends_at_once(second_here)
        one.sendall(b"still open")
        assert other.recv(20) == b"still open"


def test_send_at_once_leaves_no_file_open() -> None:
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208
    for _time in range(50):
        send_at_once()
    # Threads of other tests may open some meanwhile.
    assert len(os.listdir("/dev/fd")) < before + 50  # noqa: PTH208


def test_visitor_who_leaves_is_not_logged_and_every_other_error_is(caplog: pytest.LogCaptureFixture) -> None:
    let_leave_quietly()
    log = logging.getLogger("uvicorn.error")
    for error in (WebSocketDisconnected("closed twice"), RuntimeError("of ours")):
        try:
            raise error
        except RuntimeError:
            log.exception("Exception in ASGI application")
    log.error("not even started")
    assert [str(record.exc_info[1]) if record.exc_info else record.message for record in caplog.records] == [
        "of ours",
        "not even started",
    ]
