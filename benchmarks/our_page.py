"""Our page as a visitor uses it: where it is opened, how a long run is started on it, and how a stroke is answered."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from benchmarks.browser import look, press, wait_until
from benchmarks.pen import draw_digits
from benchmarks.surroundings import Surroundings

if TYPE_CHECKING:
    from playwright.sync_api import Page

READY = ".st-key-start-training button"
CANVAS = ".st-key-drawing-canvas canvas.upper-canvas"
# What changes with an answer: the picture that the model saw, and the bars beside it.
ANSWER = {"input": ".st-key-model-input img", "bars": ".st-key-digit-probabilities"}
STATUS = ".st-key-training-status"
PROGRESS = "[data-testid=stProgress] p"
CHART = ".st-key-loss-chart [aria-label]"
CANVAS_LISTENS_MS = 300
LATER_MS = 15_000  # after 10 s of training, which are some more of the clock, nothing changes any more


def long_run_query(surroundings: Surroundings) -> str:
    """Return the settings, as a query, of a linear model that trains for minutes at full speed."""
    few = len(surroundings.dataset.train_labels) < 10_000
    return f"/?preset=tutorial-pytorch&epochs=1000&batch-size={2 if few else 100}"


def start_training(page: "Page") -> float:
    """Press Start; return the milliseconds until the chart has its first point."""
    look(page, log=CHART)
    press(page, "start-training")
    # The chart's text alternative has figures as soon as it has a point.
    label = """(html.match(/aria-label="([^"]*)"/) ?? [])[1] ?? ''"""
    first = rf"stopwatch.log.find(([time, html]) => /\d[.,]\d/.test({label}))"
    wait_until(page, first)
    milliseconds: float = page.evaluate(f"() => {first}[0] - stopwatch.pressed")
    return milliseconds


def wait_until_later(page: "Page", surroundings: Surroundings) -> None:
    """Wait until the page refreshes as it does for most of a long run; a quick try does not wait."""
    if not surroundings.quick:
        page.wait_for_timeout(LATER_MS)


def stop_training(page: "Page") -> None:
    """Stop the run, and take it off the page."""
    press(page, "stop-training")
    page.locator(".st-key-stop-training button[disabled]").wait_for()
    press(page, "reset-training")
    page.locator(".st-key-quick-start").wait_for()


def steps_shown(html: str) -> int:
    """Return the number of steps done that the progress bar's text names before that of all steps."""
    return int(re.findall(r"\d[\d,]*", html)[-2].replace(",", ""))


def draw_strokes(page: "Page", count: int, answer: dict[str, str], seed: int = 0) -> Iterator[float]:
    """Draw `count` strokes on the canvas; yield for each the milliseconds from mouse-up to the changed `answer`."""
    canvas = page.locator(CANVAS)
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    page.wait_for_timeout(CANVAS_LISTENS_MS)
    box = canvas.bounding_box()
    assert box is not None
    strokes = (stroke for _digit, strokes in draw_digits(count, box["width"], seed) for stroke in strokes)
    for _index, stroke in zip(range(count), strokes, strict=False):
        look(page, **answer)
        _draw(page, [(box["x"] + x, box["y"] + y) for x, y in stroke])
        # Long enough after the first change for what comes with it.
        wait_until(page, "stopwatch.changes.input.length && performance.now() - stopwatch.changes.input[0] > 120")
        yield page.evaluate(
            """() => {
                const [first] = stopwatch.changes.input;
                const bars = (stopwatch.changes.bars ?? []).filter((time) => Math.abs(time - first) < 80);
                return Math.max(first, ...bars.slice(0, 1)) - stopwatch.released;
            }"""
        )


def _draw(page: "Page", points: Sequence[tuple[float, float]]) -> None:
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=3)
    page.mouse.up()
