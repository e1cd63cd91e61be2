"""Session state of the form: its values, the preset that was chosen last, and whether it is still to be filled in.

Three ways lead into the form: `write_settings` before it is drawn, `choose_settings` for a preset and for whatever else
brings its settings along, and `follow_form` where the visitor's own values are in it and the preset follows.
"""

import math
import time
from typing import Any

import streamlit as st

from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.presets import PRESETS, preset_of
from mnist_demo.settings.values import parse_value
from mnist_demo.training.speed import FULL, RISING
from mnist_demo.ui import keys
from mnist_demo.ui.link_state import fixed_settings

# So long a browser may not have heard what the form holds now, and sends along what it held before.
DELIVERY_SECONDS = 3.0
_FORM = "values-of-the-form"
_FILLED_IN, _CHOSEN, _LEFT = "settings-filled-in", "preset-chosen", "preset-left"


def keep_settings() -> None:
    """Have the values of the form outlive a visit to a page without it: Streamlit forgets those of absent widgets."""
    kept: dict[str, Any] = st.session_state.setdefault(_FORM, {})
    for key in (keys.PRESET, keys.START_SPEED, keys.DEVICE, *map(keys.widget_key, FIELDS)):
        if key in st.session_state:
            kept[key] = st.session_state[key]
        if key in kept:
            st.session_state[key] = kept[key]


def write_settings(hyperparameters: Hyperparameters) -> None:
    """Set every hyperparameter widget, and the preset. Only before the widgets are drawn, or in a callback."""
    values = hyperparameters.as_dict() | fixed_settings()
    for name in FIELDS:
        _write(keys.widget_key(name), _as_widget_value(FIELDS[name].kind, values[name]))
    is_overruled = any(getattr(hyperparameters, name) != value for name, value in fixed_settings().items())
    _write(keys.PRESET, None if is_overruled else preset_of(hyperparameters))


def _as_widget_value(kind: str, value: Any) -> Any:
    if kind == "sizes":
        return ", ".join(map(str, value))
    if kind in ("integer", "number") and value is not None:
        return float(value)  # number fields take any number: see the settings panel
    return value


def _write(key: str, value: Any) -> None:
    st.session_state[key] = value
    st.session_state.setdefault(_FORM, {})[key] = value


def form_value(key: str) -> Any:
    """Return what the widget of the form with that key says, else what it last said; None where it never did.

    A browser says it with all that it sends; other clients need not, and Streamlit then forgets it.
    """
    return st.session_state[key] if key in st.session_state else st.session_state.get(_FORM, {}).get(key)


def read_settings() -> Hyperparameters:
    """Return what the hyperparameter widgets say.

    Raises
    ------
    HyperparameterError
        When a value is missing, of the wrong type, or out of its bounds.
    """
    values: dict[str, Any] = {}
    for name, field in FIELDS.items():
        value = form_value(keys.widget_key(name))
        values[name] = parse_value(name, value or "") if field.kind == "sizes" else value
    return Hyperparameters.from_dict(values | fixed_settings())


def choose_settings(hyperparameters: Hyperparameters) -> None:
    """Fill in the form; for callbacks, on whatever page.

    It is filled in again until it has been drawn: if this run of the script is cut short before, the next one comes
    with the values that the browser still has.
    """
    values, preset = _values(), form_value(keys.PRESET)
    write_settings(hyperparameters)
    st.session_state[_CHOSEN] = time.monotonic(), hyperparameters, values, _values()
    st.session_state[_FILLED_IN] = hyperparameters
    _note_left(preset)


def follow_form(hyperparameters: Hyperparameters) -> None:
    """Have the preset follow what was typed, which may be none any more; for callbacks."""
    preset = form_value(keys.PRESET)
    write_settings(hyperparameters)
    _note_left(preset)


def _note_left(before: str | None) -> None:
    """Remember that a preset has left the form, if one has, without a choice in its list."""
    if before != st.session_state[keys.PRESET]:
        st.session_state[_LEFT] = time.monotonic(), before, st.session_state[keys.PRESET]


def is_preset_meant() -> bool:
    """Tell whether the visitor has chosen the preset; if not, the one is written that belongs to the form.

    For callbacks. A browser that has not heard that a preset has left the form sends it along once more; one that has
    just drawn the list may send the first of it.
    """
    moment, before, after = st.session_state.get(_LEFT, (-math.inf, None, None))
    is_late = time.monotonic() - moment <= DELIVERY_SECONDS
    if is_late and st.session_state[keys.PRESET] in (before, next(iter(PRESETS))):
        _write(keys.PRESET, after)
        return False
    return True


def fill_in() -> None:
    """Fill in what is still to be; before the form is drawn."""
    if _FILLED_IN in st.session_state:
        write_settings(st.session_state[_FILLED_IN])


def note_started() -> None:
    """Have the next run go at full speed, if this one is to be watched: the first is watched, others are compared."""
    if st.session_state.get(keys.START_SPEED) == RISING:
        st.session_state[keys.START_SPEED] = FULL


def note_drawn() -> None:
    """Remember that the form has been drawn as it was filled in."""
    st.session_state.pop(_FILLED_IN, None)


def fill_in_again() -> None:
    """To be called before `st.rerun`: what has been drawn a moment before it may never reach the browser.

    Settings that were chosen a moment ago are filled in anew, unless they have been changed since.
    """
    hyperparameters, before, after = _chosen_a_moment_ago()
    if hyperparameters is not None and _values() in (before, after):
        st.session_state[_FILLED_IN] = hyperparameters


def fill_in_unheard() -> None:
    """Fill in what was chosen a moment ago, where the form has what it had before: its browser has not heard.

    For callbacks: whoever presses Start at once means the settings that she has just chosen.
    """
    hyperparameters, before, _after = _chosen_a_moment_ago()
    if hyperparameters is not None and _values() == before:
        write_settings(hyperparameters)


def _chosen_a_moment_ago() -> tuple[Hyperparameters | None, dict[str, object], dict[str, object]]:
    """Return the settings that were chosen, or None, and what the form had before and after that."""
    moment, *chosen = st.session_state.get(_CHOSEN, (-math.inf,))
    if time.monotonic() - moment > DELIVERY_SECONDS:
        return None, {}, {}
    hyperparameters, before, after = chosen
    return hyperparameters, before, after


def _values() -> dict[str, object]:
    return {name: form_value(keys.widget_key(name)) for name in FIELDS}
