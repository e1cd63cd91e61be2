"""When it goes wrong: what is wrong with the run, and a button that starts it again with the remedy."""

import streamlit as st

from mnist_demo.errors import MnistDemoError
from mnist_demo.hyperparameter_fields import FIELDS
from mnist_demo.hyperparameters import Hyperparameters
from mnist_demo.insight.diagnosis import diagnose
from mnist_demo.jobs import Job
from mnist_demo.translation import _
from mnist_demo.ui import keys, state
from mnist_demo.ui.link_state import restrictions


def render_diagnosis(job: Job) -> None:
    """Draw what is wrong with the run, if anything is that certainly."""
    diagnosis = diagnose(job.history, job.hyperparameters)
    if diagnosis is None:
        return
    with st.container(border=True, gap="small", key=keys.DIAGNOSIS):
        st.markdown(f":material/troubleshoot: **{diagnosis.title}**")
        st.markdown(diagnosis.explanation)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(diagnosis.advice)
            if _is_locked(job.hyperparameters, diagnosis.remedy):
                return
            st.button(
                _("Start with this change"),
                key=keys.START_REMEDY,
                icon=":material/healing:",
                on_click=_start,
                args=(diagnosis.remedy,),
            )


def _is_locked(chosen: Hyperparameters, remedy: Hyperparameters) -> bool:
    """Tell whether the link that opened the page keeps as it is what the remedy would change."""
    changed = {keys.widget_key(name) for name in FIELDS if getattr(chosen, name) != getattr(remedy, name)}
    return bool(changed & (restrictions().locked | restrictions().hidden))


def _start(remedy: Hyperparameters) -> None:
    try:
        state.start_training(remedy)
    except MnistDemoError as error:
        state.notify(str(error))
        return
    state.write_settings(remedy)
