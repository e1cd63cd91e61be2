import os
import socket

from mnist_demo.ui.connections import send_at_once


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
    before = sorted(os.listdir("/dev/fd"))  # noqa: PTH208
    send_at_once()
    assert sorted(os.listdir("/dev/fd")) == before  # noqa: PTH208
