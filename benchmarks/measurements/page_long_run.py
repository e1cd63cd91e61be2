"""The cost of a refresh of the charts after a long run, against a short one: bytes, server time, browser memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from playwright.sync_api import Browser, Page

from benchmarks.comparison import Comparison, Sample, at_most_times
from benchmarks.drivers.laboratory import start_training
from benchmarks.drivers.memory import MEGABYTE
from benchmarks.drivers.stopwatch import open_browser, open_timed_page
from benchmarks.drivers.visitors import Answer, Visitor
from benchmarks.surroundings import Surroundings
from mnist_demo.translation import N_
from tests.browser.page import wait_for_state
from tests.browser.server import PageServer

BATCH_SIZE = 10
# Steps an epoch, epochs. As 128 is a power of two, both charts have the same number of points.
SHORT, LONG = (1000, 1), (3200, 40)
QUICK_SHORT, QUICK_LONG = (100, 1), (100, 16)
REFRESHES, QUICK_REFRESHES = 30, 3
FINISHED_MS = 300_000
# What "no growth" allows for noise.
NOISE = 1.2


@dataclass(frozen=True)
class _Cost:
    """Of a run's page: bytes and milliseconds on the server of one refresh of the charts; the browser's megabytes."""

    size: float
    milliseconds: float
    megabytes: float


def measure_long_run(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield bytes and server time of a refresh of the charts, and the memory that the page's script holds.

    Of finished runs, so that nothing else happens on the server; the page has been open since their start.
    """
    short, long = (QUICK_SHORT, QUICK_LONG) if surroundings.quick else (SHORT, LONG)
    available = len(surroundings.dataset.train_labels) // BATCH_SIZE
    if available < long[0]:
        # The same number of steps from fewer images.
        long = (min(short[0], available), long[0] * long[1] // min(short[0], available))
        short = (min(short[0], available), max(1, short[0] * short[1] // min(short[0], available)))
    costs: dict[tuple[int, int], list[_Cost]] = {short: [], long: []}
    with open_browser() as browser, surroundings.serve() as server:
        for _run in range(min(surroundings.runs, 2)):
            for length, measured in costs.items():
                measured.append(_measure(browser, server, length, surroundings.quick))
    values = {"short": short[0] * short[1], "long": long[0] * long[1]}
    for text, unit, name in (
        (N_("bytes a refresh of the charts after {long:,} steps"), "kB", "size"),
        (N_("server time a refresh of the charts after {long:,} steps"), "ms", "milliseconds"),
        (N_("browser memory after {long:,} steps"), "MB", "megabytes"),
    ):
        samples = {
            length: Sample(tuple(getattr(cost, name) for cost in measured)) for length, measured in costs.items()
        }
        yield Comparison(
            text, unit, samples[long], N_("{short:,} steps"), samples[short], goal=at_most_times(NOISE), values=values
        )


def _measure(browser: Browser, server: PageServer, length: tuple[int, int], quick: bool) -> _Cost:
    steps, epochs = length
    query = f"/?speed=full&preset=tutorial-pytorch&learning-rate=0.05&batch-size={BATCH_SIZE}&epochs={epochs}"
    with open_timed_page(browser, f"{server.url}{query}&training-size={BATCH_SIZE * steps}") as page:
        start_training(page)
        wait_for_state(page, "finished", FINISHED_MS)
        megabytes = _script_megabytes(page)
        visitor = Visitor(page.url)
        try:
            fragment = _chart_fragment(visitor.open_page())
            answers = [
                visitor.rerun(fragment, is_refresh=True) for _refresh in range(QUICK_REFRESHES if quick else REFRESHES)
            ]
        finally:
            visitor.close()
    return _Cost(
        median(answer.size for answer in answers) / 1000,
        1000 * median(answer.seconds for answer in answers),
        megabytes,
    )


def _chart_fragment(answer: Answer) -> str:
    """Return the id of the part of the page that sent most: that with the charts."""
    sizes: dict[str, int] = {}
    for message in answer.messages:
        if message.WhichOneof("type") == "delta" and message.delta.fragment_id:
            name = message.delta.fragment_id
            sizes[name] = sizes.get(name, 0) + message.ByteSize()
    return max(sizes, key=sizes.__getitem__)


def _script_megabytes(page: Page) -> float:
    tools = page.context.new_cdp_session(page)
    tools.send("HeapProfiler.collectGarbage")
    size: float = tools.send("Runtime.getHeapUsage")["usedSize"]
    return size / MEGABYTE
