"""Session state of the page “Train and draw”: the last diagnosis of a run, and the choice of its speed."""

import streamlit as st

from mnist_demo.insight.diagnosis import Diagnosis
from mnist_demo.jobs.job import Job

_FOUND = "found-diagnosis"


def note_diagnosis(job: Job, found: Diagnosis | None) -> None:
    """Remember what is wrong with a run, None where nothing is."""
    st.session_state[_FOUND] = job.id, found


def last_diagnosis(job: Job) -> Diagnosis | None:
    """Return what was last found wrong with `job`."""
    of_job, found = st.session_state.get(_FOUND, (None, None))
    return found if of_job == job.id else None


def prepare_speed(key: str, speed: float | str) -> None:
    """Let the widget of that key begin at `speed`, unless something has been chosen there."""
    st.session_state.setdefault(key, speed)
