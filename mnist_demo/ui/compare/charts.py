"""Several runs on one chart for ECharts; pure, so that it is tested without a page.

A run is told from the others by its letter at the end of its line, by the dashes of the line and its symbol, and by
colour.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import scipy  # loads its submodules on first use, so the first page does not wait for them

from mnist_demo.insight.comparison import ComparedRun
from mnist_demo.training.history import History, Point, format_loss
from mnist_demo.translation import _, format_list, format_percent
from mnist_demo.ui.widgets.charts import WHOLE_NUMBERS, end_of_axis, percent_axis, value_tooltip

if TYPE_CHECKING:
    import pandas as pd

Metric = Literal["accuracy", "log-loss", "loss"]
Measured = Literal["test", "train", "validation"]
Axis = Literal["step", "epoch", "seconds"]
MAX_POINTS = 200

# Middle tones that can be seen on a light page and on a dark one; neighbours differ for colour-blind eyes too.
COLOURS = ("#1a85d6", "#de5c0c", "#12916f", "#a55fd0", "#b8860b", "#d6457f", "#7c8b9f", "#8b6f3e")
DASHES: tuple[str | list[int], ...] = ("solid", [8, 4], [2, 3], [10, 3, 2, 3])
SYMBOLS = ("circle", "rect", "triangle", "diamond")
# A loss so many times that before training is off the chart: one run that diverges must not flatten all others.
LOSS_LIMITS: dict[Metric, float] = {"loss": 1.5, "log-loss": 1000.0}
# Where the axis of accuracy may begin, in percent: above much of what the runs went through, that their ends differ.
ACCURACY_FLOORS = (95, 90, 80, 50, 0)
# Of the letters at the ends of the lines, in heights of the chart: apart from each other, and from the axes.
LETTER_GAP, LETTER_MARGIN = 0.06, 0.05
SAME_END = 0.04  # in widths of the chart: lines that end so near each other have their letters above each other


def style_of(letter: str) -> tuple[str, "str | list[int]", str]:
    """Return colour, dashes and symbol of the run with that letter."""
    place = ord(letter[-1]) - ord("A")
    # Once round the colours, each comes with other dashes and another symbol.
    turn = place + place // len(COLOURS)
    return COLOURS[place % len(COLOURS)], DASHES[turn % len(DASHES)], SYMBOLS[turn % len(SYMBOLS)]


def build_comparison(runs: Sequence[ComparedRun], metric: Metric, measured: Measured, axis: Axis) -> dict[str, Any]:
    """Return the ECharts option for one figure of all `runs`, at most about ``MAX_POINTS`` points each."""
    frames = [_frame(run.history, metric, measured, axis) for run in runs]
    y_axis = _y_axis(runs, metric, frames)
    x_axis: dict[str, Any] = {"type": "value", "name": _axis_title(axis), "nameLocation": "middle", "nameGap": 26}
    if axis == "step":
        x_axis["axisPointer"] = WHOLE_NUMBERS
    last = max((_last(run.history, axis) for run in runs), default=1)
    letters = _place_letters(frames, last, y_axis)
    values = [value for frame in frames for value in frame[metric]]
    series = [
        _series(run, index, metric, axis, len(frame), letter)
        for index, (run, frame, letter) in enumerate(zip(runs, frames, letters, strict=True))
    ]
    return {
        "animation": False,
        "title": {"text": title_of(metric, measured), "left": 0, "top": 6, "textStyle": {"fontSize": 14}},
        "legend": {"show": False},
        "grid": {"left": 8, "right": 38, "top": 40, "bottom": 28, "containLabel": True},
        "tooltip": {"trigger": "axis", "valueFormatter": value_tooltip(metric, values)},
        "dataset": [{"source": frame} for frame in frames],
        "xAxis": x_axis | {"min": 0, "max": last},
        "yAxis": y_axis,
        "series": series,
    }


def _series(
    run: ComparedRun, index: int, metric: Metric, axis: Axis, points: int, letter: tuple[float, float] | None
) -> dict[str, Any]:
    colour, dashes, symbol = style_of(run.letter)
    # When a change was made is known by step and epoch, not in seconds of training.
    changed = {getattr(change, axis) for change in run.history.changes} if axis != "seconds" else set()
    return {
        "type": "line",
        "name": run.letter,
        "datasetIndex": index,
        "encode": {"x": axis, "y": metric, "tooltip": [metric]},
        "color": colour,
        "symbol": symbol,
        "symbolSize": 8,
        # Where points crowd, symbols would hide the line.
        "showSymbol": points <= 30,
        "lineStyle": {"width": 2, "type": dashes},
        # Not the label that ECharts has for the end of a line: it lies on the axes, and is gone where a line leaves.
        "markPoint": {
            "data": [{"name": run.letter, "coord": letter}] if letter else [],
            # The colour is a dash beside the letter: letters in colours that both themes can have are hard to read.
            "symbol": "rect",
            "symbolSize": [7, 3],
            "symbolOffset": [9, 0],
            "silent": True,
            "label": {"formatter": "{b}", "position": "right", "distance": 3, "fontWeight": "bold", "fontSize": 14},
        },
        "markLine": {
            "data": [{"xAxis": place} for place in sorted(changed)],
            "symbol": "none",
            "silent": True,
            "animation": False,
            "lineStyle": {"type": "dotted", "width": 1, "color": colour},
            "label": {"formatter": run.letter, "fontSize": 10},
        },
        "emphasis": {"focus": "series"},
    }


def _place_letters(
    frames: "Sequence[pd.DataFrame]", last: float, y_axis: dict[str, Any]
) -> list[tuple[float, float] | None]:
    """Return where the letter of each run stands, on the axes: at the end of its line, but off the axes and apart."""
    as_height, as_value = (math.log10, lambda height: 10**height) if y_axis["type"] == "log" else (float, float)
    bottom, top = as_height(y_axis["min"]), as_height(y_axis["max"])
    ends = {index: (float(frame.iloc[-1, 0]), frame.iloc[-1, 1]) for index, frame in enumerate(frames) if len(frame)}
    heights = {index: (as_height(value) - bottom) / (top - bottom) for index, (_x, value) in ends.items()}
    placed: list[tuple[float, float] | None] = [None] * len(frames)
    while ends:
        column = max(x for x, _value in ends.values()) - SAME_END * last
        beside = sorted((index for index, (x, _value) in ends.items() if x >= column), key=heights.__getitem__)
        for index, height in zip(beside, _spread([heights[index] for index in beside]), strict=True):
            placed[index] = (ends.pop(index)[0], as_value(bottom + height * (top - bottom)))
    return placed


def _spread(heights: Sequence[float]) -> list[float]:
    """Return rising `heights`, moved as little as can be, so that they are apart, and off the ends of 0 to 1."""
    low, high = LETTER_MARGIN, 1 - LETTER_MARGIN
    places = np.arange(len(heights)) * min(LETTER_GAP, (high - low) / max(len(heights) - 1, 1))
    # Apart by a gap is, but for as many gaps, rising.
    rising = scipy.optimize.isotonic_regression(np.clip(heights, 0, 1) - places).x
    spread: list[float] = (np.clip(rising, low, high - places[-1]) + places).tolist()
    return spread


def describe_comparison(runs: Sequence[ComparedRun], metric: Metric, measured: Measured) -> str:
    """Return the chart's text alternative: where every run stands now."""
    frames = [_frame(run.history, metric, measured, "step") for run in runs]
    ends = [
        _("run {letter} at {value}").format(
            letter=run.letter, value="–" if frame.empty else _format_end(frame.iloc[-1, 1], metric)
        )
        for run, frame in zip(runs, frames, strict=True)
    ]
    return _("{title}: {ends}.").format(title=title_of(metric, measured), ends=format_list(ends))


