"""The sidebar: presets, hyperparameters, Start."""

import streamlit as st

from mnist_demo.errors import MnistDemoError
from mnist_demo.hyperparameters import FIELDS, PRESETS
from mnist_demo.translation import _
from mnist_demo.ui import keys, state
from mnist_demo.ui.markdown import escape

# Pairs stand side by side. What a first visitor need not touch is folded away.
MAIN_ROWS = (("model",), ("optimizer", "learning_rate"), ("batch_size", "epochs"), ("one_cycle",))
MORE_ROWS = (
    ("seed",),
    ("shuffle",),
    ("augmentation",),
    ("pen_variation",),
    ("synthetic_digits",),
    ("builtin_copies",),
    ("training_size",),
    ("validation_size",),
    ("weight_decay", "momentum"),
    ("hidden_sizes", "dropout"),
)


def render_settings() -> None:
    """Draw the settings; start a run when Start is pressed, or say in one sentence why not."""
    st.selectbox(
        _("Preset"),
        list(PRESETS),
        format_func=lambda name: _(PRESETS[name].title),
        key=keys.PRESET,
        help=_("A complete set of hyperparameters; choosing one fills in the form below."),
        on_change=_apply_preset,
        placeholder=_("Own settings"),
    )
    preset = PRESETS.get(st.session_state[keys.PRESET])
    st.caption(_(preset.help) if preset else _("Settings of your own, or of the run on this page."))
    with st.form("settings", border=False, enter_to_submit=False):
        for row in MAIN_ROWS:
            _render_row(row)
        with st.expander(_("More settings")):
            for row in MORE_ROWS:
                _render_row(row)
        # In the callback, not after the button: a stroke drawn at the same moment cuts this run of the script short.
        st.form_submit_button(
            _("Start training"),
            key=keys.START,
            type="primary",
            icon=":material/play_arrow:",
            width="stretch",
            on_click=_start,
        )
    if state.start_problem():
        st.error(escape(state.start_problem()), icon=":material/error:")


def _start() -> None:
    state.note_start_problem("")
    try:
        state.start_training(state.read_settings())
    except MnistDemoError as error:
        state.note_start_problem(str(error))


def _apply_preset() -> None:
    preset = PRESETS.get(st.session_state[keys.PRESET])
    if preset is not None:
        state.write_settings(preset.hyperparameters)


def _render_row(names: tuple[str, ...]) -> None:
    for name, column in zip(names, st.columns(len(names), vertical_alignment="bottom"), strict=True):
        with column:
            _render_widget(name)


def _render_widget(name: str) -> None:
    field, key = FIELDS[name], keys.widget_key(name)
    label, explanation = _(field.title), _(field.help)
    # No bounds on the widgets, no whole numbers only, and empty is allowed: a browser that refuses a value keeps or
    # bends it without a word, and the run would start with that. The check in Hyperparameters says what was expected.
    if field.kind == "choice":
        titles = {choice.name: _(choice.title) for choice in field.choices}
        choices = (f"- **{_(choice.title)}**: {_(choice.help)}" for choice in field.choices)
        explanation = "\n".join([explanation, "", *choices])
        st.selectbox(label, list(titles), format_func=titles.__getitem__, key=key, help=explanation)
    elif field.kind == "switch":
        st.toggle(label, key=key, help=explanation)
    elif field.kind == "sizes":
        st.text_input(label, key=key, help=explanation)
    else:
        placeholder = _("all") if field.optional else None
        st.number_input(
            label,
            value=None,
            step=float(field.step),
            format="%.10g",
            key=key,
            help=explanation,
            placeholder=placeholder,
        )
