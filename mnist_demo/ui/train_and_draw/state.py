"""Session state of the page “Train and draw”: the last diagnosis of a run, the choice of its speed, and its knobs."""

import streamlit as st

from mnist_demo.insight.diagnosis import Diagnosis
from mnist_demo.jobs.job import Job

_FOUND, _KNOB_PROBLEM = "found-diagnosis", "knob-problem"


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


def prepare_knob(key: str, value: float) -> None:
    """Let the widget of that key show `value`, which the run is going on with, also where something else was typed."""
    st.session_state[key] = float(value)


def note_knob_problem(key: str, sentence: str) -> None:
    """Remember why the last turn of a knob, that with this key, changed nothing; an empty text when it did."""
    st.session_state[_KNOB_PROBLEM] = key, sentence


def knob_problem(key: str) -> str:
    """Return why turning that knob changed nothing, empty unless it was the last one that was turned."""
    of_key, sentence = st.session_state.get(_KNOB_PROBLEM, ("", ""))
    return str(sentence) if of_key == key else ""