def _format_end(value: float, metric: Metric) -> str:
    return format_percent(value / 100, digits=1) if metric == "accuracy" else format_loss(value)


def runs_off_chart(runs: Sequence[ComparedRun], metric: Metric, measured: Measured) -> list[str]:
    """Return the letters of the runs that end below what the chart shows, or are above it at some time."""
    frames = [_frame(run.history, metric, measured, "step") for run in runs]
    axis = _y_axis(runs, metric, frames)
    known = [(run, frame[metric]) for run, frame in zip(runs, frames, strict=True) if len(frame)]
    return [run.letter for run, values in known if values.iloc[-1] < axis["min"] or values.max() > axis["max"]]


def title_of(metric: Metric, measured: Measured) -> str:
    """Return the title of the chart."""
    titles = {
        ("accuracy", "test"): _("Accuracy on the test images"),
        ("accuracy", "train"): _("Accuracy on the training images"),
        ("accuracy", "validation"): _("Accuracy on the validation images"),
        ("loss", "test"): _("Loss on the test images"),
        ("loss", "train"): _("Loss on the training images"),
        ("loss", "validation"): _("Loss on the validation images"),
    }
    return titles["accuracy" if metric == "accuracy" else "loss", measured]


def _axis_title(axis: Axis) -> str:
    return {"step": _("step"), "epoch": _("epoch"), "seconds": _("seconds of training")}[axis]


