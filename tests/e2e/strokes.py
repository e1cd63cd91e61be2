"""Digits as people draw them, in fractions of the canvas, and the hand that draws them with the mouse."""

import math

from playwright.sync_api import Page, expect

Stroke = list[tuple[float, float]]


def _arc(x: float, y: float, radius_x: float, radius_y: float, begin: float, end: float) -> Stroke:
    """Points on an ellipse, from one angle to another in degrees: 0 is to the right, 90 above."""
    angles = [math.radians(begin + (end - begin) * part / 12) for part in range(13)]
    return [(x + radius_x * math.cos(angle), y - radius_y * math.sin(angle)) for angle in angles]


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

# Several shapes of each digit: what it is, and its strokes.
SHAPES: dict[str, tuple[str, list[Stroke]]] = {
    "round 0": ("0", [_arc(0.5, 0.5, 0.28, 0.34, 90, 450)]),
    "narrow 0, slanted": ("0", [[(x + 0.25 * (0.5 - y), y) for x, y in _arc(0.5, 0.5, 0.16, 0.36, 60, 420)]]),
    "bare 1": ("1", DIGITS["1"]),
    "slanted 1": ("1", [[(0.6, 0.12), (0.42, 0.88)]]),
    "1 with a flag": ("1", [[(0.36, 0.32), (0.54, 0.12), (0.54, 0.88)]]),
    "1 with a flag and a foot": ("1", [[(0.36, 0.3), (0.52, 0.12), (0.52, 0.86)], [(0.32, 0.87), (0.72, 0.87)]]),
    "2 with a straight foot": (
        "2",
        [[*_arc(0.5, 0.33, 0.2, 0.2, 165, -35), (0.5, 0.66), (0.28, 0.86), (0.74, 0.86)]],
    ),
    "2 with a loop": (
        "2",
        [[*_arc(0.5, 0.32, 0.19, 0.19, 160, -40), (0.46, 0.7), (0.32, 0.84), (0.28, 0.76), (0.4, 0.74), (0.58, 0.84),
          (0.74, 0.8)]],
    ),
    "round 3": ("3", DIGITS["3"]),
    "3 with a flat top": (
        "3",
        [[(0.3, 0.14), (0.68, 0.14), (0.48, 0.42), *_arc(0.47, 0.64, 0.22, 0.22, 80, -150)]],
    ),
    "closed 4": ("4", [[(0.62, 0.88), (0.62, 0.12), (0.26, 0.62), (0.78, 0.62)]]),
    "open 4": ("4", [[(0.32, 0.14), (0.28, 0.52), (0.7, 0.5)], [(0.66, 0.16), (0.64, 0.5), (0.62, 0.9)]]),
    "5 in two strokes": (
        "5",
        [[(0.36, 0.14), (0.33, 0.46), *_arc(0.47, 0.64, 0.21, 0.21, 110, -150)], [(0.36, 0.14), (0.7, 0.14)]],
    ),
    "5 in one stroke": (
        "5", [[(0.7, 0.13), (0.38, 0.14), (0.34, 0.44), *_arc(0.48, 0.63, 0.2, 0.22, 100, -140)]],
    ),
    "6 with a round belly": (
        "6", [[(0.6, 0.12), (0.42, 0.3), (0.32, 0.55), *_arc(0.5, 0.68, 0.18, 0.19, 180, 520)]],
    ),
    "6 with a straight back": ("6", [[(0.46, 0.12), (0.38, 0.6), *_arc(0.52, 0.7, 0.15, 0.16, 190, 510)]]),
    "bare 7": ("7", DIGITS["7"]),
    "7 with a bar": (
        "7", [[(0.28, 0.16), (0.72, 0.16), (0.58, 0.5), (0.48, 0.88)], [(0.4, 0.52), (0.7, 0.5)]],
    ),
    "8 in one stroke": (
        "8",
        [[*_arc(0.5, 0.32, 0.16, 0.18, 60, 260), *_arc(0.5, 0.68, 0.19, 0.2, 80, -260),
          *_arc(0.5, 0.32, 0.16, 0.18, -80, 60)]],
    ),
    "8 of two rings": ("8", [_arc(0.5, 0.31, 0.15, 0.17, 90, 450), _arc(0.5, 0.67, 0.19, 0.2, 90, 450)]),
    "9 with a straight leg": ("9", [[*_arc(0.5, 0.32, 0.18, 0.18, 0, 360), (0.67, 0.5), (0.65, 0.88)]]),
    "9 with a hook": (
        "9", [[*_arc(0.5, 0.32, 0.18, 0.18, 10, 350), (0.68, 0.34), (0.67, 0.62), (0.58, 0.84), (0.4, 0.84)]],
    ),
}  # fmt: skip


def draw(page: Page, digit: str, size: float = 1.0, left: float = 0.0, top: float = 0.0) -> None:
    """Draw `digit`, `size` times as large as the canvas, from that corner on (fractions of the canvas)."""
    draw_strokes(page, DIGITS[digit], size, left, top)


def draw_strokes(page: Page, strokes: list[Stroke], size: float = 1.0, left: float = 0.0, top: float = 0.0) -> None:
    """Draw strokes, as `draw` does a digit."""
    canvas = page.locator(".st-key-drawing-canvas canvas.upper-canvas")
    canvas.wait_for()
    expect(page.locator(".st-key-drawing-canvas .dc-toolbar")).to_be_hidden()
    canvas.evaluate("canvas => canvas.scrollIntoView({block: 'center'})")
    box = canvas.bounding_box()
    assert box is not None
    for stroke in strokes:
        points = [
            (box["x"] + (left + size * x) * box["width"], box["y"] + (top + size * y) * box["height"])
            for x, y in stroke
        ]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=5)
        page.mouse.up()
