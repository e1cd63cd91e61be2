"""Images per second by batch size, a curve a model, as an SVG picture with two logarithmic axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from mnist_demo.exports.chart_pictures import STYLE
from mnist_demo.translation import _

# Okabe and Ito's colours, which colour-blind eyes tell apart (https://jfly.uni-koeln.de/color/); and a symbol for each.
COLOURS, SYMBOLS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7"), ("s", "^", "D", "X")
SIZE = (8.0, 4.5)  # inches


@dataclass(frozen=True)
class Curve:
    """The pace of one model: points (batch size, images a second)."""

    model: str
    points: Sequence[tuple[float, float]]


def write_chart(path: Path, curves: Sequence[Curve]) -> None:
    """Write the picture of as many curves as there are colours, each with a point at least."""
    with matplotlib.rc_context(STYLE):
        # Not pyplot, which keeps every figure.
        figure = Figure(SIZE, layout="constrained")
        axes = figure.subplots()
        for curve, colour, symbol in zip(curves, COLOURS, SYMBOLS, strict=False):
            sizes, paces = zip(*curve.points, strict=True)
            axes.loglog(sizes, paces, color=colour, marker=symbol, linewidth=2, label=curve.model)
        axes.set_title(_("Images per second by batch size"))
        axes.set_xlabel(_("batch size"))
        axes.set_ylabel(_("images a second"))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda number, _place: f"{number:,.0f}"))
        axes.grid()
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
        figure.savefig(path, format="svg", metadata={"Date": None})
