"""The reading of drawn digits: how many are read rightly, and how long that takes.

Drawings are taken from a file of pen strokes and brought onto a canvas of 280 pixels, where they are shrunk, moved,
slanted and drawn with pens of several widths. A drawing is prepared once for each such condition, and every model is
shown the same images.
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from mnist_demo.drawing.image import Floats, Pixels, image_from_bitmap, image_from_strokes
from mnist_demo.drawing.stages import SWITCHES, paint_canvas, prepare_in_stages
from mnist_demo.drawing.unipen import PAD_SIDE, read_unipen
from mnist_demo.models.checkpoints import TrainedClassifier, load_checkpoint
from mnist_demo.translation import N_, _

CANVAS_SIDE = 280  # pixels
PEN_WIDTH = 20.0  # pixels of the canvas; the page's own pen is thinner, uploaded drawings' are often this wide
SLANT = math.radians(15)
SHRUNK = 0.3
TIMED_DRAWINGS, WARM_UP_DRAWINGS = 500, 20

Strokes = list[Floats]


@dataclass(frozen=True)
class Figure:
    """One measured number: what for, under which `condition` (a source text with `values`), and the number itself.

    `kind` says what it is: ``accuracy``, a fraction of `count` drawings, or ``ms_p50`` and ``ms_p95``, milliseconds.
    """

    checkpoint: str
    condition: str
    values: dict[str, float]
    kind: str
    value: float
    count: int

    def as_dict(self) -> dict[str, Any]:
        """Return the figure for a line of JSON; the condition is in English, so that scripts can rely on it."""
        condition = self.condition.format(**self.values)
        return {"checkpoint": self.checkpoint, "condition": condition, self.kind: self.value, "drawings": self.count}

    def as_text(self) -> str:
        number = f"{100 * self.value:.2f} %" if self.kind == "accuracy" else f"{self.value:.2f} ms"
        return f"{self.checkpoint}  {_(self.condition).format(**self.values):<64}{number:>10}"


@dataclass(frozen=True)
class _Condition:
    """A way to draw and to prepare a digit: what it is called, what happens to its strokes, how the image is made."""

    text: str
    prepare: Callable[[Strokes], Pixels]
    values: dict[str, float]
    change: Callable[[Strokes], Strokes] = lambda strokes: strokes


def measure_drawings(path: str, checkpoints: Sequence[str], limit: int | None = None) -> Iterator[Figure]:
    """Yield how well models read the drawings in a UNIPEN file, and how fast.

    Parameters
    ----------
    path
        A UNIPEN file, packed with gzip or not.
    checkpoints
        Files, folders, or the word ``starter``.
    limit
        How many drawings to take, evenly from the file; None takes all.

    Raises
    ------
    DatasetError, CheckpointError
        When a file is missing, damaged or of another kind; before anything is measured.
    """
    classifiers = {name: load_checkpoint(name) for name in checkpoints}
    digits = read_unipen(path)
    if limit is not None and limit < len(digits):
        digits = [digits[index] for index in np.linspace(0, len(digits) - 1, limit).round().astype(int)]
    labels = np.array([digit.label for digit in digits])
    drawings = [[stroke * (CANVAS_SIDE / PAD_SIDE) for stroke in digit.strokes] for digit in digits]
    conditions = _conditions()
    with (
        one_thread(),
        tqdm(total=len(conditions) * len(drawings), disable=None, leave=False, unit=_(" drawings")) as bar,
    ):
        for condition in conditions:
            images = np.empty((len(drawings), 28, 28), np.float32)
            for index, strokes in enumerate(drawings):
                images[index] = condition.prepare(condition.change(strokes))
                bar.update()
            bar.clear()
            for name, classifier in classifiers.items():
                accuracy = float((classifier.predict_probabilities(images).argmax(axis=1) == labels).mean())
                yield Figure(name, condition.text, condition.values, "accuracy", accuracy, len(labels))
        for name, classifier in classifiers.items():
            seconds = time_reading(classifier, drawings)
            for kind, share in (("ms_p50", 0.5), ("ms_p95", 0.95)):
                text = N_("from strokes to probabilities, {share:.0%} take at most")
                value = 1000 * float(np.quantile(seconds, share))
                yield Figure(name, text, {"share": share}, kind, value, len(seconds))


def _conditions() -> list[_Condition]:
    def from_bitmap(pen_width: float) -> Callable[[Strokes], Pixels]:
        return lambda strokes: image_from_bitmap(paint_canvas(strokes, CANVAS_SIDE, pen_width))

    def resize_only(strokes: Strokes) -> Pixels:
        return prepare_in_stages(strokes, CANVAS_SIDE, PEN_WIDTH, SWITCHES)[-1].image

    pen = {"pen": PEN_WIDTH}
    shrunk, angle = {"scale": SHRUNK}, round(math.degrees(SLANT))
    conditions = [
        _Condition(N_("from strokes"), image_from_strokes, {}),
        _Condition(N_("from strokes, shrunk to {scale:.0%}"), image_from_strokes, shrunk, _shrink),
        _Condition(N_("from strokes, in a corner"), image_from_strokes, {}, _move_to_corner),
    ]
    conditions += [
        _Condition(N_("from strokes, slanted by {angle:+}°"), image_from_strokes, {"angle": sign * angle}, _slant(sign))
        for sign in (1, -1)
    ]
    conditions += [
        _Condition(N_("from a bitmap, pen of {pen:.0f} px"), from_bitmap(width), {"pen": width})
        for width in (8.0, 12.0, 16.0, 20.0, 30.0, 40.0)
    ]
    text = N_("from a bitmap, pen of {pen:.0f} px, shrunk to {scale:.0%}")
    conditions += [_Condition(text, from_bitmap(width), {"pen": width, **shrunk}, _shrink) for width in (8.0, 20.0)]
    text = N_("from a bitmap, pen of {pen:.0f} px, in a corner")
    conditions.append(_Condition(text, from_bitmap(PEN_WIDTH), pen, _move_to_corner))
    text = N_("from a bitmap, pen of {pen:.0f} px, slanted by {angle:+}°")
    conditions += [
        _Condition(text, from_bitmap(PEN_WIDTH), {**pen, "angle": sign * angle}, _slant(sign)) for sign in (1, -1)
    ]
    conditions.append(_Condition(N_("the canvas resized only, pen of {pen:.0f} px"), resize_only, pen))
    return conditions


def _shrink(strokes: Strokes) -> Strokes:
    return [(stroke - CANVAS_SIDE / 2) * SHRUNK + CANVAS_SIDE / 2 for stroke in strokes]


def _move_to_corner(strokes: Strokes) -> Strokes:
    """Move the drawing to the top left, where its ink just touches the border."""
    corner = np.concatenate(strokes).min(axis=0) - PEN_WIDTH / 2
    return [stroke - corner for stroke in strokes]


def _slant(sign: int) -> Callable[[Strokes], Strokes]:
    """Return a change that leans a drawing by ``SLANT``: to the right for 1, to the left for -1; its middle stays."""
    slope = sign * math.tan(SLANT)

    def lean(strokes: Strokes) -> Strokes:
        points = np.concatenate(strokes)
        middle = (points[:, 1].min() + points[:, 1].max()) / 2
        return [stroke + np.outer(middle - stroke[:, 1], (slope, 0.0)) for stroke in strokes]

    return lean


def time_reading(classifier: TrainedClassifier, drawings: Sequence[Strokes]) -> list[float]:
    """Return the seconds from the strokes of each drawing to its probabilities, after some that are not counted."""
    seconds = []
    for strokes in [*drawings[:WARM_UP_DRAWINGS], *drawings[:TIMED_DRAWINGS]]:
        begin = time.perf_counter()
        classifier.predict_probabilities(image_from_strokes(strokes)[None])
        seconds.append(time.perf_counter() - begin)
    return seconds[min(WARM_UP_DRAWINGS, len(drawings)) :]


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread in here, as the page does."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
