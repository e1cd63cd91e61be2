"""The hand that draws on the page's canvas with the mouse."""

from collections.abc import Iterable, Sequence

from playwright.sync_api import FloatRect, Page, expect

from tests.browser.shapes import DIGITS, Stroke

CANVAS = ".st-key-drawing-canvas canvas.upper-canvas"


def place_canvas(page: Page, settle_ms: float = 0) -> FloatRect:
    """Scroll the canvas into the middle of the window; return its place in the window, in pixels, `settle_ms` later."""
    canvas = page.locator(CANVAS)
    canvas.wait_for()
    canvas.evaluate("canvas => canvas.scrollIntoView({block: 'center'})")
    page.wait_for_timeout(settle_ms)
    box = canvas.bounding_box()
    assert box is not None
    return box


def draw_stroke(page: Page, points: Sequence[tuple[float, float]], steps: int = 2) -> None:
    """Draw a line through `points` (pixels of the window), with so many movements of the mouse to each of them."""
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=steps)
    page.mouse.up()


def draw_strokes(page: Page, strokes: Iterable[Stroke], size: float = 1.0, left: float = 0.0, top: float = 0.0) -> None:
    """Draw strokes on our page, `size` times as large as the canvas, from that corner on (fractions of the canvas)."""
    page.locator(CANVAS).wait_for()
    expect(page.locator(".st-key-drawing-canvas .dc-toolbar")).to_be_hidden()
    box = place_canvas(page)
    for stroke in strokes:
        points = [
            (box["x"] + (left + size * x) * box["width"], box["y"] + (top + size * y) * box["height"])
            for x, y in stroke
        ]
        draw_stroke(page, points)


def draw(page: Page, digit: str, size: float = 1.0, left: float = 0.0, top: float = 0.0) -> None:
    """Draw one of ``DIGITS``, as `draw_strokes` does."""
    draw_strokes(page, DIGITS[digit], size, left, top)
