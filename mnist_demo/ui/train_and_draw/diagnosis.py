"""The diagnosis of a run that goes wrong, and a button that starts it again with the remedy."""

import streamlit as st

from mnist_demo.errors import MnistDemoError
from mnist_demo.insight.diagnosis import Diagnosis, diagnose
from mnist_demo.jobs.job import Job
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.translation import _, translated
from mnist_demo.ui import keys, state, visitor_state
from mnist_demo.ui.form import state as form_state
from mnist_demo.ui.link_state import restrictions
from mnist_demo.ui.train_and_draw.state import last_diagnosis, note_diagnosis


def render_diagnosis(job: Job) -> None:
    """Draw what is wrong with the run, if anything is that certainly."""
    diagnosis = _diagnose(job)
    if diagnosis is None:
        return
    # Above the canvas on a phone: there it waits until the run rests, so that no stroke under way loses its place.
    surroundings = st.container(key=keys.DIAGNOSIS_WHILE_RUNNING if job.state == "running" else None)
    with surroundings, st.container(border=True, gap="small", key=keys.DIAGNOSIS):
        st.markdown(f":material/troubleshoot: **{translated(diagnosis.title)}**")
        st.markdown(translated(diagnosis.explanation))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(translated(diagnosis.advice))
            if _is_locked(job.settings_now, diagnosis.remedy):
                return
            st.button(
                _("Start with this change"),
                key=keys.START_REMEDY,
                icon=":material/healing:",
                on_click=_start,
                args=(diagnosis.remedy,),
            )


def _diagnose(job: Job) -> Diagnosis | None:
    """Return what is wrong. What was found once stays until the run has ended, when the whole history decides.

    A loss that wavers would otherwise take it away and bring it back, and move all that is below each time.
    """
    found = diagnose(job.history, job.settings_now)
    if found is None and job.is_active:
        return last_diagnosis(job)
    note_diagnosis(job, found)
    return found


def _is_locked(hyperparameters: Hyperparameters, remedy: Hyperparameters) -> bool:
    """Tell whether the link that opened the page keeps as it is what the remedy would change."""
    changed = {keys.widget_key(name) for name in FIELDS if getattr(hyperparameters, name) != getattr(remedy, name)}
    return bool(changed & (restrictions().locked | restrictions().hidden))


def _start(remedy: Hyperparameters) -> None:
    try:
        state.start_training(remedy)
    except MnistDemoError as error:
        visitor_state.notify(str(error))
        return
    form_state.choose_settings(remedy)
