"""Memory: the page's server, what a training run adds of its own, each further visitor, and the largest network."""

import contextlib
import time
from collections.abc import Iterable, Iterator

import numpy as np

from benchmarks.comparison import Comparison, Sample, at_most
from benchmarks.drivers.laboratory import long_run_query, start_training
from benchmarks.drivers.memory import read_memory
from benchmarks.drivers.stopwatch import open_browser, open_timed_page
from benchmarks.drivers.visitors import Visitor
from benchmarks.surroundings import Surroundings
from mnist_demo.translation import N_
from mnist_demo.ui import keys
from tests.browser.page import stop_training
from tests.browser.server import descendants

VISITORS, QUICK_VISITORS = 20, 2
# Until torch is loaded beside the page, and until a run has met all its images.
WARM_UP_SECONDS, TRAINING_SECONDS, QUICK_SECONDS = 15.0, 5.0, 1.0
# The largest network that the page offers: 74 MB of weights, and twice that of Adam's averages.
LARGEST = "/?speed=full&preset=small-network&epochs=1000&hidden-sizes=2048,2048,2048,2048,2048"
LARGEST_SECONDS = 30.0
STROKE = np.array([[140.0, 40.0], [140.0, 240.0]])  # pixels of the canvas


def measure_memory(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield megabytes that would be free if the process ended, or the visitor had not come."""
    quick = surroundings.quick
    server_sizes, helper_sizes, job_sizes, visitor_sizes, largest_sizes = [], [], [], [], []
    with open_browser() as browser:
        for _run in range(min(surroundings.runs, 3)):
            with (
                surroundings.serve() as server,
                open_timed_page(browser, server.url + long_run_query(surroundings)) as page,
            ):
                pid = server.process.pid
                time.sleep(QUICK_SECONDS if quick else WARM_UP_SECONDS)
                server_sizes.append(read_memory(pid).own)
                helpers = descendants(pid)
                helper_sizes.append(_megabytes_of(helpers))
                visitor_sizes.append(_megabytes_a_visitor(server.url, pid, quick))
                start_training(page)
                time.sleep(QUICK_SECONDS if quick else TRAINING_SECONDS)
                jobs = [child for child in descendants(pid) if child not in helpers]
                job_sizes.append(_megabytes_of(jobs))
                stop_training(page)
                largest_sizes.append(_megabytes_of_the_largest_network(server.url, pid, quick))
    yield Comparison(N_("memory: page server"), "MB", Sample(tuple(server_sizes)), goal=at_most(600, "MB"))
    yield Comparison(N_("memory: processes that wait beside it for the next run"), "MB", Sample(tuple(helper_sizes)))
    yield Comparison(
        N_("memory: a training run of its own, {count:,} images"),
        "MB",
        Sample(tuple(job_sizes)),
        goal=at_most(350, "MB"),
        values={"count": len(surroundings.dataset.train_labels)},
    )
    yield Comparison(N_("memory: each further visitor"), "MB", Sample(tuple(visitor_sizes)), goal=at_most(5, "MB"))
    yield Comparison(
        N_("memory: page server, more while the largest network trains (five layers of 2,048 units)"),
        "MB",
        Sample(tuple(largest_sizes)),
        goal=at_most(400, "MB"),
    )


def _megabytes_of(processes: Iterable[int]) -> float:
    sizes = 0.0
    for process in processes:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            sizes += read_memory(process).own
    return sizes


def _megabytes_a_visitor(url: str, pid: int, quick: bool) -> float:
    # The first of them fills caches that all share.
    first = Visitor(url)
    first.open_page()
    before = read_memory(pid).own
    count = QUICK_VISITORS if quick else VISITORS
    visitors = [Visitor(url) for _visitor in range(count)]
    for visitor in visitors:
        visitor.open_page()
    size = (read_memory(pid).own - before) / count
    for visitor in [first, *visitors]:
        visitor.close()
    return max(0.0, size)


def _megabytes_of_the_largest_network(url: str, pid: int, quick: bool) -> float:
    """Return the most that the server grows by while the largest network trains, and reads a stroke every second."""
    most, before = 0.0, read_memory(pid).own
    with contextlib.closing(Visitor(url + LARGEST)) as visitor:
        visitor.open_page()
        visitor.press(keys.START)
        end = time.monotonic() + LARGEST_SECONDS
        while time.monotonic() < end and not (quick and most):  # a quick try ends as soon as there is a figure
            visitor.draw([STROKE])
            most = max(most, read_memory(pid).own - before)
            time.sleep(1.0)
        visitor.press(keys.STOP)
    return most
