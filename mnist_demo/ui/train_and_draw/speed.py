"""The choice of how fast to train: of the run that the page shows, and, beside Start, of the next one."""

import streamlit as st

from mnist_demo.jobs.job import Job
from mnist_demo.training.speed import FULL, NAMED_SPEEDS, RISING, SPEEDS, Speed
from mnist_demo.translation import _, format_decimal, ngettext
from mnist_demo.ui import keys
from mnist_demo.ui.form.state import form_value
from mnist_demo.ui.ownership import perform, run_commands
from mnist_demo.ui.train_and_draw.state import prepare_speed

# In a widget full speed has a value: a choice without one would be one that has not been made.
FULL_SPEED = 0
WIDTH = 170


def render_speed(job: Job) -> None:
    """Draw the choice of how fast the run goes on."""
    key = f"{keys.SPEED}-of-{job.id}"  # a new run has a speed of its own, whatever the last one went at
    prepare_speed(key, job.speed or FULL_SPEED)
    with st.container(key=keys.SPEED, width="content"):
        st.selectbox(
            _("Speed of training"),
            (RISING, *SPEEDS, FULL_SPEED),
            format_func=lambda speed: format_speed(speed or None),
            key=key,
            label_visibility="collapsed",
            on_change=lambda: perform(run_commands().set_speed, job.id, st.session_state[key] or None),
            width=WIDTH,
        )


def render_start_speed() -> None:
    """Draw the choice of how fast the next run is to go."""
    st.selectbox(
        _("Speed of the next run"),
        list(NAMED_SPEEDS),
        format_func=lambda name: format_speed(NAMED_SPEEDS[name]),
        key=keys.START_SPEED,
        label_visibility="collapsed",
        width=WIDTH,
    )


def read_start_speed() -> Speed:
    """Return the speed that is chosen for the next run."""
    return NAMED_SPEEDS[form_value(keys.START_SPEED) or FULL]


def format_speed(speed: Speed) -> str:
    """Return `speed` in words."""
    if speed == RISING:
        return _("Slow, then faster")
    if speed is None:
        return _("Full speed")
    sentence = ngettext("{count} step per second", "{count} steps per second", int(speed))
    return sentence.format(count=format_decimal(speed, "g"))
