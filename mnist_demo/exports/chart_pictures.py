"""The page's charts as pictures: loss and accuracy by step, in the colours and lines of its light theme."""

import contextlib
import contextvars
import io
import itertools
import logging
import warnings
from typing import TYPE_CHECKING, Any, Literal

from mnist_demo.exports.exported_run import ExportedRun, require
from mnist_demo.insight.comparison import format_value
from mnist_demo.training.history import History, Point
from mnist_demo.translation import SOURCE_LANGUAGE, _, current_language, format_decimal, format_percent, use_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.typing import RcKeyType

Metric = Literal["loss", "accuracy"]
# Of .streamlit/config.toml, [theme.light]; a test holds them together.
TRAIN_COLOUR, TEST_COLOUR, VALIDATION_COLOUR = "#94a3b8", "#0f766e", "#b45309"
TEXT_COLOUR, GRID_COLOUR = "#1b2624", "#e2e8e6"
SIZE = (10.0, 4.0)  # inches
DOTS_PER_INCH = 160
DEFAULT_FAMILY = "DejaVu Sans"  # comes with matplotlib
MAX_POINTS = 1000  # of a line: more than the picture has pixels for
CHANGE_WORDS: dict[str, Any] = {
    "xytext": (-3, 0),
    "textcoords": "offset points",
    "rotation": "vertical",
    "fontsize": "x-small",
    "horizontalalignment": "right",
}
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
    require("matplotlib.figure")
    # A context of its own, for it may go on in English.
    return contextvars.copy_context().run(_build, run, kind)


def _build(run: ExportedRun, kind: Literal["png", "svg"]) -> bytes:
    import matplotlib

    fonts: dict[RcKeyType, Any] = {}
    caption = _caption(run, run.name)
    if kind == "png":  # in an SVG text stays text, and its viewer has fonts of its own
        # Never boxes in the place of letters: rather without the name that a person typed, rather in English.
        for language, name in itertools.product((current_language(), SOURCE_LANGUAGE), (run.name, "")):
            use_language(language)
            caption = _caption(run, name)
            families = _families_for("".join((*_words(), *_changes(run.history).values(), caption)))
            if families is not None:
                fonts = {"font.family": families}
                break
        logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # that a font has no bold is no news
    with matplotlib.rc_context(STYLE | fonts):
        # Not pyplot: that keeps every figure, and is for one thread only.
        figure = matplotlib.figure.Figure(SIZE, dpi=DOTS_PER_INCH, layout="constrained")
        left, right = figure.subplots(1, 2)
        _draw(left, run.history, "loss")
        _draw(right, run.history, "accuracy")
        # A name may hold dollar signs, which are no formula.
        figure.suptitle(caption, x=0.01, horizontalalignment="left", fontsize="medium", parse_math=False)
        content = io.BytesIO()
        metadata = {"Title": run.name or run.hyperparameters.model_title} | ({"Date": None} if kind == "svg" else {})
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph")
            figure.savefig(content, format=kind, metadata=metadata)
    return content.getvalue()


def _words() -> tuple[str, ...]:
    """Return the words of the charts that are not names: their font must have all letters of these."""
    titles = (_("Loss (cross-entropy)"), _("Accuracy in percent"), _("step"))
    return (
        _("train"),
        _("test"),
        _("validation"),
        *titles,
        _("{model}: {percent} of the test images after step {step}"),
    )


def _changes(history: History) -> dict[int, str]:
    """Return the steps after which settings were changed, and what they are from there on, a line for each setting."""
    words: dict[int, list[str]] = {}
    for change in history.changes:
        words.setdefault(change.step, []).append(format_value(change.setting, change.value))
    return {step: "\n".join(lines) for step, lines in words.items()}


def _families_for(text: str) -> list[str] | None:
    """Return families of fonts that together have every letter of `text`, None where none is installed that would."""
    from matplotlib import font_manager

    missing = set(map(ord, text)) - _letters_of(font_manager.findfont(DEFAULT_FAMILY))
    if not missing:
        return [DEFAULT_FAMILY]
    manager = font_manager.fontManager
    known = {font.fname for font in manager.ttflist}
    for path in sorted(set(font_manager.findSystemFonts()) - known):  # its list is kept from an earlier start
        with contextlib.suppress(RuntimeError, OSError):  # a file that is no font
            manager.addfont(path)
    for font in manager.ttflist:
        # macOS and some Linux systems have a last resort, whose letters are boxes.
        if "Last" not in font.name and missing <= _letters_of(font.fname):
            return [font.name, DEFAULT_FAMILY]
    return None


def _letters_of(path: str) -> set[int]:
    """Return the code points that a font has; none where the file is no font, or has gone."""
    from matplotlib import font_manager

    with contextlib.suppress(RuntimeError, OSError):
        return set(font_manager.get_font(path).get_charmap())
    return set()


def _caption(run: ExportedRun, name: str) -> str:
    title = name or run.hyperparameters.model_title
    if run.history.test_accuracy is None:
        return title
    return _("{model}: {percent} of the test images after step {step}").format(
        model=title,
        percent=format_percent(run.history.test_accuracy, digits=2),
        step=format_decimal(run.history.step_count),
    )


def _draw(axes: "Axes", history: History, metric: Metric) -> None:
    """Draw one chart: the same three lines, by step, as on the page, and a vertical one where settings were changed."""
    factor = 100 if metric == "accuracy" else 1
    dots = {"color": TEST_COLOUR, "marker": "o", "linewidth": 2, "clip_on": False}
    dashes = {"color": VALIDATION_COLOUR, "marker": "^", "linestyle": "--", "markerfacecolor": "white"}
    lines: tuple[tuple[str, list[Point], dict[str, Any]], ...] = (
        (_("train"), history.step_points(f"train_{metric}", MAX_POINTS), {"color": TRAIN_COLOUR, "linewidth": 1.2}),
        (_("test"), history.measured_points(f"test_{metric}"), dots),
        (_("validation"), history.measured_points(f"validation_{metric}"), dashes | {"clip_on": False}),
    )
    for label, points, look in lines:
        if points or not axes.lines:  # a legend needs a line, be it an empty one
            axes.plot([point.step for point in points], [factor * point.value for point in points], label=label, **look)
    # Where the lines seldom are: losses end at the bottom, accuracies at the top.
    height, alignment = (1, "top") if metric == "loss" else (0, "bottom")
    for step, words in _changes(history).items():
        axes.axvline(step, color=TEXT_COLOUR, linestyle="--", linewidth=0.8)
        place: dict[str, Any] = {
            "xy": (step, height),
            "xycoords": ("data", "axes fraction"),
            "verticalalignment": alignment,
        }
        axes.annotate(words, **place, **CHANGE_WORDS)
    axes.set_title(_("Loss (cross-entropy)") if metric == "loss" else _("Accuracy in percent"))
    axes.set_xlabel(_("step"))
    axes.set_ylim(0, None if metric == "loss" else 100)
    axes.set_xlim(0, None)
    axes.grid(axis="y")
    axes.legend()
