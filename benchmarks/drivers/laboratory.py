"""Our page as a visitor uses it: how a long run is opened, started and taken off, and how soon a stroke is answered."""

from collections.abc import Iterator

from playwright.sync_api import Page

from benchmarks.drivers.stopwatch import look, wait_until
from benchmarks.drivers.varied_digits import draw_digits
from benchmarks.surroundings import Surroundings
from tests.browser.page import button, stop_training, wait_for_state
from tests.browser.pen import draw_stroke, place_canvas

# What changes with an answer: the picture that the model saw, and the bars beside it.
ANSWER = {"input": ".st-key-model-input img", "bars": ".st-key-digit-probabilities"}
PROGRESS = "[data-testid=stProgress] p"
CHART = ".st-key-loss-chart [aria-label]"
CANVAS_LISTENS_MS = 300
LATER_MS = 15_000  # after 10 s of training, which are some more of the clock, nothing changes any more


def long_run_query(surroundings: Surroundings) -> str:
    """Return the settings, as a query, of a linear model that trains for minutes at full speed."""
    few = len(surroundings.dataset.train_labels) < 10_000
    return f"/?speed=full&preset=tutorial-pytorch&epochs=1000&batch-size={2 if few else 100}"


def start_training(page: Page) -> float:
    """Press Start; return the milliseconds until the chart has its first point."""
    look(page, log=CHART)
    button(page, "start-training").click()
    # The chart's text alternative has figures as soon as it has a point.
    label = """(html.match(/aria-label="([^"]*)"/) ?? [])[1] ?? ''"""
    first = rf"stopwatch.log.find(([time, html]) => /\d[.,]\d/.test({label}))"
    wait_until(page, first)
    milliseconds: float = page.evaluate(f"() => {first}[0] - stopwatch.pressed")
    return milliseconds


def wait_until_later(page: Page, surroundings: Surroundings) -> None:
    """Wait until the page refreshes as it does for most of a long run; a quick try does not wait."""
    if not surroundings.quick:
        page.wait_for_timeout(LATER_MS)


def count_refreshes(page: Page, seconds: float) -> float:
    """Return how often a second the page refreshes while a run goes on, counted for so many seconds."""
    look(page, log=PROGRESS)
    page.wait_for_timeout(1000 * seconds)
    return float(page.evaluate("stopwatch.log.length")) / seconds


def end_training(page: Page) -> None:
    """Stop the run, and take it off the page."""
    stop_training(page)
    button(page, "reset-training").click()
    wait_for_state(page, "not started")


def time_answers(page: Page, count: int, answer: dict[str, str], seed: int = 0) -> Iterator[float]:
    """Draw `count` strokes on the canvas; yield for each the milliseconds from mouse-up to the changed `answer`."""
    box = place_canvas(page, settle_ms=CANVAS_LISTENS_MS)
    strokes = (stroke for _digit, strokes in draw_digits(count, box["width"], seed) for stroke in strokes)
    for _index, stroke in zip(range(count), strokes, strict=False):
        look(page, **answer)
        draw_stroke(page, [(box["x"] + x, box["y"] + y) for x, y in stroke], steps=3)
        # Long enough after the first change for what comes with it.
        wait_until(page, "stopwatch.changes.input.length && performance.now() - stopwatch.changes.input[0] > 120")
        yield page.evaluate(
            """() => {
                const [first] = stopwatch.changes.input;
                const bars = (stopwatch.changes.bars ?? []).filter((time) => Math.abs(time - first) < 80);
                return Math.max(first, ...bars.slice(0, 1)) - stopwatch.released;
            }"""
        )
