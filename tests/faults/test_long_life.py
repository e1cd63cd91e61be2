"""A server that is up for weeks holds no more open for those who have left than on its first day."""

import contextlib
from pathlib import Path

import pytest

from benchmarks.drivers.visitors import Visitor
from mnist_demo.ui.visitor_state import COOKIE
from tests.browser.server import PageServer
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux’s /proc")
COOKIES = f"{COOKIE}={'p' * 32}"


def open_files(server: PageServer) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def test_two_hundred_visits_leave_no_file_open_and_the_last_visitor_may_come_back(server: PageServer) -> None:
    with contextlib.closing(Visitor(server.url)) as first:
        first.open_page()
        with_one_visitor = open_files(server)
        for visit in range(200):
            with contextlib.closing(Visitor(server.url)) as last:
                if visit % 3 == 0:  # most of the time goes into running the page's script
                    last.open_page()
        with contextlib.closing(Visitor(server.url, COOKIES)) as last:
            last.open_page()
        # What a run or an analysis may need is opened with the first that asks for it.
        wait_until(lambda: open_files(server) <= with_one_visitor + 10)
    with contextlib.closing(Visitor(server.url, COOKIES, last.session)) as again:
        answer = again.open_page()
        assert again.session == last.session
        assert answer.faults() == []


@pytest.mark.parametrize("cookie", ["", "x" * 4000, "../../../etc/passwd", '"; DROP', "p" * 31])
def test_visitor_with_any_cookie_gets_her_page(server: PageServer, cookie: str) -> None:
    with contextlib.closing(Visitor(server.url, f"{COOKIE}={cookie}")) as visitor:
        assert visitor.open_page().faults() == []


def test_canvas_message_that_no_browser_sends_draws_nothing_and_fails_nothing(server: PageServer) -> None:
    with contextlib.closing(Visitor(server.url)) as visitor:
        visitor.open_page()
        for objects in ("text", [1], [{"path": "M 1 2"}], [{"path": [["Q", 1, 2]], "left": "far"}], {"path": 1}):
            answer = visitor.draw_objects(objects)
            assert answer.faults() == []
            assert '<span class="answer ">–</span>' in answer.texts()
        for message in ("no object", {"raw": 5}, {"raw": {"objects": None, "background": 7}}, None):
            assert visitor.send_canvas({"drawing": message}).faults() == []
        assert visitor.send_canvas({"backgroundFit": 5}).faults() == []
