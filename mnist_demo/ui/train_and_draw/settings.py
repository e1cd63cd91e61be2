"""The form of settings: presets, Start, hyperparameters, and the link that shares them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress

import streamlit as st

from mnist_demo.devices import AUTO, DEVICES, known_devices
from mnist_demo.errors import MnistDemoError
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.links import Restrictions
from mnist_demo.settings.presets import PRESETS
from mnist_demo.translation import _, format_list
from mnist_demo.ui import keys, state
from mnist_demo.ui.form import state as form_state
from mnist_demo.ui.form.single_settings import read_restrictions, render_single_settings
from mnist_demo.ui.link_state import (
    bench_frame,
    fixed_settings,
    is_sharing,
    restrictions,
    settings_link,
    toggle_sharing,
)
from mnist_demo.ui.train_and_draw.cost import known_seconds, render_cost
from mnist_demo.ui.train_and_draw.speed import read_start_speed, render_start_speed
from mnist_demo.ui.widgets.copied import render_copied
from mnist_demo.ui.widgets.durations import format_duration
from mnist_demo.ui.widgets.markdown import escape_markdown

# Those of a row stand side by side, the ones that are changed most often first.
ROWS = (
    ("model",),
    ("optimizer", "learning_rate"),
    ("batch_size", "epochs"),
    ("one_cycle", "shuffle"),
    ("hidden_sizes", "activation"),
    ("margin", "precision"),
    ("seed",),
    ("weight_decay", "momentum"),
    ("dropout", "label_smoothing"),
    ("augmentation", "pen_variation"),
    ("hard_share",),
    ("synthetic_digits", "builtin_copies"),
    ("non_digits",),
    ("training_size", "validation_size"),
)


def render_settings(is_first: bool) -> None:
    """Draw the preset, Start and, folded, the settings; start a run when Start is pressed, or say why not.

    `is_first` says that no run is shown yet: then Start invites to a first one.
    """
    link = restrictions()
    form_state.fill_in()
    st.markdown(_("## Teach your own model") if is_first else _("## Train again"))
    with st.container(key="settings"):
        if keys.PRESET not in link.hidden:
            _render_preset(link)
        if fixed_settings():
            _render_fixed(link)
        with st.form("settings", border=False, enter_to_submit=False):
            if any(keys.widget_key(name) not in link.hidden for row in ROWS for name in row):
                with st.expander(_("Settings"), icon=":material/tune:", key=keys.SETTINGS):
                    if link.locked and not fixed_settings():
                        st.caption(_(":material/lock: Your teacher’s link has locked these settings."))
                    for row in ROWS:
                        _render_row(row, link)
                    _render_device()
                    # In the form: what is shared are the settings as they stand in it, not as at the last Start.
                    st.form_submit_button(
                        _("Share these settings"),
                        key=keys.SHARE_SETTINGS,
                        type="tertiary",
                        icon=":material/share:",
                        on_click=_share,
                    )
            # Last, so that Tab goes on to Pause; style.css shows it first.
            # In the callback: a stroke drawn at the same moment would cut this run of the script short.
            with st.container(horizontal=True, gap="small", key="start-row"):
                if not link.all_hidden:
                    render_start_speed()
                st.form_submit_button(
                    _name_of_first_start() if is_first else _("Start training"),
                    key=keys.START,
                    type="primary",  # always: of another type it is another button, and loses the focus when pressed
                    icon=":material/play_arrow:",
                    width="stretch",
                    on_click=_start,
                )
    render_cost()
    form_state.note_drawn()
    if state.start_problem():
        st.error(escape_markdown(state.start_problem()), icon=":material/error:")
    if is_sharing():
        _render_link()


def _name_of_first_start() -> str:
    """Return what Start does, and where that is known how long it takes."""
    seconds = known_seconds(read_start_speed())
    if seconds is None:
        return _("Train my first model")
    return _("Train my first model, {duration}").format(duration=format_duration(seconds))


def _render_device() -> None:
    devices = known_devices()
    if len(devices) > 1:
        st.selectbox(
            _("Device"),
            [AUTO, *devices],
            format_func=lambda name: _(DEVICES[name]),
            key=keys.DEVICE,
            help=_("Where the training runs. Automatic uses the accelerator for convolutional networks only."),
        )


def _render_preset(link: Restrictions) -> None:
    st.selectbox(
        _("Preset"),
        list(PRESETS),
        format_func=lambda name: _(PRESETS[name].title),
        key=keys.PRESET,
        help=_("A complete set of hyperparameters; choosing one fills in the form below."),
        on_change=_apply_preset,
        placeholder=_("Custom settings"),
        # A preset would change what is locked.
        disabled=bool(link.locked),
    )
    preset = PRESETS.get(st.session_state[keys.PRESET])
    st.caption(_(preset.help) if preset else _("Your own settings, or those of the run on this page."))


def _render_fixed(link: Restrictions) -> None:
    """Say which settings the teacher of the visitor's class has chosen for all."""
    if fixed_settings().keys() == FIELDS.keys():
        words = _("The teacher of your class has chosen the settings for all.")
    else:
        titles = [_(FIELDS[name].title) for name in fixed_settings() if keys.widget_key(name) not in link.hidden]
        words = _("The teacher of your class has chosen some settings for all.")
        if titles:
            words = _("The teacher of your class has chosen for all: {titles}.").format(titles=format_list(titles))
    st.caption(f":material/lock: {words}")


