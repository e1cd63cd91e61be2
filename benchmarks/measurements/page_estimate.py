"""The page's estimate before a run, beside the time that a visitor then waits for it on the page.

Each run on a server of its own, which measures anew.
"""

import re
import time
from collections.abc import Iterator

from playwright.sync_api import Page

from benchmarks.comparison import Comparison, Goal, Sample
from benchmarks.drivers.stopwatch import open_browser, open_timed_page, wait_until
from benchmarks.surroundings import Surroundings
from mnist_demo.settings.presets import PRESETS
from mnist_demo.translation import N_
from tests.browser.page import button, wait_for_state

LINE, MEASURING = ".st-key-cost", ".st-key-cost-pulse"
# Epochs of each: what is asked is what a long run costs, and five epochs of a linear model take less than a second.
MEASURED_EPOCHS = {"tutorial-pytorch": 80, "tutorial-scratch": 80, "small-network": 15, "convnet-in-seconds": 2}
QUICK_EPOCHS = {"tutorial-pytorch": 40}
SECONDS_PER_UNIT = {"s": 1, "min": 60, "h": 3600}
PATIENCE_MS = 600_000
TOLERANCE = 0.3
GOAL = Goal(
    N_("within {percent:.0f} %"),
    lambda ours, theirs: theirs is not None and abs(ours - theirs) <= TOLERANCE * theirs,
    {"percent": 100 * TOLERANCE},
)


def measure_estimate(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield the seconds that the page says, and those from the click on Start to “finished”, for several models."""
    with open_browser() as browser:
        for preset, epochs in (QUICK_EPOCHS if surroundings.quick else MEASURED_EPOCHS).items():
            said: list[float] = []
            taken: list[float] = []
            for _run in range(surroundings.runs):
                with (
                    surroundings.serve() as server,
                    open_timed_page(browser, f"{server.url}/?speed=full&preset={preset}&epochs={epochs}") as page,
                ):
                    said.append(_seconds_said(page))
                    taken.append(_seconds_taken(page))
            yield Comparison(
                N_("{model}, {epochs} epochs: what the page says a run will cost"),
                "s",
                Sample(tuple(said)),
                N_("what it then cost"),
                Sample(tuple(taken)),
                goal=GOAL,
                values={"model": PRESETS[preset].hyperparameters.model, "epochs": epochs},
            )


def seconds_in(line: str) -> float:
    """Return the seconds that are meant by the line beneath Start; half a second where it says less than one."""
    found = re.search(r"about (\d+) (s|min|h) here", line)
    return int(found[1]) * SECONDS_PER_UNIT[found[2]] if found else 0.5


def _seconds_said(page: Page) -> float:
    page.locator(f"{LINE}:has-text(' here, ')").wait_for()
    wait_until(page, f"!document.querySelector('{MEASURING}')")
    return seconds_in(page.locator(LINE).inner_text())


def _seconds_taken(page: Page) -> float:
    began = time.perf_counter()
    button(page, "start-training").click()
    wait_for_state(page, "finished", PATIENCE_MS)
    return time.perf_counter() - began
