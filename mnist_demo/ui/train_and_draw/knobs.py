"""The knobs of a run: fields for the settings that can be changed while it goes on."""

import streamlit as st

from mnist_demo.errors import MnistDemoError
from mnist_demo.jobs.job import Job
from mnist_demo.settings.changes import changeable_names
from mnist_demo.settings.fields import FIELDS
from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.link_state import restrictions
from mnist_demo.ui.ownership import run_commands
from mnist_demo.ui.train_and_draw.state import knob_problem, note_knob_problem, prepare_knob
from mnist_demo.ui.widgets.markdown import escape_markdown


@st.fragment  # it alone is drawn anew when a knob is turned: drawn with the page, it might close under one's hand
def render_knobs(job: Job) -> None:
    """Draw the knobs of a run that goes on or is paused, folded away; what the opened link locks has none."""
    closed = restrictions().locked | restrictions().hidden
    names = [name for name in changeable_names(job.hyperparameters) if keys.widget_key(name) not in closed]
    if not names:
        return
    with (
        st.container(key=keys.KNOBS),
        st.popover(_("Change"), icon=":material/tune:"),
        st.container(key=keys.KNOB_FIELDS),  # of a fixed width: the fields stay where they are
    ):
        st.caption(_("Takes effect at the next step, and is marked on the chart."))
        for name in names:
            key = f"{keys.KNOB}{keys.widget_key(name)}"
            with st.container(key=key):
                _render_knob(job, name, f"{key}-of-{job.id}")


def _render_knob(job: Job, name: str, key: str) -> None:
    field = FIELDS[name]
    prepare_knob(key, getattr(job.settings_now, name))
    # No bounds, and empty is allowed, as in the form of settings: the check says what was expected.
    st.number_input(
        _(field.title),
        value=None,
        step=float(field.step),
        format="%.10g",
        key=key,
        on_change=_turn,
        args=(job, name, key),
    )
    if knob_problem(key):
        st.error(escape_markdown(knob_problem(key)))


def _turn(job: Job, name: str, key: str) -> None:
    problem = ""
    try:
        run_commands().change(job.id, name, st.session_state[key])
    except MnistDemoError as error:
        problem = str(error)
    note_knob_problem(key, problem)
