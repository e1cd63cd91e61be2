"""A run's history as chart specifications for ECharts; pure, so that it is tested without a page.

Train, test and validation are told apart by line and symbol as well as by colour. Points are plain numbers in the
specification: a data frame would be packed as a table of its own for each line, which takes longer than all the rest.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from mnist_demo.insight.comparison import format_change, format_value
from mnist_demo.training.history import History, Point, format_loss
from mnist_demo.translation import _, format_decimal, format_list, format_percent, numerals

Axis = Literal["step", "epoch"]
Metric = Literal["loss", "accuracy"]
# On a chart of some 600 pixels more would cost the browser time at each refresh, and show no more.
MAX_POINTS = 200
# In a run of more epochs symbols would lie on each other, hide the other line, and take longest of all to draw.
MAX_SYMBOLS = 40
DECIMALS = 5
# Beside a loss that runs away all others would be one flat line: from here on the axis counts powers of ten.
HUGE_LOSS, SMALLEST_LOSS = 1e4, 1e-5
# Where the axis of accuracy begins, in percent.
AccuracyRange = Literal["whole", "top"]
LEAST_ACCURACY: dict[AccuracyRange, int] = {"whole": 0, "top": 90}

# What stands above the values where one points at a chart: a step is 38, and not 38.00.
WHOLE_NUMBERS = {"label": {"precision": 0}}

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Line:
    """One series: its points (on the axis, the figure) and how ECharts is to draw it."""

    name: str
    points: Points
    style: dict[str, Any]
    legend_icon: str | None = None

    def with_symbol_at_its_end(self) -> "Line":
        """Return the line with one symbol, on its last point."""
        at_end = {key: value for key, value in self.style.items() if key.startswith("symbol")}
        marked = [{"coord": point, **at_end} for point in self.points[-1:] if at_end["symbol"] != "none"]
        mark = {"data": marked, "label": {"show": False}, "silent": True, "animation": False}
        return replace(self, style={**self.style, "symbol": "none", "markPoint": mark})


def build_chart(
    history: History, metric: Metric, axis: Axis, accuracy_range: AccuracyRange = "whole"
) -> dict[str, Any]:
    """Return the ECharts option for `metric` over steps or epochs, at most ``MAX_POINTS`` points a series."""
    lines = [
        Line(
            _("train"),
            _train_points(history, metric, axis),
            {"symbol": "diamond" if axis == "epoch" else "none", "symbolSize": 7, "lineStyle": {"width": 1.5}},
            # ECharts would show a symbol in the legend that the line by step does not have.
            legend_icon="path://M0 5h25v1.5H0z" if axis == "step" else None,
        ),
        Line(
            _("test"),
            _drawable(history.measured_points(f"test_{metric}", MAX_POINTS), metric, axis),
            {"symbol": "circle", "symbolSize": 8, "lineStyle": {"width": 2.5}},
        ),
        Line(
            _("validation"),
            _drawable(history.measured_points(f"validation_{metric}", MAX_POINTS), metric, axis),
            {"symbol": "emptyTriangle", "symbolSize": 9, "lineStyle": {"width": 2, "type": "dashed"}},
        ),
    ]
    if not lines[-1].points:
        lines.pop()
    if history.changes:
        lines[0].style["markLine"] = _marks_of_changes(history, axis)
    if history.started is not None and history.started.total_steps > MAX_SYMBOLS * history.started.steps_per_epoch:
        lines = [line.with_symbol_at_its_end() for line in lines]
    losses = [y for line in lines for _x, y in line.points] if metric == "loss" else []
    is_huge = max(losses, default=0.0) > HUGE_LOSS
    dimensions = [axis, metric, "height"] if is_huge else [axis, metric]
    y_axis: dict[str, Any] = {"type": "value", "min": 0}
    if metric == "accuracy":
        y_axis |= {"min": LEAST_ACCURACY[accuracy_range], "max": 100, "axisLabel": {"formatter": percent_axis()}}
    elif is_huge:
        y_axis = {"type": "value", "minInterval": 1, "axisLabel": {"formatter": "1e{value}"}}

    def source(line: Line) -> list[tuple[float, ...]]:
        return [(x, y, math.log10(max(y, SMALLEST_LOSS))) for x, y in line.points] if is_huge else [*line.points]

    return {
        "animation": False,
        "title": {"text": _title(metric), "left": 0, "top": 6, "textStyle": {"fontSize": 14}},
        "legend": {
            "top": 4,
            "right": 0,
            "bottom": "auto",
            "data": [{"name": line.name} | ({"icon": line.legend_icon} if line.legend_icon else {}) for line in lines],
        },
        "grid": {"left": 8, "right": 28, "top": 36, "bottom": 28, "containLabel": True},
        "tooltip": {"trigger": "axis", "valueFormatter": value_tooltip(metric, losses)},
        "dataset": [{"dimensions": dimensions, "source": source(line)} for line in lines],
        "xAxis": {
            "type": "value",
            "name": _("step") if axis == "step" else _("epoch"),
            "nameLocation": "middle",
            "nameGap": 26,
            "minInterval": 1,
            "min": 0,
            "max": end_of_axis(history, axis),
            "axisPointer": WHOLE_NUMBERS if axis == "step" else {},
        },
        "yAxis": y_axis,
        "series": [
            {
                "type": "line",
                "name": line.name,
                "datasetIndex": index,
                "encode": {"x": axis, "y": "height" if is_huge else metric, "tooltip": [metric]},
                **line.style,
            }
            for index, line in enumerate(lines)
        ],
    }


def describe_chart(history: History, metric: Metric) -> str:
    """Return the chart's text alternative: what is drawn, where it began, and where it is now."""
    begin = history.started
    if begin is None:
        return _("{title}: nothing measured yet.").format(title=_title(metric))
    first = begin.test_loss if metric == "loss" else begin.test_accuracy
    last = getattr(history.newest_test, f"test_{metric}")
    words = _("{title}: on the test images {first} before training, {last} after step {step}.").format(
        title=_title(metric),
        first=_format_value(first, metric),
        last=_format_value(last, metric),
        step=format_decimal(history.tested_step),
    )
    if not history.changes:
        return words
    return _("{description} Changed during the run: {changes}.").format(
        description=words, changes=format_list(map(format_change, history.changes))
    )


