"""The page's charts as pictures: loss and accuracy by step, in the colours and lines of its light theme."""

import io
import warnings
from typing import TYPE_CHECKING, Any, Literal

from mnist_demo.exports.exported_run import ExportedRun, require
from mnist_demo.training.history import History
from mnist_demo.translation import _

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.typing import RcKeyType

Figure = Literal["loss", "accuracy"]
# Of .streamlit/config.toml, [theme.light]; a test holds them together.
TRAIN_COLOUR, TEST_COLOUR, VALIDATION_COLOUR = "#94a3b8", "#0f766e", "#b45309"
TEXT_COLOUR, GRID_COLOUR = "#1b2624", "#e2e8e6"
SIZE = (10.0, 4.0)  # inches
DOTS_PER_INCH = 160
MAX_POINTS = 1000  # of a line: more than the picture has pixels for
# What every chart of ours that matplotlib draws looks like.
STYLE: "dict[RcKeyType, Any]" = {
    "text.color": TEXT_COLOUR,
    "axes.labelcolor": TEXT_COLOUR,
    "xtick.color": TEXT_COLOUR,
    "ytick.color": TEXT_COLOUR,
    "axes.edgecolor": GRID_COLOUR,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "grid.color": GRID_COLOUR,
    "legend.frameon": False,
    "svg.hashsalt": "mnist-demo",  # else ids are random
    "svg.fonttype": "none",  # text stays text
}


def build_chart_picture(run: ExportedRun, kind: Literal["png", "svg"]) -> bytes:
    """Return loss and accuracy of `run` side by side; the same run gives the same file.

    Raises
    ------
    ExportError
        When the package matplotlib is missing.
    """
    matplotlib = require("matplotlib")
    require("matplotlib.figure")
    with matplotlib.rc_context(STYLE):
        # Not pyplot: that keeps every figure, and is for one thread only.
        figure = matplotlib.figure.Figure(SIZE, dpi=DOTS_PER_INCH, layout="constrained")
        left, right = figure.subplots(1, 2)
        _draw(left, run.history, "loss")
        _draw(right, run.history, "accuracy")
        # A name may hold dollar signs, which are no formula, and letters that the font has not.
        figure.suptitle(_caption(run), x=0.01, horizontalalignment="left", fontsize="medium", parse_math=False)
        content = io.BytesIO()
        metadata = {"Title": run.name or run.hyperparameters.model_title} | ({"Date": None} if kind == "svg" else {})
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph")
            figure.savefig(content, format=kind, metadata=metadata)
    return content.getvalue()


def _caption(run: ExportedRun) -> str:
    if run.history.test_accuracy is None:
        return run.hyperparameters.model_title
    return _("{model}: {percent} % of the test images after {step} steps").format(
        model=run.name or run.hyperparameters.model_title,
        percent=f"{100 * run.history.test_accuracy:.2f}",
        step=f"{run.history.step_count:,}",
    )


def _draw(axes: "Axes", history: History, figure: Figure) -> None:
    """Draw one chart: the same three lines, by step, as on the page."""
    factor = 100 if figure == "accuracy" else 1
    steps = history.thinned_steps(MAX_POINTS)
    trained = steps.train_loss if figure == "loss" else steps.train_accuracy
    axes.plot(steps.step, [factor * value for value in trained], color=TRAIN_COLOUR, linewidth=1.2, label=_("train"))
    for on, label, look in (
        ("test", _("test"), {"color": TEST_COLOUR, "marker": "o", "linewidth": 2}),
        (
            "validation",
            _("validation"),
            {"color": VALIDATION_COLOUR, "marker": "^", "linestyle": "--", "markerfacecolor": "white"},
        ),
    ):
        points = _measured(history, f"{on}_{figure}")
        if points:
            places, values = zip(*points, strict=True)
            axes.plot(places, [factor * value for value in values], label=label, clip_on=False, **look)
    axes.set_title(_("Loss (cross-entropy)") if figure == "loss" else _("Accuracy in percent"))
    axes.set_xlabel(_("step"))
    axes.set_ylim(0, None if figure == "loss" else 100)
    axes.set_xlim(0, None)
    axes.grid(axis="y")
    axes.legend()


def _measured(history: History, figure: str) -> list[tuple[int, float]]:
    """Return step and value wherever `figure` was measured: before training, after every epoch, when it was stopped."""
    events = [event for event in (history.started, *history.epochs, history.stopped) if event is not None]
    points = [(getattr(event, "step", 0), getattr(event, figure, None)) for event in events]
    return [(step, value) for step, value in points if value is not None]
