"""Several runs on one chart for ECharts, and the table beneath it; pure, so that both are tested without a page.

A run is told from the others by its letter at the end of its line, by the dashes of the line and its symbol, and by
colour.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from markupsafe import Markup

from mnist_demo.insight.comparison import ComparedRun, Row
from mnist_demo.training.history import History, Point
from mnist_demo.translation import _, format_decimal, format_list, format_percent
from mnist_demo.ui.widgets.charts import percent_axis, percent_tooltip
from mnist_demo.ui.widgets.pictures import NOTHING, data_url_of_pixels

if TYPE_CHECKING:
    import pandas as pd

Figure = Literal["loss", "log-loss", "accuracy"]
Measured = Literal["test", "train", "validation"]
Axis = Literal["step", "epoch", "seconds"]
MAX_POINTS = 200

# Middle tones that can be seen on a light page and on a dark one; neighbours differ for colour-blind eyes too.
COLOURS = ("#1a85d6", "#de5c0c", "#12916f", "#a55fd0", "#b8860b", "#d6457f", "#7c8b9f", "#8b6f3e")
DASHES: tuple[str | list[int], ...] = ("solid", [8, 4], [2, 3], [10, 3, 2, 3])
SYMBOLS = ("circle", "rect", "triangle", "diamond")
SWATCH_WIDTH = 28
# A loss so many times that before training is off the chart: one run that diverges must not flatten all others.
LOSS_LIMIT = 1.5


def style_of(letter: str) -> tuple[str, "str | list[int]", str]:
    """Return colour, dashes and symbol of the run with that letter."""
    place = ord(letter[-1]) - ord("A")
    return COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)], SYMBOLS[place % len(SYMBOLS)]


def build_comparison(runs: Sequence[ComparedRun], metric: Figure, measured: Measured, axis: Axis) -> dict[str, Any]:
    """Return the ECharts option for one figure of all `runs`, at most about ``MAX_POINTS`` points each."""
    frames = [_frame(run.history, metric, measured, axis) for run in runs]
    series = [
        _series(run, index, metric, axis, len(frame))
        for index, (run, frame) in enumerate(zip(runs, frames, strict=True))
    ]
    x_axis: dict[str, Any] = {"type": "value", "name": _axis_title(axis), "nameLocation": "middle", "nameGap": 26}
    last = max((_last(run.history, axis) for run in runs), default=1)
    return {
        "animation": False,
        "title": {"text": title_of(metric, measured), "left": 0, "top": 6, "textStyle": {"fontSize": 14}},
        "legend": {"show": False},
        "grid": {"left": 8, "right": 28, "top": 40, "bottom": 28, "containLabel": True},
        "tooltip": {"trigger": "axis", "valueFormatter": percent_tooltip(2) if metric == "accuracy" else "%.4f"},
        "dataset": [{"source": frame} for frame in frames],
        "xAxis": x_axis | {"min": 0, "max": last},
        "yAxis": _y_axis(runs, metric, frames),
        "series": series,
    }


def _series(run: ComparedRun, index: int, metric: Figure, axis: Axis, points: int) -> dict[str, Any]:
    colour, dashes, symbol = style_of(run.letter)
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
        "endLabel": {"show": True, "formatter": "{a}", "color": colour, "fontWeight": "bold", "fontSize": 14},
        "labelLayout": {"moveOverlap": "shiftY"},
        "emphasis": {"focus": "series"},
    }


def describe_comparison(runs: Sequence[ComparedRun], metric: Figure, measured: Measured) -> str:
    """Return the chart's text alternative: where every run stands now."""
    frames = [_frame(run.history, metric, measured, "step") for run in runs]
    ends = [
        _("run {letter} at {value}").format(
            letter=run.letter, value="–" if frame.empty else _format_end(frame.iloc[-1, 1], metric)
        )
        for run, frame in zip(runs, frames, strict=True)
    ]
    return _("{title}: {ends}.").format(title=title_of(metric, measured), ends=format_list(ends))


def _format_end(value: float, metric: Figure) -> str:
    return format_percent(value / 100, digits=1) if metric == "accuracy" else format_decimal(value, ".3f")


def losses_off_chart(runs: Sequence[ComparedRun], measured: Measured) -> list[str]:
    """Return the letters of the runs whose loss is partly above what the chart shows."""
    limit = _loss_limit(runs)
    return [run.letter for run in runs if (_frame(run.history, "loss", measured, "step")["loss"] > limit).any()]


def title_of(metric: Figure, measured: Measured) -> str:
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


