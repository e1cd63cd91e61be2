"""A newcomer on the first page of a server that has just begun: until her digit is read, and her first run is over."""

import time
from collections.abc import Iterator

from benchmarks.comparison import Comparison, Sample
from benchmarks.drivers.stopwatch import open_browser
from benchmarks.surroundings import Surroundings
from mnist_demo.translation import N_
from tests.browser.page import PATIENCE_MS, button, element, open_page, wait_for_state
from tests.browser.pen import CANVAS, draw

VISITS, QUICK_VISITS = 3, 1
# How many test accuracies the headline of the run shows, one after the other.
NOTE_ACCURACIES = """() => {
  window.accuracies = new Set();
  new MutationObserver(() => {
    const headline = document.querySelector(".run-figures dd");
    if (headline && /\\d/.test(headline.textContent)) accuracies.add(headline.textContent);
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def measure_newcomer(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield the seconds from opening the page to a canvas and to a digit that is read, and those of the first run.

    Each is the first visitor of a server, in a browser that has nothing of the page; the run goes at its own pace, and
    how many accuracies it shows is counted.
    """
    opened, read, watched, accuracies = list[float](), list[float](), list[float](), list[float]()
    with open_browser() as browser:
        for _visit in range(QUICK_VISITS if surroundings.quick else VISITS):
            with surroundings.serve() as server:
                began = time.perf_counter()
                with open_page(browser, server.url, CANVAS) as visit:
                    page = visit.page
                    opened.append(time.perf_counter() - began)
                    draw(page, "3")
                    element(page, "predicted-digit").get_by_text("3", exact=True).wait_for()
                    read.append(time.perf_counter() - began)
                    button(page, "start-training").wait_for()
                    page.evaluate(NOTE_ACCURACIES)
                    pressed = time.perf_counter()
                    button(page, "start-training").click()
                    wait_for_state(page, "finished", timeout=2 * PATIENCE_MS)
                    watched.append(time.perf_counter() - pressed)
                    accuracies.append(page.evaluate("accuracies.size"))
    yield Comparison(N_("the first visitor opens the page, to its canvas"), "s", Sample(tuple(opened)))
    yield Comparison(N_("the same, to her first digit drawn and read"), "s", Sample(tuple(read)))
    yield Comparison(N_("her first run, from the click to its end"), "s", Sample(tuple(watched)))
    yield Comparison(N_("test accuracies that it showed, one after the other"), "", Sample(tuple(accuracies)))
