"""One row of the benchmark's table: ours beside theirs, the ratio, the spread over runs, and what is to be reached."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from mnist_demo.translation import N_, _

Better = Literal["less", "more"]
NOTHING = "–"
COLUMNS = (N_("what"), N_("ours"), N_("theirs"), N_("ratio"), N_("to reach"), N_("accuracy"))
WIDTHS = (86, 27, 27, 8, 30, 17)


@dataclass(frozen=True)
class Sample:
    """One quantity, measured once a run, in the order of the runs.

    `is_bound` says that the truth is larger than what stands here: the time for it ended first.
    """

    values: tuple[float, ...]
    is_bound: bool = False

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("a sample has at least one value")

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def as_text(self, unit: str) -> str:
        """Return the median and, of several runs, the smallest and the largest: ``0.93 s (0.91..1.02)``."""
        text = f"{_round(self.median)} {unit}".rstrip()
        if self.is_bound:
            return f"> {text}"
        if len(self.values) == 1:
            return text
        return f"{text} ({_round(min(self.values))}..{_round(max(self.values))})"


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` (a fraction) of `values` do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


@dataclass(frozen=True)
class Goal:
    """What is to be reached: `text` (a source text) with `values`, and whether medians of ours and theirs reach it.

    `further` is another goal that is to be reached as well.
    """

    text: str
    is_reached: Callable[[float, float | None], bool]
    values: dict[str, Any] = field(default_factory=dict)
    further: "Goal | None" = None

    def as_text(self, translate: Callable[[str], str] = lambda text: text) -> str:
        text = translate(self.text).format(**self.values)
        return f"{text}, {self.further.as_text(translate)}" if self.further else text


def times_better(factor: float, better: Better = "less") -> Goal:
    """Return the goal that ours is at least `factor` times as good as theirs."""
    return Goal(
        N_("at least {factor:g}× as good"),
        lambda ours, theirs: theirs is not None and _ratio(ours, theirs, better) >= factor,
        {"factor": factor},
    )


def at_most(limit: float, unit: str) -> Goal:
    """Return the goal that ours is at most `limit`."""
    return Goal(N_("at most {limit:g} {unit}"), lambda ours, theirs: ours <= limit, {"limit": limit, "unit": unit})


def at_most_times(factor: float) -> Goal:
    """Return the goal that ours is at most `factor` times theirs."""
    text = N_("at most {factor:g}× as much")
    return Goal(text, lambda ours, theirs: theirs is not None and ours <= factor * theirs, {"factor": factor})


def within(margin: float, unit: str) -> Goal:
    """Return the goal that ours is at most theirs and `margin`."""
    text = N_("at most {margin:g} {unit} more")
    values = {"margin": margin, "unit": unit}
    return Goal(text, lambda ours, theirs: theirs is not None and ours <= theirs + margin, values)


def both(first: Goal, second: Goal) -> Goal:
    """Return the goal that both are reached."""
    return replace(
        first,
        is_reached=lambda ours, theirs: first.is_reached(ours, theirs) and second.is_reached(ours, theirs),
        further=second,
    )


@dataclass(frozen=True)
class Comparison:
    """What was measured (a source text with `values`), ours and theirs in `unit`, and how well either one reads digits.

    `against` (a source text) says what theirs is; it, `theirs` and `goal` are None where there is nothing to compare
    with or nothing asked for. Accuracies are fractions of the test images. The ratio says how many times as good ours
    is, whether less or more of the quantity is better; with as many runs of ours as of theirs it is the median of the
    ratios run by run, so that a machine that grows slower meanwhile does not change it.
    """

    what: str
    unit: str
    ours: Sample
    against: str | None = None
    theirs: Sample | None = None
    better: Better = "less"
    goal: Goal | None = None
    ours_accuracy: float | None = None
    theirs_accuracy: float | None = None
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        if self.theirs is None:
            return None
        if len(self.ours.values) == len(self.theirs.values):
            pairs = zip(self.ours.values, self.theirs.values, strict=True)
            return statistics.median(_ratio(ours, theirs, self.better) for ours, theirs in pairs)
        return _ratio(self.ours.median, self.theirs.median, self.better)

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None without a goal, and where a bound leaves it open."""
        if self.goal is None:
            return None
        reached = self.goal.is_reached(self.ours.median, self._theirs_beside_ours())
        if self.ours.is_bound and reached:
            return None
        if self.theirs is not None and self.theirs.is_bound and not reached:
            return None
        return reached

    def _theirs_beside_ours(self) -> float | None:
        """Return what theirs is when ours is its median: by the ratio, so that the mark says what the ratio says."""
        if self.theirs is None or not self.ratio or not math.isfinite(self.ratio):
            return self.theirs.median if self.theirs else None
        return self.ours.median * self.ratio if self.better == "less" else self.ours.median / self.ratio

    def as_dict(self) -> dict[str, Any]:
        """Return the row for a line of JSON; the texts are in English, so that scripts can rely on them."""
        return {
            "what": self.what.format(**self.values),
            "against": self.against.format(**self.values) if self.against else None,
            "unit": self.unit,
            **_sample_dict("ours", self.ours),
            **_sample_dict("theirs", self.theirs),
            "ratio": self.ratio,
            "target": self.goal.as_text() if self.goal else None,
            "reached": self.reached,
            "ours_accuracy": self.ours_accuracy,
            "theirs_accuracy": self.theirs_accuracy,
        }

    def as_text(self) -> str:
        """Return the row as a line of a Markdown table whose columns stand below each other."""
        what = _(self.what).format(**self.values)
        if self.against:
            what = _("{what}; against {other}").format(what=what, other=_(self.against).format(**self.values))
        marks = {True: " ✓", False: " ✗", None: ""}
        is_bound = self.theirs is not None and self.theirs.is_bound
        accuracies = [NOTHING if a is None else f"{100 * a:.2f}" for a in (self.ours_accuracy, self.theirs_accuracy)]
        return table_line(
            what,
            self.ours.as_text(self.unit),
            self.theirs.as_text(self.unit) if self.theirs else NOTHING,
            NOTHING if self.ratio is None else f"{'> ' if is_bound else ''}{_round(self.ratio)}×",
            (self.goal.as_text(_) if self.goal else NOTHING) + marks[self.reached],
            NOTHING if accuracies == [NOTHING, NOTHING] else " / ".join(accuracies) + " %",
        )


def table_head() -> str:
    """Return the first two lines of the table."""
    return table_line(*map(_, COLUMNS)) + "\n" + table_line(*("-" * 3 for _column in COLUMNS))


def table_line(*cells: str) -> str:
    return "| " + " | ".join(f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS, strict=True)) + " |"


def _sample_dict(name: str, sample: Sample | None) -> dict[str, Any]:
    if sample is None:
        return {name: None, f"{name}_min": None, f"{name}_max": None, f"{name}_is_bound": None}
    low, high = min(sample.values), max(sample.values)
    return {name: sample.median, f"{name}_min": low, f"{name}_max": high, f"{name}_is_bound": sample.is_bound}


def _ratio(ours: float, theirs: float, better: Better) -> float:
    above, below = (theirs, ours) if better == "less" else (ours, theirs)
    return above / below if below else math.inf if above else 1.0


def _round(number: float) -> str:
    """Return three digits of a number, more where it is larger: 0.932, 12.3, 4,310."""
    if not math.isfinite(number) or number == 0:
        return f"{number:g}"
    decimals = max(0, 2 - math.floor(math.log10(abs(number))))
    return f"{number:,.{decimals}f}"
