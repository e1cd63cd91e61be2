"""Messages that one browser can send to the server, of which other visitors notice nothing."""

import contextlib
import http.client
import io
import itertools
import re
import secrets
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from streamlit.proto.BackMsg_pb2 import BackMsg

from benchmarks.drivers.visitors import Answer, Visitor
from mnist_demo.ui import keys
from mnist_demo.ui.link_state import CLASS, COMPARE, LESSON, LOOK_INSIDE, RUNS
from mnist_demo.ui.server.uploads import VISITOR_UPLOADS
from mnist_demo.ui.streamlit_internals import MAX_FILES_AT_ONCE
from mnist_demo.ui.visitor_state import COOKIE
from tests import ROOT
from tests.browser.server import PageServer, descendants, serve_builtin_digits
from tests.waiting import wait_until

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    folder = tmp_path_factory.mktemp("server")
    with serve_builtin_digits(folder, STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL="3") as running:
        yield running


@pytest.fixture
def visitors(server: PageServer) -> Iterator["Visitors"]:
    here = Visitors(server.url)
    yield here
    here.leave()


class Visitors:
    """The browsers of a test: each has a secret of its own in its cookie; runs go at a pace, and last."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._open: list[Visitor] = []

    def come(self, cookie: str = "", session: str = "", query: str = "") -> Visitor:
        cookies = f"{COOKIE}={cookie or secrets.token_urlsafe(24)}"
        self._open.append(Visitor(f"{self._url}/?speed=100&{query}", cookies, session))
        return self._open[-1]

    def leave(self) -> None:
        for visitor in self._open:
            visitor.close()


def run_in_address(answer: Answer) -> str:
    queries = [
        str(message.page_info_changed.query_string)
        for message in answer.messages
        if message.WhichOneof("type") == "page_info_changed"
    ]
    return next(query for query in reversed(queries) if "run=" in query)


def buttons(answer: Answer) -> list[Any]:
    deltas = [message.delta for message in answer.messages if message.WhichOneof("type") == "delta"]
    return [delta.new_element.button for delta in deltas if delta.new_element.WhichOneof("type") == "button"]


def class_of(teacher: Visitor) -> str:
    """Have a class made; return its code."""
    teacher.go_to(CLASS)
    made = teacher.fill_in({keys.CLASS_NAME: "7b"}, keys.CREATE_CLASS)
    found = re.search(r"code=(\w+)", "".join(made.texts()))
    assert found is not None
    return found[1]


def said(answer: Answer) -> str:
    return "\n".join(str(message) for message in answer.messages)


def upload(url: str, session: str, name: str, content: bytes) -> int:
    """Put a file to a session as a browser does, under an id of one's own making; return the status."""
    address = urlsplit(url)
    body = b'--mark\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + content + b"\r\n--mark--\r\n"
    with contextlib.closing(http.client.HTTPConnection(address.netloc, timeout=30)) as connection:
        headers = {"Content-Type": "multipart/form-data; boundary=mark"}
        connection.request("PUT", f"/_stcore/upload_file/{session}/{name}", body, headers)
        return connection.getresponse().status


def test_file_for_a_session_that_is_none_is_refused(server: PageServer) -> None:
    # The id of a session is all that keeps strangers from it: its own cookie does not come from a page in a page.
    for session in ("none", "0" * 36, "../x", "%2e%2e"):
        assert upload(server.url, session, "file", b"content") >= 400
    assert uploaded_bytes(server.url) == 0


def test_program_that_would_drive_the_page_in_place_of_a_browser_is_refused(server: PageServer) -> None:
    settings = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))
    assert settings["server"]["enableAgentApi"] is False  # whatever Streamlit's default will be
    for path in ("interact", "mcp"):
        headers = {"Content-Type": "application/json"}
        asked = urllib.request.Request(f"{server.url}/_stcore/agent/{path}", b"{}", headers)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(asked)
        assert b"does not serve the agent API" in refused.value.read()


def uploaded_bytes(url: str) -> int:
    """Return what the server says that it keeps of uploaded files."""
    with urllib.request.urlopen(f"{url}/_stcore/metrics?families=cache_memory_bytes") as answer:
        metrics = answer.read().decode()
    lines = [line for line in metrics.splitlines() if "UploadedFileManager" in line]
    return sum(int(float(line.split()[-1])) for line in lines)


def test_metrics_of_the_server_say_nothing_of_who_is_there(server: PageServer, visitors: Visitors) -> None:
    visitors.come().open_page()
    for families in ("", "?families=active_sessions&families=session_events"):
        with urllib.request.urlopen(f"{server.url}/_stcore/metrics{families}") as answer:
            told = answer.read().decode()
        assert "session" not in told


def test_no_message_takes_anything_from_another_visitor(server: PageServer, visitors: Visitors) -> None:
    pupil, stranger = visitors.come("p" * 32, query="epochs=1000&batch-size=10"), visitors.come()
    pupil.open_page()
    address = run_in_address(pupil.press(keys.START))
    harmful = BackMsg(clear_cache=True), BackMsg(load_git_info=True), BackMsg(set_run_on_save=True)
    for message in harmful:
        stranger.send(message)
    many = BackMsg()
    many.file_urls_request.file_names.extend(["f"] * (MAX_FILES_AT_ONCE + 1))
    stranger.send(many)
    installing = BackMsg()
    installing.backend_operation_request.install_skills.SetInParent()
    stranger.send(installing)
    answered = [message for _page in range(2) for message in stranger.open_page().messages]  # after all that
    kinds = {message.WhichOneof("type") for message in answered}
    assert "new_session" in kinds
    assert not kinds & {"git_info_changed", "file_urls_response", "backend_operation_response"}
    later = visitors.come("p" * 32, query=address).open_page()
    assert "no longer kept" not in said(later)
    stops = [button for button in buttons(later) if button.id.endswith("-stop-training")]
    assert [button.disabled for button in stops] == [False]