def comparison_html(runs: Sequence[ComparedRun], settings: Sequence[Row], metrics: Sequence[Row]) -> Markup:
    """Return a table with a column for each run: its line and letter, the `settings` that differ, and the `metrics`."""
    head, part = Markup('<th scope="col">{} {}</th>'), Markup('<th colspan="{}" scope="colgroup">{}</th>')
    cell, best = Markup("<td>{}</td>"), Markup("<b>{}</b>")
    nothing = Row(_("All settings are the same."), ("",) * len(runs))
    bodies = []
    for caption, rows in ((_("What differs"), settings or [nothing]), (_("What came of it"), metrics)):
        lines = [Markup('<tr class="part">{}</tr>').format(part.format(len(runs) + 1, caption))]
        for row in rows:
            cells = (
                cell.format(best.format(text) if place in row.best else text) for place, text in enumerate(row.cells)
            )
            lines.append(Markup('<tr><th scope="row">{}</th>{}</tr>').format(row.title, NOTHING.join(cells)))
        bodies.append(Markup("<tbody>{}</tbody>").format(NOTHING.join(lines)))
    table = Markup(
        '<div class="scrolls"><table class="figures comparison"><thead><tr><td></td>{}</tr></thead>{}</table></div>'
    )
    heads = NOTHING.join(head.format(_swatch(run.letter), run.letter) for run in runs)
    return table.format(heads, NOTHING.join(bodies))


def _swatch(letter: str) -> Markup:
    """Return a piece of the line of that run, as a picture: the chart's legend."""
    colour, dashes, _symbol = style_of(letter)
    lengths = [SWATCH_WIDTH] if isinstance(dashes, str) else dashes
    drawn: list[bool] = []
    while len(drawn) < SWATCH_WIDTH:
        for index, length in enumerate(lengths):
            drawn += [index % 2 == 0] * length
    line = np.zeros((3, SWATCH_WIDTH, 4), np.uint8)
    line[:, drawn[:SWATCH_WIDTH]] = [*bytes.fromhex(colour[1:]), 255]
    return Markup('<img class="swatch" src="{}" alt="">').format(data_url_of_pixels(line))


def _axis_title(axis: Axis) -> str:
    return {"step": _("step"), "epoch": _("epoch"), "seconds": _("seconds of training")}[axis]


def _y_axis(runs: Sequence[ComparedRun], metric: Figure, frames: "Sequence[pd.DataFrame]") -> dict[str, Any]:
    if metric == "accuracy":
        return {"type": "value", "min": 0, "max": 100, "axisLabel": {"formatter": percent_axis()}}
    if metric == "log-loss":
        losses = np.concatenate([frame["log-loss"] for frame in frames])
        return {"type": "log"} | (_log_bounds(float(losses.min()), float(losses.max())) if losses.size else {})
    limit = _loss_limit(runs)
    too_high = any((frame["loss"] > limit).any() for frame in frames)
    return {"type": "value", "min": 0} | ({"max": float(f"{limit:.2g}")} if too_high else {})


def _log_bounds(least: float, most: float) -> dict[str, float]:
    """Return the bounds of the axis: numbers of one figure, just outside."""
    low, high = (10 ** math.floor(math.log10(number)) for number in (least, most))
    return {
        "min": float(f"{math.floor(least / low + 1e-9) * low:.1g}"),
        "max": float(f"{math.ceil(most / high - 1e-9) * high:.1g}"),
    }


def _loss_limit(runs: Sequence[ComparedRun]) -> float:
    before = [run.history.started.test_loss for run in runs if run.history.started is not None]
    return LOSS_LIMIT * max(before, default=1.0)


def _last(history: History, axis: Axis) -> float:
    """Return where the run will end; of seconds, which nobody knows before, where it is now."""
    started = history.started
    if started is None:
        return 1
    if axis == "seconds":
        return max(history.seconds, 0.1)
    return history.total_steps if axis == "step" else started.total_steps / started.steps_per_epoch


def _frame(history: History, metric: Figure, measured: Measured, axis: Axis) -> "pd.DataFrame":
    import pandas as pd  # here, not above: the first page has no comparison, and need not wait for it

    points: list[Point] = []
    if history.started is not None and measured == "train":
        points = history.step_points("train_accuracy" if metric == "accuracy" else "train_loss", MAX_POINTS)
    elif history.started is not None:
        points = history.measured_points(f"{measured}_{'accuracy' if metric == 'accuracy' else 'loss'}", MAX_POINTS)
    # Accuracy is a fraction everywhere but on the page; a logarithm needs more than nothing.
    factor, least = (100, 0.0) if metric == "accuracy" else (1, 1e-6 if metric == "log-loss" else 0.0)
    decimals = 3 if axis == "seconds" else 4
    rows = [(round(getattr(point, axis), decimals), max(factor * point.value, least)) for point in points]
    return pd.DataFrame(rows, columns=[axis, metric])
