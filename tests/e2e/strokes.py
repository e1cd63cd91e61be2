"""Digits as a person might draw them, in fractions of the canvas, and the hand that draws them with the mouse."""

from playwright.sync_api import Page

Stroke = list[tuple[float, float]]
DIGITS: dict[str, list[Stroke]] = {
    "0": [[(0.5, 0.15), (0.34, 0.25), (0.28, 0.5), (0.34, 0.75), (0.5, 0.85),
           (0.66, 0.75), (0.72, 0.5), (0.66, 0.25), (0.5, 0.15)]],
    "1": [[(0.5, 0.12), (0.5, 0.88)]],
    "3": [[(0.3, 0.22), (0.48, 0.14), (0.66, 0.24), (0.64, 0.4), (0.46, 0.48),
           (0.66, 0.58), (0.68, 0.76), (0.48, 0.87), (0.28, 0.78)]],
    "scribble": [[(0.1, 0.5), (0.9, 0.4), (0.15, 0.3), (0.85, 0.65), (0.2, 0.75), (0.8, 0.2), (0.3, 0.1), (0.7, 0.9),
                  (0.12, 0.6), (0.88, 0.5), (0.4, 0.85), (0.55, 0.1), (0.1, 0.35), (0.9, 0.8)]],
    "7": [[(0.28, 0.16), (0.72, 0.16), (0.56, 0.5), (0.44, 0.86)]],
}  # fmt: skip


def draw(page: Page, digit: str, size: float = 1.0, left: float = 0.0, top: float = 0.0) -> None:
    """Draw `digit`, `size` times as large as the canvas, from that corner on (fractions of the canvas)."""
    canvas = page.locator(".st-key-drawing-canvas canvas.upper-canvas")
    canvas.wait_for()
    page.wait_for_timeout(200)  # a canvas that has just been replaced takes a moment to listen
    canvas.evaluate("canvas => canvas.scrollIntoView({block: 'center'})")
    box = canvas.bounding_box()
    assert box is not None
    for stroke in DIGITS[digit]:
        points = [
            (box["x"] + (left + size * x) * box["width"], box["y"] + (top + size * y) * box["height"])
            for x, y in stroke
        ]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=5)
        page.mouse.up()