def test_pages_of_a_stranger_show_neither_a_session_nor_the_secret_of_another_visitor(visitors: Visitors) -> None:
    pupil = visitors.come("p" * 32, query="epochs=1000&batch-size=10")
    pupil.open_page()
    address = run_in_address(pupil.press(keys.START))
    code = class_of(pupil)
    stranger = visitors.come(query=address)
    shown = said(stranger.open_page())
    for page in (LOOK_INSIDE, COMPARE, LESSON, RUNS):
        shown += said(stranger.go_to(page))
    stranger.query = f"code={code}"
    shown += said(stranger.go_to(CLASS))
    assert address.partition("run=")[2].partition("&")[0] in shown
    assert "7b" in shown
    assert pupil.session not in shown
    assert "p" * 32 not in shown


def test_session_is_joined_by_the_browser_that_has_its_cookie_alone(visitors: Visitors) -> None:
    pupil = visitors.come("p" * 32)
    pupil.open_page()
    hers = pupil.session
    for stranger in (visitors.come(session=hers), visitors.come("ü", session=hers)):
        stranger.open_page()
        assert stranger.session != hers
    assert pupil.rerun().messages  # nobody has taken her place
    pupil.close()
    stranger = visitors.come(session=hers)
    stranger.open_page()
    assert stranger.session != hers
    again = visitors.come("p" * 32, session=hers)
    again.open_page()
    assert again.session == hers


def test_uploads_are_bounded_and_freed_after_their_visitor_has_left(server: PageServer, visitors: Visitors) -> None:
    content = bytes(14 * MEGABYTE)
    attacker, tab = visitors.come("a" * 32), visitors.come("a" * 32)
    for visitor in (attacker, tab):
        visitor.open_page()
    sessions = itertools.cycle([attacker.session, tab.session])
    statuses = [upload(server.url, next(sessions), f"own-{number}", content) for number in range(6)]
    assert statuses == [204] * 4 + [413] * 2
    assert uploaded_bytes(server.url) <= VISITOR_UPLOADS
    pupil = visitors.come()
    pupil.open_page()
    assert upload(server.url, pupil.session, "hers", b"a picture") == 204
    attacker.close()
    tab.close()
    wait_until(lambda: uploaded_bytes(server.url) < MEGABYTE)


def test_uploads_that_are_sent_slowly_count_while_they_come(server: PageServer, visitors: Visitors) -> None:
    attacker, pupil = visitors.come(), visitors.come()
    for visitor in (attacker, pupil):
        visitor.open_page()
    address = urlsplit(server.url)
    with contextlib.ExitStack() as connections:
        for number in range(3):
            slow = connections.enter_context(contextlib.closing(http.client.HTTPConnection(address.netloc, timeout=30)))
            slow.putrequest("PUT", f"/_stcore/upload_file/{attacker.session}/slow-{number}")
            slow.putheader("Content-Type", "multipart/form-data; boundary=mark")
            slow.putheader("Content-Length", str(19 * MEGABYTE))
            slow.endheaders(b"--mark\r\n")
        wait_until(lambda: upload(server.url, attacker.session, "one-more", bytes(4 * MEGABYTE)) == 413)
        assert upload(server.url, pupil.session, "hers", bytes(19 * MEGABYTE)) == 204
    # Nothing is held any more when the connections are gone.
    wait_until(lambda: upload(server.url, attacker.session, "one-more", bytes(19 * MEGABYTE)) == 204)


def picture_of_pieces() -> bytes:
    """Return a PNG with 2,000 little pieces of something; it takes half a second to read."""
    marks = np.full((4000, 4000), 255, np.uint8)
    for left, top in np.random.default_rng(0).integers(0, 3950, (2000, 2)):
        marks[top : top + 28, left : left + 20] = 0
    content = io.BytesIO()
    Image.fromarray(marks).convert("RGB").save(content, "PNG")
    return content.getvalue()


def draws_a_one(visitor: Visitor) -> None:
    answer = visitor.draw([np.array([[140.0, 60.0], [135.0, 220.0]])])
    assert re.search(r'<span class="answer[^"]*">\d</span>', "".join(answer.texts()))
    visitor.draw([])


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux to find the processes that compute")
def test_pictures_of_thousands_of_pieces_keep_nobody_waiting_and_end_with_their_visitor(
    server: PageServer, visitors: Visitors
) -> None:
    pupil, tabs = visitors.come(), [visitors.come("a" * 32) for _tab in range(12)]
    for visitor in (pupil, *tabs):
        visitor.open_page()
    draws_a_one(pupil)
    before, seen, content = set(descendants(server.process.pid)), set[int](), picture_of_pieces()

    def computing() -> set[int]:
        now = set(descendants(server.process.pid)) - before
        seen.update(now)
        return now

    for tab in tabs:
        assert upload(server.url, tab.session, "pieces", content) == 204
        given = {"uploaded_file_info": [{"file_id": "pieces", "name": "pieces.png", "size": len(content)}]}
        widget = {"id": tab.id_of(keys.PICTURE), "file_uploader_state_value": given}
        tab.ask(tab.part_of(keys.PICTURE), widgets=[widget])
    wait_until(lambda: bool(computing()))
    draws_a_one(pupil)
    for tab in tabs:
        tab.close()
    wait_until(lambda: not computing())
    assert len(seen) < len(tabs)  # those that waited have not begun
    draws_a_one(pupil)
