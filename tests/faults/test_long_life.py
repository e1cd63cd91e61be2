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
        for _visit in range(200):
            with contextlib.closing(Visitor(server.url)) as last:
                pass
        with contextlib.closing(Visitor(server.url, COOKIES)) as last:
            last.open_page()
        # What a run or an analysis may need is opened with the first that asks for it.
        wait_until(lambda: open_files(server) <= with_one_visitor + 10)
    with contextlib.closing(Visitor(server.url, COOKIES, last.session)) as again:
        answer = again.open_page()
        assert again.session == last.session
        assert answer.faults() == []
