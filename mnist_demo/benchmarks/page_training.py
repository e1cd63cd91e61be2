"""Training with the page open and its charts live, beside the same training from the command line.

Twice: when the run has begun, and when it has lasted so long that the page refreshes less often. A machine's pace may
change by a third from one ten seconds to the next: so the two have short turns, while the other one rests.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mnist_demo.benchmarks.browser import look, open_browser, open_page, press, wait_until
from mnist_demo.benchmarks.comparison import Comparison, Sample, times_better
from mnist_demo.benchmarks.our_page import (
    PROGRESS,
    READY,
    STATUS,
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

SECONDS, QUICK_SECONDS = 5.0, 2.0
TURNS, QUICK_TURNS = 3, 1
SETTLE_MS = 1000


def measure_training(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield steps a second of the clock, evaluation included on both sides."""
    turns = QUICK_TURNS if surroundings.quick else TURNS
    page_paces: dict[str, list[float]] = {N_("at first"): [], N_("later"): []}
    command_paces: dict[str, list[float]] = {when: [] for when in page_paces}
    with open_browser() as browser, serve(OUR_PAGE, surroundings) as server:
        for _run in range(surroundings.runs):
            with open_page(browser, server.url + long_run_query(surroundings), READY) as page:
                start_training(page)
                for when, paces in page_paces.items():
                    if paces is page_paces["later"]:
                        wait_until_later(page, surroundings)
                    for _turn in range(turns):
                        paces.append(_pace_of_page(page, surroundings))
                        press(page, "pause-training")
                        page.locator(f"{STATUS}:has-text('paused')").wait_for()
                        command_paces[when].append(_pace_of_command(surroundings))
                        press(page, "pause-training")
                        page.locator(f"{STATUS}:has-text('running')").wait_for()
                stop_training(page)
    for when, paces in page_paces.items():
        yield Comparison(
            N_("{model}: steps a second with the page open, charts live, {when}"),
            "",
            Sample(tuple(paces)),
            N_("the command line"),
            Sample(tuple(command_paces[when])),
            better="more",
            goal=times_better(0.95, "more"),
            values={"model": "linear", "when": when},
        )


def _seconds(surroundings: Surroundings) -> float:
    return QUICK_SECONDS if surroundings.quick else SECONDS


def _pace_of_page(page: "Page", surroundings: Surroundings) -> float:
    page.wait_for_timeout(SETTLE_MS)
    look(page, log=PROGRESS)
    wait_until(page, "stopwatch.log.length")
    page.wait_for_timeout(1000 * _seconds(surroundings))
    log: list[tuple[float, str]] = page.evaluate("() => stopwatch.log")
    return _slope([(time / 1000, steps_shown(html)) for time, html in log if html])


def _pace_of_command(surroundings: Surroundings) -> float:
    batch_size = long_run_query(surroundings).rpartition("=")[2]
    command = ours("train", "--preset", "tutorial-pytorch", "--epochs", "1000", "--batch-size", batch_size, "--json")
    began: list[float] = []

    def has_lasted(line: dict[str, float]) -> bool:
        began.append(line["arrived"])
        return len(began) > 3 and line["arrived"] - began[1] >= _seconds(surroundings)

    lines = run_program(command, surroundings.environment, is_enough=has_lasted)
    # The first epoch is no time to measure: torch loads things at the first step.
    per_epoch = -(-len(surroundings.dataset.train_labels) // int(batch_size))
    return _slope([(line["arrived"], line["epoch"] * per_epoch) for line in lines[1:]])


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Return how much the second grows with the first, by least squares: each point is a little late, none by much."""
    xs, ys = np.array(points).T
    return float(np.polyfit(xs, ys, 1)[0])
