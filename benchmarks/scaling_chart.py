"""A chart with two logarithmic axes, as an SVG picture; told apart by symbol and name as well as by colour."""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 80, 150, 44, 52
# Okabe and Ito's colours, which colour-blind eyes tell apart (https://jfly.uni-koeln.de/color/).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")
SYMBOLS = ("M-4 -4h8v8h-8z", "M0 -5.5L5.5 5H-5.5z", "M0 -6L6 0L0 6L-6 0z", "M-5 -5L5 5M-5 5L5 -5", "M-6 0H6M0 -6V6")


@dataclass(frozen=True)
class Curve:
    """A named series of points (x, y), both above 0."""

    name: str
    points: Sequence[tuple[float, float]]


def draw_chart(curves: Sequence[Curve], title: str, x_title: str, y_title: str) -> str:
    """Return the SVG document of at most as many curves as there are colours, each with a point at least."""
    xs = [x for curve in curves for x, _y in curve.points]
    ys = [y for curve in curves for _x, y in curve.points]
    x_decades = (math.floor(math.log10(min(xs))), max(1, math.ceil(math.log10(max(xs)))))
    y_decades = (math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)) + 1e-9))

    def across(x: float) -> float:
        return LEFT + (math.log10(x) - x_decades[0]) / (x_decades[1] - x_decades[0]) * (WIDTH - LEFT - RIGHT)

    def down(y: float) -> float:
        return (
            HEIGHT - BOTTOM - (math.log10(y) - y_decades[0]) / (y_decades[1] - y_decades[0]) * (HEIGHT - TOP - BOTTOM)
        )

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" font-family="sans-serif" font-size="12" fill="#1b2624">',
        f"<title>{html.escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="24" font-size="16">{html.escape(title)}</text>',
    ]
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for decade in range(x_decades[0], x_decades[1] + 1):
        x = across(10.0**decade)
        parts.append(f'<path d="M{x:.1f} {TOP}V{bottom}" stroke="#d8e0de"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{10.0**decade:,g}</text>')
    for decade in range(y_decades[0], y_decades[1] + 1):
        y = down(10.0**decade)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{right}" stroke="#d8e0de"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10**decade:,}</text>')
    middle = (TOP + bottom) / 2
    turned = f'transform="rotate(-90 16 {middle})"'
    parts.append(f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{html.escape(x_title)}</text>')
    parts.append(f'<text x="16" y="{middle}" text-anchor="middle" {turned}>{html.escape(y_title)}</text>')
    for index, curve in enumerate(curves):
        colour, symbol = COLOURS[index % len(COLOURS)], SYMBOLS[index % len(SYMBOLS)]
        places = [(across(x), down(y)) for x, y in curve.points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        # In the legend, to the right, once more.
        legend = TOP + 14 + 22 * index
        for x, y in [*places, (right + 20, legend - 4)]:
            parts.append(
                f'<path d="{symbol}" transform="translate({x:.1f} {y:.1f})" fill="{colour}" stroke="{colour}" '
                f'stroke-width="1.5"/>'
            )
        parts.append(f'<text x="{right + 32}" y="{legend}">{html.escape(curve.name)}</text>')
    return "\n".join([*parts, "</svg>", ""])
