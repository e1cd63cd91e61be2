"""The controls of the run: pause, step, stop, reset; the axis of its charts, its speed, its export.

Nothing here is in the part of the page that refreshes by itself: it changes with the state of the run, not with every
step, and what a browser draws anew twice a second costs the run a part of its pace.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import ENDED, STATE_WORDS, State
from mnist_demo.translation import _, pgettext
from mnist_demo.ui import keys, state
from mnist_demo.ui.kept_runs import can_go_on, go_on, has_copy
from mnist_demo.ui.ownership import owns, perform, run_commands
from mnist_demo.ui.train_and_draw.export import render_export
from mnist_demo.ui.train_and_draw.knobs import render_knobs
from mnist_demo.ui.train_and_draw.speed import render_speed
from mnist_demo.ui.widgets.charts import AccuracyRange, Axis
from mnist_demo.ui.widgets.choices import read_choice

BIG_PICTURE = Path(__file__).with_name("big_picture.css")
STATE_COLOURS: dict[State, str] = {"diverged": "red", "failed": "red", "running": "primary", "finished": "primary"}


def chosen_axis() -> Axis:
    """Return what the charts are to be drawn over."""
    axis: Axis = st.session_state.get(keys.CHART_AXIS, "step")
    return axis


def chosen_accuracy_range() -> AccuracyRange:
    """Return which part of the axis of accuracy is to be drawn."""
    accuracy_range: AccuracyRange = st.session_state.get(keys.ACCURACY_RANGE, "whole")
    return accuracy_range


def render_controls(job: Job | None, status: State | None) -> None:
    """Draw the state of the run, and what can be done with it.

    `status` is its state before anything was drawn: where that says that a run has finished, all else on the page is of
    its end too.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="control-row"):
        _render_status(job, status)
        # Shown on large screens only.
        if st.toggle(_("Big picture"), key=keys.BIG_PICTURE):
            st.html(BIG_PICTURE)
        if job is None:
            return
        can_be_set = owns(job.id) and not job.has_ended and not job.is_elsewhere
        with st.container(width="content"):
            if can_be_set:
                render_speed(job)
        with st.container(width="content"):
            if can_be_set and status in ("running", "paused"):
                render_knobs(job)
        axes: dict[Axis, str] = {"step": _("by step"), "epoch": _("by epoch")}
        read_choice(_("Horizontal axis of the charts"), axes, keys.CHART_AXIS)
        ranges: dict[AccuracyRange, str] = {"whole": _("0–100 %"), "top": _("90–100 %")}
        read_choice(_("Axis of accuracy"), ranges, keys.ACCURACY_RANGE)
        render_export(job)


def _render_status(job: Job | None, status: State | None) -> None:
    paused = status == "paused"
    # Who only has the link to somebody's run looks on; so does its owner where another server trains it.
    mine = job is not None and owns(job.id) and not job.is_elsewhere
    has_ended = status in ENDED
    goes_on = job is not None and has_ended and (can_go_on(job) if mine else has_copy(job))
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content", key="status-row"):
        with st.container(key=keys.TRAINING_STATUS, width="content"):
            st.badge(
                _(STATE_WORDS[status]) if status else _("not started"),
                color=STATE_COLOURS.get(status, "gray") if status else "gray",  # type: ignore[arg-type]
            )
        if job is None:
            return
        commands = run_commands()
        if goes_on:
            label = _("Train further") if mine else _("Train a copy further")
            _button(keys.PAUSE, label, "play_arrow", partial(perform, go_on, job.id))
        elif mine and status in ("running", "paused"):
            _button(
                keys.PAUSE,
                _("Resume") if paused else _("Pause"),
                "play_arrow" if paused else "pause",
                _command(commands.resume if paused else commands.pause, job),
            )
        if mine and paused:
            _button(keys.STEP, pgettext("do one", "Step"), "skip_next", _command(commands.step, job))
        if mine and not has_ended:
            _button(keys.STOP, _("Stop"), "stop", _command(commands.stop, job))
        if has_ended or not mine:
            _button(keys.RESET, _("Reset"), "restart_alt", state.reset_training)


def _button(key: str, label: str, icon: str, on_click: Callable[[], None]) -> None:
    # No help=: a button with a tooltip stands twice in the document, and a search by its key finds both.
    st.button(label, key=key, icon=f":material/{icon}:", on_click=on_click)


def _command(command: Callable[[str], None], job: Job) -> Callable[[], None]:
    return partial(perform, command, job.id)
