"""How soon a page is there after its server was started, and how soon a run is on the chart after Start."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.browser import open_browser, open_page
from benchmarks.comparison import Comparison, Sample, at_most, within
from benchmarks.our_page import READY, long_run_query, start_training, stop_training
from benchmarks.servers import HELLO_PAGE, OUR_PAGE, serve
from benchmarks.surroundings import Surroundings
from mnist_demo.translation import N_

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HELLO = ".st-key-hello"
STARTS, QUICK_STARTS = 5, 1


def measure_start(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield seconds from the server's start to a page one can use, and milliseconds from Start to the first point."""
    ours: list[float] = []
    hello: list[float] = []
    with open_browser() as browser:
        for run in range(surroundings.runs + 1):
            seconds = (
                _seconds_to_page(browser, OUR_PAGE, READY, surroundings),
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
        with serve(OUR_PAGE, surroundings) as server, open_page(browser, server.url + query, READY) as page:
            # The first run waits for the process server to have loaded torch.
            start_training(page)
            stop_training(page)
            milliseconds = []
            for _start in range(QUICK_STARTS if surroundings.quick else STARTS):
                milliseconds.append(start_training(page))
                stop_training(page)
        yield Comparison(
            N_("Start pressed to the first point on the chart, worker warm"),
            "ms",
            Sample(tuple(milliseconds)),
            goal=at_most(500, "ms"),
        )


def _seconds_to_page(browser: "Browser", script: Path, ready: str, surroundings: Surroundings) -> float:
    with serve(script, surroundings) as server, open_page(browser, server.url, ready):
        return time.perf_counter() - server.started
