"""Ten and thirty visitors with the page open, two of them training, beside one: refreshes and answers."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator

from playwright.sync_api import Browser

from benchmarks.comparison import Comparison, Sample, at_most_times, quantile, times_better
from benchmarks.drivers.laboratory import (
    ANSWER,
    PROGRESS,
    end_training,
    long_run_query,
    start_training,
    time_answers,
    wait_until_later,
)
from benchmarks.drivers.stopwatch import look, open_browser, open_timed_page
from benchmarks.surroundings import Surroundings
from mnist_demo.translation import N_
from tests import ROOT
from tests.browser.server import PageServer

# Two train in real pages; of the others it does not matter that they have no browser.
CROWDS, QUICK_CROWDS = (10, 30), (3,)
SECONDS, QUICK_SECONDS = 10.0, 2.0
STROKES, QUICK_STROKES = 20, 2
MAX_RUNS = 2


def measure_visitors(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield refreshes a second and the time of an answer on the page of one who trains, against being alone.

    Once while the others only have the page open, and once while all of them watch her run, each page refreshing.
    """
    with open_browser() as browser, surroundings.serve() as server:
        for crowd in QUICK_CROWDS if surroundings.quick else CROWDS:
            for watching in (False, True):
                alone: list[tuple[float, float]] = []
                crowded: list[tuple[float, float]] = []
                for _run in range(min(surroundings.runs, MAX_RUNS)):
                    alone.append(_measure_page(browser, server, 1, False, surroundings))
                    crowded.append(_measure_page(browser, server, crowd, watching, surroundings))
                yield from _compare(alone, crowded, crowd, watching)


def _compare(
    alone: list[tuple[float, float]], crowded: list[tuple[float, float]], crowd: int, watching: bool
) -> Iterator[Comparison]:
    # Nothing is asked for where everybody watches: that is 90 refreshes a second.
    values = {"crowd": crowd, "how": "all watching one run" if watching else "two training"}
    refreshes, answers = ([Sample(column) for column in zip(*runs, strict=True)] for runs in (crowded, alone))
    yield Comparison(
        N_("{crowd} visitors, {how}: refreshes a second of a page"),
        "",
        refreshes[0],
        N_("one visitor"),
        answers[0],
        better="more",
        goal=None if watching else times_better(round(1 / 1.5, 2), "more"),
        values=values,
    )
    yield Comparison(
        N_("{crowd} visitors, {how}: mouse-up to changed prediction, p50"),
        "ms",
        refreshes[1],
        N_("one visitor"),
        answers[1],
        goal=None if watching else at_most_times(1.5),
        values=values,
    )


def _measure_page(
    browser: Browser, server: PageServer, crowd: int, watching: bool, surroundings: Surroundings
) -> tuple[float, float]:
    """Return refreshes a second and the median milliseconds to an answer on the page of one of `crowd` visitors."""
    url = server.url + long_run_query(surroundings)
    with contextlib.ExitStack() as others, open_timed_page(browser, url) as page:
        start_training(page)
        if crowd > 1:
            second = others.enter_context(open_timed_page(browser, url))
            start_training(second)
            others.callback(end_training, second)
            others.enter_context(_visitors(page.url if watching else server.url, crowd - 2))
        wait_until_later(page, surroundings)  # else some pages refresh twice a second and some do not yet
        look(page, log=PROGRESS)
        seconds = QUICK_SECONDS if surroundings.quick else SECONDS
        page.wait_for_timeout(1000 * seconds)
        refreshes: int = page.evaluate("() => stopwatch.log.length")
        answers = list(time_answers(page, QUICK_STROKES if surroundings.quick else STROKES, ANSWER))
        end_training(page)
    return refreshes / seconds, quantile(answers, 0.5)


@contextlib.contextmanager
def _visitors(url: str, count: int) -> Iterator[None]:
    """Have `count` further visitors, in a process of their own, until the context ends."""
    command = [sys.executable, "-m", "benchmarks.drivers.visitors", url, str(count)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdout.readline()  # all of them have the page
            yield
        finally:
            process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
