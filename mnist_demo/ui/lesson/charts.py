"""The lesson's charts as specifications for ECharts; pure, so that they are tested without a page."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import torch

from mnist_demo.lesson.digits import Overfitting
from mnist_demo.lesson.loss_slice import LossSlice
from mnist_demo.translation import _
from mnist_demo.ui.widgets.charts import WHOLE_NUMBERS

# So few that each has its symbol.
MAX_POINTS = 60
LOWEST_LOSS, HUGE_LOSS = 0.01, 1e6
LOGARITHMIC = {"type": "log", "min": LOWEST_LOSS}
LOWEST_PROBABILITY = 0.001
# Lines that lie side by side differ in dash and symbol as well as in colour.
DASHES = ("solid", "dashed", "dotted", "solid")
SYMBOLS = ("circle", "rect", "triangle", "diamond")
# Where the slice of the loss is drawn, in units of the weights: its lowest point is about 2 away from the start.
SLICE_FROM, SLICE_TO, SLICE_POINTS = -1.0, 7.0, 81


def build_losses(lines: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """Return the losses of some trainings, by name, over their steps, on a logarithmic axis.

    A point is the mean of some steps where there are many. Losses of 0 or less and non-finite
    ones are left out, and the axis begins at ``LOWEST_LOSS``. Beyond ``HUGE_LOSS`` it counts powers of ten.
    """
    frames = []
    for losses in lines.values():
        bucket = math.ceil(len(losses) / MAX_POINTS) or 1
        means = [
            (
                min(begin + bucket, len(losses)),
                sum(losses[begin : begin + bucket]) / len(losses[begin : begin + bucket]),
            )
            for begin in range(0, len(losses), bucket)
        ]
        rows = [(step, mean, math.log10(mean)) for step, mean in means if mean > 0 and math.isfinite(mean)]
        frames.append(pd.DataFrame(rows, columns=["step", "loss", "power"]))
    is_huge = any(frame["loss"].max() > HUGE_LOSS for frame in frames)
    frames = [frame if is_huge else frame.drop(columns="power") for frame in frames]
    scale = {"axisLabel": {"formatter": "1e{value}"}, "minInterval": 1} if is_huge else LOGARITHMIC
    return {
        **_frame(),
        "legend": {"top": 0, "right": 0, "bottom": "auto"},
        "tooltip": {"trigger": "axis", "valueFormatter": "%.2e" if is_huge else "%.4g"},
        "dataset": [{"source": frame} for frame in frames],
        "xAxis": _axis(_("step"), minInterval=1, axisPointer=WHOLE_NUMBERS),
        "yAxis": _axis(_("loss"), nameLocation="end", nameGap=12, axisLine={"onZero": False}, **scale),
        "series": [_loss_line(index, name, "step", "power" if is_huge else "loss") for index, name in enumerate(lines)],
    }


def build_overfitting(run: Overfitting) -> dict[str, Any]:
    """Return the losses on the digits that are learned and on test digits over the epochs, whose axis is logarithmic.

    The axis of losses ends at twice the lowest test loss, so that one sees it rise.
    """
    lines = ((_("on the digits it learns"), run.train_losses), (_("on the test digits"), run.test_losses))
    return {
        **_frame(),
        "legend": {"top": 0, "right": 0, "bottom": "auto"},
        "tooltip": {"trigger": "axis", "valueFormatter": "%.4g"},
        "dataset": [
            {"source": pd.DataFrame(zip(run.epochs, losses, strict=True), columns=["epoch", "loss"])}
            for _name, losses in lines
        ],
        "xAxis": {**_axis(_("epoch")), "type": "log"},
        "yAxis": _axis(_("loss"), min=0, max=math.ceil(20 * min(run.test_losses)) / 10, nameLocation="end", nameGap=12),
        "series": [_loss_line(index, name, "epoch", "loss") for index, (name, _losses) in enumerate(lines)],
    }


def _loss_line(index: int, name: str, x: str, y: str) -> dict[str, Any]:
    return {
        "type": "line",
        "name": name,
        "datasetIndex": index,
        "encode": {"x": x, "y": y, "tooltip": ["loss"]},
        "symbol": SYMBOLS[index % len(SYMBOLS)],
        "symbolSize": 5,
        "lineStyle": {"width": 2, "type": DASHES[index % len(DASHES)]},
    }


def build_slice(line: LossSlice, path: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Return the loss along `line` with the points that gradient descent visits, as far as they are within the chart.

    A step that leaves the chart is drawn towards its edge.
    """
    places = torch.linspace(SLICE_FROM, SLICE_TO, SLICE_POINTS)
    losses = line.losses(places).tolist()
    curve = pd.DataFrame(zip(places.tolist(), losses, strict=True), columns=["place", "loss"])
    steps = pd.DataFrame(path, columns=["place", "loss"])
    return {
        **_frame(),
        "legend": {"top": 0, "right": 0, "bottom": "auto"},
        "tooltip": {"trigger": "item", "valueFormatter": "%.4f"},
        "dataset": [{"source": curve}, {"source": steps}],
        "xAxis": _axis(_("place on the line"), min=SLICE_FROM, max=SLICE_TO),
        "yAxis": _axis(
            _("loss"), min=0, max=math.ceil(max(losses)), nameLocation="end", nameGap=12, axisLine={"onZero": False}
        ),
        "series": [
            _curve(_("true loss"), "place", "loss"),
            {
                **_points(_("steps"), "place", "loss"),
                "type": "line",
                "symbol": "circle",
                "symbolSize": 10,
                "showAllSymbol": True,
                "clip": True,
                "lineStyle": {"width": 1.5, "type": "dashed"},
            },
        ],
    }


