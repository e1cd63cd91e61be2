"""The time until a page is there after its server was started, and until a run is on the chart after Start."""

import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.comparison import Comparison, Sample, at_most, within
from benchmarks.drivers.laboratory import end_training, long_run_query, start_training
from benchmarks.drivers.stopwatch import open_browser, open_timed_page
from benchmarks.pages import HELLO_PAGE
from benchmarks.surroundings import Surroundings
from mnist_demo.translation import N_
from tests.browser.page import START_BUTTON
from tests.browser.server import APP

HELLO = ".st-key-hello"
STARTS, QUICK_STARTS = 5, 1


def measure_start(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield seconds from the server's start to a page one can use, and milliseconds from Start to the first point."""
    ours: list[float] = []
    hello: list[float] = []
    with open_browser() as browser:
        for run in range(surroundings.runs + 1):
            seconds = (
                _seconds_to_page(browser, APP, START_BUTTON, surroundings),
                _seconds_to_page(browser, HELLO_PAGE, HELLO, surroundings),
            )
            # The first of each reads its files from the disk.
            if run or surroundings.quick:
                ours.append(seconds[0])
                hello.append(seconds[1])
        yield Comparison(
            N_("server started to a page one can use"),
            "s",
            Sample(tuple(ours)),
            N_("a Streamlit page that says hello"),
            Sample(tuple(hello)),
            goal=within(1.5, "s"),
        )
        query = long_run_query(surroundings)
        with surroundings.serve() as server, open_timed_page(browser, server.url + query) as page:
            # The first run waits for the process server to have loaded torch.
            start_training(page)
            end_training(page)
            milliseconds = []
            for _start in range(QUICK_STARTS if surroundings.quick else STARTS):
                milliseconds.append(start_training(page))
                end_training(page)
        yield Comparison(
            N_("Start pressed to the first point on the chart, worker warm"),
            "ms",
            Sample(tuple(milliseconds)),
            goal=at_most(500, "ms"),
        )


def _seconds_to_page(browser: Browser, script: Path, ready: str, surroundings: Surroundings) -> float:
    with surroundings.serve(script) as server, open_timed_page(browser, server.url, ready):
        return time.perf_counter() - server.started
