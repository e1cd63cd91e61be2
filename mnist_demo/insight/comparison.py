"""Runs side by side: what differs between them, and what came of it.

Where a run comes from does not matter here: one that trains now, and one that was saved, are compared alike.
"""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.presets import PRESETS, preset_of
from mnist_demo.settings.values import check_value
from mnist_demo.training.events import Changed
from mnist_demo.training.history import History, format_loss
from mnist_demo.translation import N_, _, format_decimal, format_percent, translated


@dataclass(frozen=True, eq=False)
class ComparedRun:
    """One run among others.

    `key` names it for the program and `letter` for people: it stands on the chart, in the table and in lists. `name` is
    what its owner calls it, if she named it. `digits` is the title of the data set, `state` the word for what the run
    is doing; both are said anew for whoever reads them.
    """

    key: str
    letter: str
    hyperparameters: Hyperparameters
    history: History
    digits: str = ""
    state: str = ""
    name: str = ""


@dataclass(frozen=True)
class Row:
    """One line of a table: what it is about, and a text for each run; `best` are the places of the best ones."""

    title: str
    cells: tuple[str, ...]
    best: tuple[int, ...] = ()


def differing_settings(runs: Sequence[ComparedRun]) -> list[Row]:
    """Return a row for every setting, and for the digits, that is not the same in all `runs`."""
    rows = []
    for name in differing_names([run.hyperparameters for run in runs]):
        cells = tuple(format_setting(name, getattr(run.hyperparameters, name)) for run in runs)
        rows.append(Row(_(FIELDS[name].title), cells))
    if any(run.history.changes for run in runs):
        cells = tuple("; ".join(map(format_change, run.history.changes)) or "–" for run in runs)
        rows.append(Row(_("Changed during the run"), cells))
    if len({run.digits for run in runs}) > 1:
        rows.append(Row(_("Digits"), tuple(translated(run.digits) for run in runs)))
    return rows


def differing_names(settings: Sequence[Hyperparameters]) -> list[str]:
    """Return the names of the hyperparameters that differ, those left out that do nothing in any of the runs."""
    return [
        name
        for name in FIELDS
        if any(hyperparameters.uses(name) for hyperparameters in settings)
        and len({getattr(hyperparameters, name) for hyperparameters in settings}) > 1
    ]


def format_setting(name: str, value: Any) -> str:
    """Return the value of a hyperparameter in words for people."""
    field = FIELDS[name]
    if value is None:
        return _("all")
    if field.kind == "choice":
        return next(_(choice.title) for choice in field.choices if choice.name == value)
    if field.kind == "switch":
        return _("on") if value else _("off")
    if field.kind == "sizes":
        return ", ".join(map(str, value))
    return format_decimal(value) if field.kind == "integer" else format_decimal(value, "g")


def format_value(name: str, value: float) -> str:
    """Return a hyperparameter and its value in words for people."""
    return _("{setting} {value}").format(
        setting=_(FIELDS[name].title), value=format_setting(name, check_value(name, value))
    )


def format_change(change: Changed) -> str:
    """Return what was changed while a run went on, in words for people."""
    setting = format_value(change.setting, change.value)
    return _("{setting} after step {step}").format(setting=setting, step=change.step)


def short_title(run: ComparedRun, runs: Sequence[ComparedRun]) -> str:
    """Return its name, or what tells `run` from the others: up to three settings that differ, or else its model."""
    if run.name:
        return run.name
    names = differing_names([other.hyperparameters for other in runs])[:3]
    words = [_setting_in_words(run.hyperparameters, name) for name in names]
    return " · ".join(words or [run.hyperparameters.model_title])