def build_cost(probability: float) -> dict[str, Any]:
    """Return the curve of −log p with the point at `probability`, 0 < p ≤ 1."""
    # Denser towards 0, where the curve is steep: it has the whole way that the point can go.
    ps = [LOWEST_PROBABILITY ** (1 - index / 200) for index in range(201)]
    curve = pd.DataFrame([(p, -math.log(p)) for p in ps], columns=["p", "cost"])
    point = pd.DataFrame([(probability, -math.log(probability))], columns=["p", "cost"])
    return {
        **_frame(),
        "tooltip": {"trigger": "item", "valueFormatter": "%.3f"},
        "dataset": [{"source": curve}, {"source": point}],
        "xAxis": _axis(_("probability of the right digit"), min=0, max=1),
        "yAxis": _axis(_("cost"), min=0, max=7, nameLocation="end", nameGap=12, axisLine={"onZero": False}),
        "series": [
            _curve(_("−log p"), "p", "cost"),
            _points(_("chosen"), "p", "cost"),
        ],
    }


def _curve(name: str, x: str, y: str) -> dict[str, Any]:
    """Return the series of the first dataset: a line, whose points are too many to be told of."""
    return {
        "type": "line",
        "name": name,
        "datasetIndex": 0,
        "encode": {"x": x, "y": y},
        "symbol": "none",
        "lineStyle": {"width": 2},
    }


def _points(name: str, x: str, y: str) -> dict[str, Any]:
    """Return the series of the second dataset: points on the curve, which tell their figures."""
    return {
        "type": "scatter",
        "name": name,
        "datasetIndex": 1,
        "encode": {"x": x, "y": y, "tooltip": [x, y]},
        "symbolSize": 18,
    }


def _frame() -> dict[str, Any]:
    return {"animation": False, "grid": {"left": 12, "right": 24, "top": 36, "bottom": 32, "containLabel": True}}


def _axis(name: str, **settings: Any) -> dict[str, Any]:
    return {"type": "value", "name": name, "nameLocation": "middle", "nameGap": 28, **settings}
