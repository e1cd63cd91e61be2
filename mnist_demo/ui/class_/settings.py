"""The fields for what everybody's page has in a class: its language, and its settings with what is locked of them."""

from collections.abc import Mapping

import streamlit as st

from mnist_demo.settings.links import PRESET, Restrictions, address_of_settings, settings_from_address
from mnist_demo.translation import _, language_names
from mnist_demo.ui import keys
from mnist_demo.ui.form import state as form_state
from mnist_demo.ui.form.single_settings import read_restrictions, render_single_settings
from mnist_demo.ui.language.state import PARAMETER

FREE, CHOSEN, LOCKED, HIDDEN = "free", "chosen", "locked", "hidden"


def render_link_fields(code: str, link: Mapping[str, str]) -> None:
    """Draw the fields for the class of that code, as its `link` is now; both are empty for one that is to be opened."""
    languages = {"": _("The language of each one’s browser"), **language_names()}
    language = link.get(PARAMETER, "")
    st.selectbox(
        _("Language"),
        list(languages),
        index=list(languages).index(language) if language in languages else 0,
        format_func=languages.__getitem__,
        key=f"{keys.CLASS_LANGUAGE}{code}",
    )
    settings = {
        FREE: _("Everybody chooses freely"),
        CHOSEN: _("Everybody begins with my settings"),
        LOCKED: _("Everybody has my settings, locked"),
        HIDDEN: _("Everybody has my settings, hidden"),
    }
    before = Restrictions.from_address(link)
    now = HIDDEN if before.all_hidden else LOCKED if before.all_locked else CHOSEN if PRESET in link else FREE
    st.selectbox(
        _("Settings"),
        list(settings),
        index=list(settings).index(now),
        format_func=settings.__getitem__,
        key=f"{keys.CLASS_SETTINGS}{code}",
        help=_("Your settings are those that are in your form on “Train and draw” now."),
    )
    if PRESET in link:
        st.toggle(
            _("Use the settings that are in my form now"),
            key=f"{keys.CLASS_TAKE_SETTINGS}{code}",
            help=_("Otherwise the class keeps those that it has, and only what is locked or hidden changes."),
        )
    with st.expander(_("Lock or hide single settings"), icon=":material/lock:", key=f"class-single{code}"):
        st.caption(_("Everybody has your values of these and cannot change them; the other settings are free."))
        render_single_settings(f"{keys.CLASS_LOCKED}{code}", f"{keys.CLASS_HIDDEN}{code}", before)


def read_link_fields(code: str, link: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a link as the fields say; `link` are those until now.

    Raises
    ------
    HyperparameterError
        When the settings on “Train and draw” are wanted, and cannot be.
    """
    language = st.session_state[f"{keys.CLASS_LANGUAGE}{code}"]
    wanted = st.session_state[f"{keys.CLASS_SETTINGS}{code}"]
    restrictions = read_restrictions(
        wanted in (LOCKED, HIDDEN), wanted == HIDDEN, f"{keys.CLASS_LOCKED}{code}", f"{keys.CLASS_HIDDEN}{code}"
    )
    chosen = {PARAMETER: language} if language else {}
    if wanted == FREE and restrictions == Restrictions():
        return chosen
    if PRESET in link and not st.session_state.get(f"{keys.CLASS_TAKE_SETTINGS}{code}"):
        settings, _sentences = settings_from_address(link)
    else:
        settings = form_state.read_settings()
    return chosen | address_of_settings(settings) | restrictions.as_parameters()
