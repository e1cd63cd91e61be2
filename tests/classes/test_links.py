"""The link to a class leads to the server as other machines know it."""

import socket

import pytest

from mnist_demo.classes.links import class_link, network_address


def test_link_names_the_server_as_other_machines_know_it() -> None:
    page = "http://localhost:8501/course/class"
    assert class_link(page, "abc", host="192.168.0.7") == "http://192.168.0.7:8501/course/class?code=abc"
    assert class_link(page, "abc") == "http://localhost:8501/course/class?code=abc"
    assert class_link("https://digits.example/class", "abc", "ko", "192.168.0.7") == (
        "https://digits.example/class?code=abc&lang=ko"
    )
    address = network_address()
    assert address is None or address.count(".") == 3


@pytest.mark.parametrize(
    ("listens_at", "is_known"), [("0.0.0.0", True), ("::", True), (None, True), ("127.0.0.1", False)]
)
def test_others_reach_a_server_that_listens_at_all_addresses(
    listens_at: str | None, is_known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Probe(socket.socket):
        def connect(self, address: object) -> None:
            """Look up no way: a machine that runs tests may have none."""

        def getsockname(self) -> tuple[str, int]:
            return "192.168.0.7", 1

    monkeypatch.setattr(socket, "socket", Probe)
    assert network_address(listens_at) == ("192.168.0.7" if is_known else None)