def _render_link() -> None:
    """Draw the link to the settings as they stand in the form, and what it may lock or hide."""
    try:
        hyperparameters = form_state.read_settings()
    except MnistDemoError as error:
        if str(error) != state.start_problem():  # which is said just above
            st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    st.markdown(_("Anyone who opens this link gets these settings."))
    locked = st.toggle(
        _("Lock the settings"), key=keys.SHARE_LOCKED, help=_("Pupils see the settings but cannot change them.")
    )
    hidden = st.toggle(_("Hide the settings"), key=keys.SHARE_HIDDEN, help=_("Pupils see only the Start button."))
    render_single_settings(keys.SHARE_SOME_LOCKED, keys.SHARE_SOME_HIDDEN)
    framed = st.toggle(
        _("Only the drawing panel, for your own page"),
        key=keys.SHARE_FRAME,
        help=_("A line of HTML that shows it in another page: paste it into a course, a blog or a slide."),
    )
    asked = read_restrictions(locked, hidden, keys.SHARE_SOME_LOCKED, keys.SHARE_SOME_HIDDEN)
    with st.container(key=keys.SHARED_LINK):
        if framed:
            render_copied(bench_frame(), "html")
        else:
            render_copied(settings_link(hyperparameters, asked))


def _share() -> None:
    toggle_sharing()
    form_state.fill_in_unheard()
    with suppress(MnistDemoError):  # which is said in the place of the link
        form_state.follow_form(form_state.read_settings())


def _start() -> None:
    state.note_start_problem("")
    form_state.fill_in_unheard()
    try:
        hyperparameters = form_state.read_settings()
        state.start_training(hyperparameters, speed=read_start_speed())
    except MnistDemoError as error:
        state.note_start_problem(str(error))
    else:
        form_state.follow_form(hyperparameters)
        form_state.note_started()


def _apply_preset() -> None:
    preset = PRESETS.get(st.session_state[keys.PRESET])
    if preset is not None and form_state.is_preset_meant():
        form_state.choose_settings(preset.hyperparameters)


def _render_row(names: tuple[str, ...], link: Restrictions) -> None:
    shown = [name for name in names if keys.widget_key(name) not in link.hidden]
    # Columns for pairs only: the browser goes through every box of the page at each refresh.
    places: Sequence[AbstractContextManager[object]] = [nullcontext()]
    if len(shown) > 1:
        places = st.columns(len(shown), vertical_alignment="bottom")
    for name, place in zip(shown, places, strict=False):
        with place:
            _render_widget(name, disabled=keys.widget_key(name) in link.locked)


def _render_widget(name: str, disabled: bool) -> None:
    field, key = FIELDS[name], keys.widget_key(name)
    label, explanation = _(field.title), _(field.help)
    # No bounds on the widgets, no whole numbers only, and empty is allowed: a browser that refuses a value keeps or
    # bends it without a word, and the run would start with that. The check in Hyperparameters says what was expected.
    if field.kind == "choice":
        titles = {choice.name: _(choice.title) for choice in field.choices}
        choices = (f"- **{_(choice.title)}**: {_(choice.help)}" for choice in field.choices)
        explanation = "\n".join([explanation, "", *choices])
        st.selectbox(label, list(titles), format_func=titles.__getitem__, key=key, help=explanation, disabled=disabled)
    elif field.kind == "switch":
        st.toggle(label, key=key, help=explanation, disabled=disabled)
    elif field.kind == "sizes":
        st.text_input(label, key=key, help=explanation, disabled=disabled)
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
            disabled=disabled,
        )