def _y_axis(runs: Sequence[ComparedRun], metric: Metric, frames: "Sequence[pd.DataFrame]") -> dict[str, Any]:
    values = np.concatenate([frame[metric] for frame in frames]) if frames else np.zeros(0)
    if metric == "accuracy":
        # A run that learns nothing, or unlearned what it knew, does not decide what of the others can be seen.
        known = [frame[metric] for frame in frames if len(frame)]
        ends = sorted(line.iloc[-1] for line in known)
        usual = ends[len(ends) // 2] if ends else 0
        counted = [line for line in known if line.iloc[-1] > usual - 20]
        # Half of what was measured is to be seen: of lines that have just reached 90 % one sees the way there.
        least = min([*(line.iloc[-1] for line in counted), np.median(np.concatenate(counted))]) if counted else 0
        floor = next(floor for floor in ACCURACY_FLOORS if floor <= least) if len(ends) > 1 else 0
        return {"type": "value", "min": floor, "max": 100, "axisLabel": {"formatter": percent_axis()}}
    limit = LOSS_LIMITS[metric] * max(
        (run.history.started.test_loss for run in runs if run.history.started is not None), default=1.0
    )
    shown = values[values <= limit]
    if metric == "log-loss":
        least, most = (float(shown.min()), float(shown.max())) if shown.size else (0.1, 1.0)
        return {"type": "log"} | _log_bounds(least, most)
    is_cut = shown.size < values.size
    return {
        "type": "value",
        "min": 0,
        "max": float(f"{limit:.2g}") if is_cut else _round_up(float(shown.max(initial=0))),
    }


def _round_up(number: float) -> float:
    """Return a round number that is not less, as an axis of some five parts has it."""
    magnitude = 10 ** math.floor(math.log10(max(number, 1e-9) / 5))
    part = next(part * magnitude for part in (1, 2, 5, 10) if 5 * part * magnitude >= number)
    return float(f"{math.ceil(number / part - 1e-9) * part:.6g}") or 1.0


def _log_bounds(least: float, most: float) -> dict[str, float]:
    """Return the bounds of the axis: numbers of one figure, just outside."""
    low, high = (10 ** math.floor(math.log10(number)) for number in (least, most))
    bounds = {
        "min": float(f"{math.floor(least / low + 1e-9) * low:.1g}"),
        "max": float(f"{math.ceil(most / high - 1e-9) * high:.1g}"),
    }
    return bounds if bounds["min"] < bounds["max"] else {"min": bounds["min"] / 2, "max": bounds["max"] * 2}


def _last(history: History, axis: Axis) -> float:
    """Return where the axis of a chart of this run alone would end; of seconds, where the run is now."""
    return max(history.seconds, 0.1) if axis == "seconds" else end_of_axis(history, axis)


def _frame(history: History, metric: Metric, measured: Measured, axis: Axis) -> "pd.DataFrame":
    import pandas as pd  # here, not above: the first page has no comparison, and need not wait for it

    points: list[Point] = []
    if history.started is not None and measured == "train":
        points = history.step_points("train_accuracy" if metric == "accuracy" else "train_loss", MAX_POINTS)
    elif history.started is not None:
        points = history.measured_points(f"{measured}_{'accuracy' if metric == 'accuracy' else 'loss'}", MAX_POINTS)
    # Accuracy is a fraction everywhere but on the page; a logarithm needs more than nothing.
    factor, least = (100, 0.0) if metric == "accuracy" else (1, 1e-6 if metric == "log-loss" else 0.0)
    decimals = 3 if axis == "seconds" else 4
    # What is no number is a gap in the line: JSON has none for it.
    rows = [
        (round(getattr(point, axis), decimals), max(factor * point.value, least))
        for point in points
        if math.isfinite(point.value)
    ]
    return pd.DataFrame(rows, columns=[axis, metric])