def _marks_of_changes(history: History, axis: Axis) -> dict[str, Any]:
    """Return a vertical line wherever settings were changed, with what they are from there on written along it."""
    words: dict[float, list[str]] = {}
    for change in history.changes:
        words.setdefault(round(getattr(change, axis), DECIMALS), []).append(format_value(change.setting, change.value))
    return {
        "data": [{"xAxis": place, "label": {"formatter": "\n".join(lines)}} for place, lines in words.items()],
        "symbol": "none",
        "silent": True,
        "animation": False,
        "lineStyle": {"type": "dashed", "width": 1},
        "label": {"position": "insideEndTop", "fontSize": 10},
    }


def _format_value(value: float, metric: Metric) -> str:
    return format_loss(value) if metric == "loss" else format_percent(value, 1)


def percent_axis() -> str:
    """Return how ECharts is to write a percentage on an axis, in the reader's language."""
    return numerals().percent.format("{value}")


def value_tooltip(metric: str, values: Iterable[float]) -> str:
    """Return how a tooltip is to write an accuracy in percent, or a loss among such `values`, as a format of C."""
    if metric == "accuracy":
        return percent_tooltip(2)
    return "%.2e" if max(values, default=0.0) > HUGE_LOSS else "%.4f"


def percent_tooltip(digits: int) -> str:
    """Return how a tooltip is to write a percentage with so many decimals, as a format of C."""
    return numerals().percent.replace("%", "%%").format(f"%.{digits}f")


def _title(metric: Metric) -> str:
    return _("Loss (cross-entropy)") if metric == "loss" else _("Accuracy")


def end_of_axis(history: History, axis: Axis) -> int:
    """Return where the axis ends: it grows with the run, in jumps so large that it seldom does, up to the run's end."""
    if history.started is None:
        return 1
    end, done = history.total_steps, history.step_count
    if axis == "epoch":
        end = history.started.total_steps // history.started.steps_per_epoch
        done = math.ceil(history.epochs_at(history.step_count))
    jump = 10 if axis == "step" else 1
    while jump < done:
        jump = jump * 5 // 2 if str(jump).startswith("2") else jump * 2  # 1, 2, 5, 10 …
    return min(end, jump)


def _train_points(history: History, metric: Metric, axis: Axis) -> Points:
    if axis == "epoch":
        return _drawable(history.measured_points(f"train_{metric}", MAX_POINTS), metric, axis)
    return _drawable(history.step_points(f"train_{metric}", MAX_POINTS), metric, axis)


def _drawable(points: list[Point], metric: Metric, axis: Axis) -> Points:
    # Accuracy is a fraction everywhere but on the page.
    factor = 100 if metric == "accuracy" else 1
    # JSON has no infinity: a loss that is none is a gap in the line.
    return [
        (getattr(point, axis), round(factor * point.value, DECIMALS)) for point in points if math.isfinite(point.value)
    ]
