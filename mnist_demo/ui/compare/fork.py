"""The fork of a run: the same seed and settings with one thing changed."""

from typing import Any

import streamlit as st

from mnist_demo.errors import MnistDemoError
from mnist_demo.insight.comparison import format_setting
from mnist_demo.jobs.job import Job
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.links import write_value
from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.compare.state import comparable_runs, fork_problem, note_fork_problem, session_jobs, start_fork
from mnist_demo.ui.link_state import restrictions
from mnist_demo.ui.widgets.markdown import escape_markdown


def render_fork() -> None:
    """Draw what to fork, what to change in it, and the button that starts it."""
    jobs = {job.id: job for job in session_jobs()}
    letters = {run.key: run.letter for run in comparable_runs()}
    # What a shared link keeps as it is, a fork keeps too.
    closed = restrictions().locked | restrictions().hidden
    if all(keys.widget_key(name) in closed for name in FIELDS):
        return
    with st.container(border=True, key=keys.FORK):
        st.markdown(_("### Change one thing"))
        st.markdown(
            _("A fork has the seed and all settings of a run but one: what comes out differently comes from that one.")
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            job_id: str = st.selectbox(
                _("Run"),
                list(jobs),
                index=len(jobs) - 1,
                format_func=lambda key: _("Run {letter}").format(letter=letters.get(key, "?")),
                key=f"{keys.FORK_RUN}-{len(letters)}-{list(jobs)[-1]}",
                width=130,
            )
            job = jobs[job_id]
            hyperparameters = job.hyperparameters
            names = [name for name in _settings_that_matter(hyperparameters) if keys.widget_key(name) not in closed]
            name: str = st.selectbox(
                _("Setting"),
                names,
                index=names.index("learning_rate") if "learning_rate" in names else 0,
                format_func=lambda name: _(FIELDS[name].title),
                key=keys.FORK_SETTING,
                width=220,
            )
            value_key = f"{keys.FORK_VALUE}-{name}-{job_id}"
            _render_value(name, hyperparameters, value_key)
            st.button(
                _("Start the fork"),
                key=keys.START_FORK,
                type="primary",
                icon=":material/call_split:",
                on_click=_start,
                args=(job, name, value_key),
            )
        if fork_problem():
            st.error(escape_markdown(fork_problem()), icon=":material/error:")


def _settings_that_matter(hyperparameters: Hyperparameters) -> list[str]:
    return [name for name in FIELDS if hyperparameters.uses(name)]


def _render_value(name: str, hyperparameters: Hyperparameters, key: str) -> None:
    """Draw the widget for the new value, with the value of the run in it where that can be typed over."""
    field, value = FIELDS[name], getattr(hyperparameters, name)
    label = _("New value, instead of {value}").format(value=format_setting(name, value))
    if field.kind == "choice":
        others = [choice.name for choice in field.choices if choice.name != value]
        st.selectbox(label, others, format_func=lambda other: format_setting(name, other), key=key, width=260)
    elif field.kind == "switch":
        st.segmented_control(
            label,
            [not value],
            default=not value,
            required=True,
            format_func=lambda other: format_setting(name, other),
            key=key,
            width=260,
        )
    else:
        text = ", ".join(map(str, value)) if field.kind == "sizes" else write_value(name, value)
        st.text_input(label, value=text, key=key, width=260)


def _start(job: Job, name: str, value_key: str) -> None:
    value: Any = st.session_state.get(value_key)
    note_fork_problem("")
    try:
        start_fork(job, name, value)
    except MnistDemoError as error:
        note_fork_problem(str(error))
