"""Training with the page open and its charts live, beside the same training from the command line.

Twice: when the run has begun, and when it has lasted so long that the page refreshes less often.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mnist_demo.benchmarks.browser import look, open_browser, open_page, wait_until
from mnist_demo.benchmarks.comparison import Comparison, Sample, times_better
from mnist_demo.benchmarks.our_page import (
    PROGRESS,
    READY,
    long_run_query,
    start_training,
    steps_shown,
    stop_training,
    wait_until_later,
)
from mnist_demo.benchmarks.programs import ours, run_program
from mnist_demo.benchmarks.servers import OUR_PAGE, serve
from mnist_demo.benchmarks.surroundings import Surroundings
from mnist_demo.translation import N_

if TYPE_CHECKING:
    from playwright.sync_api import Page

SECONDS, QUICK_SECONDS = 12.0, 2.0
SETTLE_MS = 1000


def measure_training(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield steps a second of the clock, evaluation included on both sides."""
    seconds = QUICK_SECONDS if surroundings.quick else SECONDS
    query = long_run_query(surroundings)
    batch_size = query.rpartition("=")[2]
    command = ours("train", "--preset", "tutorial-pytorch", "--epochs", "1000", "--batch-size", batch_size, "--json")
    per_epoch = -(-len(surroundings.dataset.train_labels) // int(batch_size))
    first_paces: list[float] = []
    later_paces: list[float] = []
    command_paces: list[float] = []
    with open_browser() as browser, serve(OUR_PAGE, surroundings) as server:
        for _run in range(surroundings.runs):
            with open_page(browser, server.url + query, READY) as page:
                start_training(page)
                first_paces.append(_steps_per_second(page, seconds))
                wait_until_later(page, surroundings)
                later_paces.append(_steps_per_second(page, seconds))
                stop_training(page)
            began: list[float] = []
            lines = run_program(
                command,
                surroundings.environment,
                is_enough=lambda line, began=began: _has_lasted(line, began, seconds),  # type: ignore[misc]
            )
            # The first epoch is no time to measure: torch loads things at the first step.
            points = [(line["arrived"], line["epoch"] * per_epoch) for line in lines[1:]]
            command_paces.append(_slope(points))
    for when, paces in ((N_("at first"), first_paces), (N_("later"), later_paces)):
        yield Comparison(
            N_("{model}: steps a second with the page open, charts live, {when}"),
            "",
            Sample(tuple(paces)),
            N_("the command line"),
            Sample(tuple(command_paces)),
            better="more",
            goal=times_better(0.95, "more"),
            values={"model": "linear", "when": when},
        )


def _has_lasted(line: dict[str, float], began: list[float], seconds: float) -> bool:
    began.append(line["arrived"])
    return len(began) > 3 and line["arrived"] - began[0] >= seconds


def _steps_per_second(page: "Page", seconds: float) -> float:
    page.wait_for_timeout(SETTLE_MS)
    look(page, log=PROGRESS)
    wait_until(page, "stopwatch.log.length")
    page.wait_for_timeout(1000 * seconds)
    log: list[tuple[float, str]] = page.evaluate("() => stopwatch.log")
    return _slope([(time / 1000, steps_shown(html)) for time, html in log if html])


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Return how much the second grows with the first, by least squares: each point is a little late, none by much."""
    xs, ys = np.array(points).T
    return float(np.polyfit(xs, ys, 1)[0])
