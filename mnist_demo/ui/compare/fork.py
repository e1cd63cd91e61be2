"""The fork of a run: the same seed and settings with one thing changed, or several values of it, or of two."""

from collections.abc import Collection
from typing import Any

import streamlit as st

from mnist_demo.errors import MnistDemoError
from mnist_demo.insight.comparison import format_setting
from mnist_demo.jobs.job import Job
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.variations import MAX_RUNS, MAX_VALUES, format_values, other_value
from mnist_demo.translation import _, ngettext
from mnist_demo.ui import keys
from mnist_demo.ui.compare.state import (
    comparable_runs,
    fork_problem,
    note_fork_problem,
    planned_forks,
    session_jobs,
    start_forks,
)
from mnist_demo.ui.link_state import restrictions
from mnist_demo.ui.widgets.markdown import escape_markdown

WIDTH = 260


def render_fork() -> None:
    """Draw what to fork, what to change in it, and the button that starts it."""
    # What a shared link keeps as it is, a fork keeps too.
    closed = restrictions().locked | restrictions().hidden
    if all(keys.widget_key(name) in closed for name in FIELDS):
        return
    with st.container(border=True, key=keys.FORK):
        st.markdown(_("### Change one thing"))
        st.markdown(
            _(
                "Copy a run and change one setting: any difference comes from that change. Each new value (at most "
                "{values}) starts a run of its own; with a second setting, every combination of both does (at most "
                "{runs} runs)."
            ).format(values=MAX_VALUES, runs=MAX_RUNS)
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            job = _read_run()
            names = [name for name in FIELDS if job.hyperparameters.uses(name) and keys.widget_key(name) not in closed]
            first = _read_setting(_("Setting"), names, keys.FORK_SETTING)
            value_keys = {first: _render_values(first, job, keys.FORK_VALUE)}
        with st.container(horizontal=True, vertical_alignment="bottom"):
            others = [name for name in names if name != first]
            second = st.selectbox(
                _("And a second one"),
                others,
                index=None,
                placeholder=_("None"),
                format_func=lambda name: _(FIELDS[name].title),
                key=keys.SECOND_SETTING,
                width=WIDTH,
            )
            if second in others:
                value_keys[second] = _render_values(second, job, keys.SECOND_VALUE, with_present_one=True)
            st.button(
                _button_title(job, value_keys),
                key=keys.START_FORK,
                type="primary",
                icon=":material/call_split:",
                on_click=_start,
                args=(job, value_keys),
            )
        if fork_problem():
            st.error(escape_markdown(fork_problem()), icon=":material/error:")


def _read_run() -> Job:
    jobs = {job.id: job for job in session_jobs()}
    letters = {run.key: run.letter for run in comparable_runs()}
    job_id: str = st.selectbox(
        _("Run"),
        sorted(jobs, key=list(letters).index),
        index=sorted(jobs, key=list(letters).index).index(list(jobs)[-1]),
        format_func=lambda key: _("Run {letter}").format(letter=letters.get(key, "?")),
        key=f"{keys.FORK_RUN}-{len(letters)}-{list(jobs)[-1]}",
        width=130,
    )
    return jobs[job_id]


def _read_setting(label: str, names: list[str], key: str) -> str:
    name: str = st.selectbox(
        label,
        names,
        index=names.index("learning_rate") if "learning_rate" in names else 0,
        format_func=lambda name: _(FIELDS[name].title),
        key=key,
        width=220,
    )
    return name


def _render_values(name: str, job: Job, key: str, with_present_one: bool = False) -> str:
    """Draw the widget for the new values of a setting, another one than the run's in it; return its key."""
    field, present = FIELDS[name], getattr(job.hyperparameters, name)
    other = other_value(name, present)
    suggested = [present, other] if with_present_one else [other]
    label = _("New values, instead of {value}").format(value=format_setting(name, present))
    key = f"{key}-{name}-{job.id}"
    if field.kind in ("choice", "switch"):
        offered: Collection[Any] = field.choice_names if field.kind == "choice" else (True, False)
        st.multiselect(
            label,
            [value for value in offered if with_present_one or value != present],
            default=suggested,
            format_func=lambda value: format_setting(name, value),
            key=key,
            width=WIDTH,
        )
    else:
        between = _("Separate them with semicolons.") if field.kind == "sizes" else _("Separate them with commas.")
        st.text_input(label, value=format_values(name, suggested), key=key, help=between, width=WIDTH)
    return key


def _read_values(value_keys: dict[str, str]) -> dict[str, Any]:
    return {name: st.session_state.get(key) or "" for name, key in value_keys.items()}


def _button_title(job: Job, value_keys: dict[str, str]) -> str:
    try:
        count = len(planned_forks(job, _read_values(value_keys)))
    except MnistDemoError:
        count = 1  # what is wrong is said when it is pressed
    return ngettext("Start {count} run", "Start {count} runs", count).format(count=count)


def _start(job: Job, value_keys: dict[str, str]) -> None:
    note_fork_problem("")
    try:
        start_forks(job, _read_values(value_keys))
    except MnistDemoError as error:
        note_fork_problem(str(error))
