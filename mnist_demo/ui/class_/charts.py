"""All runs of a class on one chart for ECharts; pure, so that it is tested without a page."""

from collections.abc import Sequence
from typing import Any

from mnist_demo.translation import _, format_list, format_percent
from mnist_demo.ui.class_.pictures import style_of
from mnist_demo.ui.class_.runs import Points
from mnist_demo.ui.widgets.charts import percent_axis, percent_tooltip

# Where the axis may begin, in percent: above most of what the runs went through, that their ends can be told apart.
FLOORS, ABOVE_FLOOR = (90, 80, 50, 0), 5.0
# Names at the ends of more lines than these would lie on each other: the list beside the chart has them all.
MAX_NAMES = 12

Line = tuple[str, int, Points]  # nickname, place among those who joined, and (epoch, percent)


def build_class_chart(lines: Sequence[Line]) -> dict[str, Any]:
    """Return the ECharts option for the test accuracy of all runs: nickname, place and points of each."""
    ends = sorted(points[-1][1] for _name, _place, points in lines if points)
    least = max(ends[len(ends) // 4] - ABOVE_FLOOR, 0.0) if ends else 0.0
    floor = next(floor for floor in FLOORS if floor <= least)
    last = max((points[-1][0] for _name, _place, points in lines if points), default=1.0)
    with_names = len(lines) <= MAX_NAMES
    return {
        "animation": False,
        "title": {"text": _("Accuracy on the test images"), "left": 0, "top": 6, "textStyle": {"fontSize": 16}},
        "legend": {"show": False},
        "grid": {"left": 8, "right": 110 if with_names else 28, "top": 44, "bottom": 28, "containLabel": True},
        "tooltip": {"trigger": "item", "valueFormatter": percent_tooltip(2)},
        "xAxis": {
            "type": "value",
            "name": _("epoch"),
            "nameLocation": "middle",
            "nameGap": 26,
            "min": 0,
            "max": max(round(last, 2), 0.1),
            "axisLabel": {"showMaxLabel": False},
        },
        "yAxis": {"type": "value", "min": floor, "max": 100, "axisLabel": {"formatter": percent_axis()}},
        "series": [_series(name, place, points, with_names) for name, place, points in lines],
    }


def _series(name: str, place: int, points: Points, with_name: bool) -> dict[str, Any]:
    colour, dashes = style_of(place)
    return {
        "type": "line",
        "name": name,
        "data": [list(point) for point in points],
        "color": colour,
        "symbol": "circle",
        "symbolSize": 6,
        "showSymbol": len(points) == 1,
        "clip": True,
        "lineStyle": {"width": 2.5, "type": dashes},
        "endLabel": {"show": with_name, "formatter": "{a}", "fontSize": 13, "width": 100},
        "labelLayout": {"moveOverlap": "shiftY"},
        "emphasis": {"focus": "series"},
    }


def describe_class_chart(lines: Sequence[Line]) -> str:
    """Return the chart's text alternative: where every run stands now."""
    ends = [
        _("{nickname} at {value}").format(nickname=name, value=format_percent(points[-1][1] / 100, digits=1))
        for name, _place, points in lines
        if points
    ]
    if not ends:
        return _("Accuracy on the test images: no run yet.")
    return _("Accuracy on the test images: {ends}.").format(ends=format_list(ends))
