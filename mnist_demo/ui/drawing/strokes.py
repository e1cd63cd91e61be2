"""Strokes from the Fabric.js objects that the canvas component writes, and back; pure: it is tested without a page."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from mnist_demo.drawing.collection import MAX_STROKES

CURVE_POINTS = 8
# Of the paths of a drawing; what is more, nobody has drawn by hand, and it would keep everybody waiting.
MAX_COMMANDS = 10_000
MAX_COORDINATE = 1e6  # pixels
# How many numbers follow a command of a path: move, line, curve.
_NUMBERS = {"M": 2, "L": 2, "Q": 4}


def strokes_of(objects: tuple[dict[str, Any], ...]) -> list[np.ndarray]:
    """Return the strokes of canvas objects: float arrays (n_points, 2), canvas pixels, x right, y down.

    What is no freehand path is left out. A path that was moved, scaled or turned with the canvas's edit tool is where
    it is seen. After ``MAX_STROKES`` strokes, or ``MAX_COMMANDS`` commands of paths, the rest is left out.
    """
    strokes: list[np.ndarray] = []
    left = MAX_COMMANDS
    for item in [item for item in objects if item.get("path")][:MAX_STROKES]:
        path = item["path"][:left]
        if path:
            strokes.append(_place(_flatten(path), item))
        left -= len(path)
    return strokes


def drawn_in(message: Any) -> tuple[dict[str, Any], ...]:
    """Return the freehand paths in what a browser says that is on its canvas, whatever it says.

    What no canvas of ours sends is left out: what has another shape, or numbers that are none or are far off; and all
    after ``MAX_STROKES`` strokes, or ``MAX_COMMANDS`` commands of paths, without a look at it.
    """
    objects = message.get("objects") if isinstance(message, dict) else None
    drawn: list[dict[str, Any]] = []
    left = MAX_COMMANDS
    for item in objects[:MAX_STROKES] if isinstance(objects, list) else ():
        path = item.get("path") if isinstance(item, dict) else None
        if not isinstance(path, list) or left <= 0:
            continue
        item = item if len(path) <= left else {**item, "path": path[:left]}
        left -= len(path)
        if _is_path(item):
            drawn.append(item)
    return tuple(drawn)


def _is_path(item: dict[str, Any]) -> bool:
    places = [item.get(name, 0) for name in ("left", "top", "scaleX", "scaleY", "angle")]
    return all(map(_is_number, places)) and all(map(_is_command, item["path"]))


def _is_command(command: Any) -> bool:
    return (
        isinstance(command, list)
        and len(command) > 0
        and isinstance(command[0], str)
        and len(command) == 1 + _NUMBERS.get(command[0], math.inf)
        and all(map(_is_number, command[1:]))
    )


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and -MAX_COORDINATE <= value <= MAX_COORDINATE


def objects_of(strokes: Sequence[np.ndarray], colour: str, width: float) -> tuple[dict[str, Any], ...]:
    """Return strokes, (n_points, 2) in canvas pixels, as objects for the canvas, as if drawn with that pen."""
    pen = {"fill": None, "stroke": colour, "strokeWidth": width, "strokeLineCap": "round", "strokeLineJoin": "round"}
    objects = []
    for stroke in strokes:
        (left, top), (right, bottom) = stroke.min(axis=0).tolist(), stroke.max(axis=0).tolist()
        begin, *others = stroke.tolist()
        place = {"originX": "center", "originY": "center", "left": (left + right) / 2, "top": (top + bottom) / 2}
        objects.append({"type": "Path", **place, **pen, "path": [["M", *begin], *(["L", *point] for point in others)]})
    return tuple(objects)


def without_strokes(objects: tuple[dict[str, Any], ...], places: list[int]) -> tuple[dict[str, Any], ...]:
    """Return `objects` without those that gave the strokes at these places of `strokes_of`."""
    drawn = [index for index, item in enumerate(objects) if item.get("path")]
    gone = {drawn[place] for place in places}
    return tuple(item for index, item in enumerate(objects) if index not in gone)


def _flatten(path: list[list[Any]]) -> np.ndarray:
    """Return points along a path of M, L and Q commands, whose curves are quadratic Bézier curves."""
    points: list[tuple[float, float]] = []
    for command, *numbers in path:
        ends = [(float(x), float(y)) for x, y in zip(numbers[::2], numbers[1::2], strict=False)]
        if command == "Q" and points:
            (x0, y0), (x1, y1), (x2, y2) = points[-1], *ends
            for t in np.linspace(0, 1, CURVE_POINTS + 1)[1:]:
                a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
                points.append((a * x0 + b * x1 + c * x2, a * y0 + b * y1 + c * y2))
        else:
            points += ends
    return np.array(points, dtype=np.float64).reshape(-1, 2)


def _place(points: np.ndarray, item: dict[str, Any]) -> np.ndarray:
    """Apply the object's own scale, turn and position: Fabric.js keeps the path as drawn and these beside it."""
    scale = np.array([item.get("scaleX", 1) * (-1 if item.get("flipX") else 1),
                      item.get("scaleY", 1) * (-1 if item.get("flipY") else 1)])  # fmt: skip
    angle = math.radians(item.get("angle", 0))
    if not len(points) or item.get("originX") != "center" or item.get("originY") != "center":
        return points
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    placed: np.ndarray = (points - middle) * scale @ turn.T + np.array([item.get("left", 0), item.get("top", 0)])
    return placed