def distinguishing_settings(hyperparameters: Hyperparameters, left_out: Collection[str] = ()) -> list[str]:
    """Return in words for people what tells a run of these settings from others of its model.

    That is the name of the preset that they are, or what differs from the preset that is most like them; nothing that
    does nothing in this run, and none of the hyperparameters in `left_out`.
    """
    name = preset_of(hyperparameters)
    if name is not None:
        return [_(PRESETS[name].title)]
    differing = [differing_names([hyperparameters, preset.hyperparameters]) for preset in PRESETS.values()]
    nearest = min(differing, key=lambda names: ("model" in names, len(names)))
    return [
        _setting_in_words(hyperparameters, name)
        for name in nearest
        if name != "model" and name not in left_out and hyperparameters.uses(name)
    ]


def _setting_in_words(hyperparameters: Hyperparameters, name: str) -> str:
    value = format_setting(name, getattr(hyperparameters, name))
    if FIELDS[name].kind == "choice":  # names of models and optimizers say by themselves what they are
        return value
    return _("{setting} {value}").format(setting=_(FIELDS[name].title), value=value)


def validation_accuracy(history: History) -> float | None:
    """Return the newest accuracy on the validation images, a fraction, or None where none was measured."""
    measured = [epoch.validation_accuracy for epoch in history.epochs if epoch.validation_accuracy is not None]
    return measured[-1] if measured else None


@dataclass(frozen=True)
class Best:
    """The runs of the highest `accuracy`, a fraction, and what it was measured on: "validation" or "test" images."""

    runs: tuple[ComparedRun, ...]
    accuracy: float
    measured: str


def best_of(runs: Sequence[ComparedRun]) -> Best | None:
    """Return which of several runs is the best so far; None before there are two that have been measured.

    By the validation images, where all runs hold some out, and else by the test images. What is chosen by the test
    images looks better than it is: they are no test of the choice.
    """
    has_validation = all(run.hyperparameters.validation_size for run in runs)
    measured, read = (
        ("validation", validation_accuracy) if has_validation else ("test", lambda history: history.test_accuracy)
    )
    accuracies = [(read(run.history), run) for run in runs if run.history.step_count and not run.history.diverged]
    known = [(accuracy, run) for accuracy, run in accuracies if accuracy is not None]
    if len(known) < 2:
        return None
    highest = max(accuracy for accuracy, _run in known)
    return Best(tuple(run for accuracy, run in known if accuracy == highest), highest, measured)


def _percent(fraction: float) -> str:
    return format_percent(fraction, 2)


# Title, how to read it from a history, how to write it, and whether more or less of it is better (1, -1) or neither.
_METRICS: tuple[tuple[str, Callable[[History], float | None], Callable[[float], str], int], ...] = (
    (N_("Validation accuracy"), validation_accuracy, _percent, 1),
    (N_("Test accuracy"), lambda history: history.test_accuracy, _percent, 1),
    (N_("Test loss"), lambda history: history.test_loss, format_loss, -1),
    (N_("Train loss"), lambda history: history.epochs[-1].train_loss if history.epochs else None, format_loss, -1),
    (N_("Steps"), lambda history: float(history.step_count), lambda count: format_decimal(count, ",.0f"), 0),
    (
        N_("Training time in seconds"),
        lambda history: history.seconds,
        lambda seconds: format_decimal(seconds, ".1f"),
        0,
    ),
)


def compared_metrics(runs: Sequence[ComparedRun]) -> list[Row]:
    """Return a row for each metric of the runs so far, and one for what they are doing."""
    rows = []
    for title, read, form, better in _METRICS:
        values = [read(run.history) for run in runs]
        known = [value for value in values if value is not None and math.isfinite(value)]
        if not known and read is validation_accuracy:
            continue
        best: tuple[int, ...] = ()
        if better and len(set(known)) > 1:
            top = max(known) if better > 0 else min(known)
            best = tuple(place for place, value in enumerate(values) if value == top)
        rows.append(Row(_(title), tuple("–" if value is None else form(value) for value in values), best))
    return [*rows, Row(_("State"), tuple(translated(run.state) for run in runs))]
