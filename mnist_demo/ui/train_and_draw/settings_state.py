"""Session state of the form: the preset that was chosen last, and whether it is still to be filled in."""

import math
import time

import streamlit as st

from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.speed import FULL, RISING
from mnist_demo.ui import keys, state

DELIVERY_SECONDS = 3.0
_FILLED_IN, _CHOSEN, _LEFT = "settings-filled-in", "preset-chosen", "preset-left"


def choose_settings(hyperparameters: Hyperparameters) -> None:
    """Fill in the form; for callbacks.

    It is filled in again until it has been drawn: if this run of the script is cut short before, the next one comes
    with the values that the browser still has.
    """
    before = _values()
    state.write_settings(hyperparameters)
    st.session_state[_CHOSEN] = time.monotonic(), hyperparameters, before, _values()
    st.session_state[_FILLED_IN] = hyperparameters


def follow_form(hyperparameters: Hyperparameters) -> None:
    """Have the preset follow what was typed, which may be none any more; for callbacks."""
    before = st.session_state.get(keys.PRESET)
    state.write_settings(hyperparameters)
    if before != st.session_state[keys.PRESET]:
        st.session_state[_LEFT] = time.monotonic(), before, st.session_state[keys.PRESET]


def is_preset_meant() -> bool:
    """Tell whether the visitor has chosen the preset; if not, the one is written that follows the form.

    For callbacks. A browser that has not heard that the preset has left the form sends it along once more.
    """
    moment, before, after = st.session_state.get(_LEFT, (-math.inf, None, None))
    if time.monotonic() - moment > DELIVERY_SECONDS or st.session_state[keys.PRESET] != before:
        return True
    st.session_state[keys.PRESET] = after
    return False


def fill_in() -> None:
    """Fill in what is still to be; before the form is drawn."""
    if _FILLED_IN in st.session_state:
        state.write_settings(st.session_state[_FILLED_IN])


def note_started() -> None:
    """Have the next run go at full speed, if this one is to be watched: the first is watched, others are compared."""
    if st.session_state.get(keys.START_SPEED) == RISING:
        st.session_state[keys.START_SPEED] = FULL


def note_drawn() -> None:
    """Remember that the form has been drawn as it was filled in."""
    st.session_state.pop(_FILLED_IN, None)


def fill_in_again() -> None:
    """To be called before `st.rerun`: what has been drawn a moment before it may never reach the browser.

    A preset that was chosen a moment ago is filled in anew, unless the settings have been changed since.
    """
    hyperparameters, before, after = _chosen_a_moment_ago()
    if hyperparameters is not None and _values() in (before, after):
        st.session_state[_FILLED_IN] = hyperparameters


def fill_in_unheard() -> None:
    """Fill in a preset that was chosen a moment ago, where the form has what it had before: its browser has not heard.

    For callbacks: whoever presses Start at once means the preset that she has just chosen.
    """
    hyperparameters, before, _after = _chosen_a_moment_ago()
    if hyperparameters is not None and _values() == before:
        state.write_settings(hyperparameters)


def _chosen_a_moment_ago() -> tuple[Hyperparameters | None, dict[str, object], dict[str, object]]:
    """Return the preset that was chosen, or None, and what the form had before and after that."""
    moment, *chosen = st.session_state.get(_CHOSEN, (-math.inf,))
    if time.monotonic() - moment > DELIVERY_SECONDS:
        return None, {}, {}
    hyperparameters, before, after = chosen
    return hyperparameters, before, after


def _values() -> dict[str, object]:
    return {name: st.session_state.get(keys.widget_key(name)) for name in FIELDS}
