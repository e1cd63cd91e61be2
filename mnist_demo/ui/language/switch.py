"""The switch between the languages that there are."""

import json

import streamlit as st

from mnist_demo.translation import _, current_language, language_names
from mnist_demo.ui import keys
from mnist_demo.ui.language import state as language_state
from mnist_demo.ui.language.streamlit_words import render_streamlit_words
from mnist_demo.ui.widgets.scripts import run_script

COOKIE_SECONDS = 400 * 24 * 60 * 60  # browsers keep a cookie no longer
# What is read aloud, hyphenated, and offered for translation by the browser follows this.
_DOCUMENT = "document.documentElement.lang = {language};"
_KEEP = "document.cookie = {cookie} + (location.protocol === 'https:' ? '; Secure' : '');"


def render_language() -> None:
    """Tell the browser which language the page is in, and let it keep the choice; nothing of this is to be seen."""
    language_state.prepare_language()
    run_script(_DOCUMENT.format(language=json.dumps(current_language())))
    render_streamlit_words()
    if kept := language_state.language_to_keep():
        cookie = f"{language_state.COOKIE}={kept}; Path=/; Max-Age={COOKIE_SECONDS}; SameSite=Lax"
        run_script(_KEEP.format(cookie=json.dumps(cookie)))


def render_language_switch() -> None:
    """Draw the languages as buttons, each as it calls itself; what goes on goes on in the other language."""
    names = language_names()
    if len(names) < 2:
        return
    st.segmented_control(
        _("Language"),
        list(names),
        required=True,
        format_func=names.__getitem__,
        key=keys.LANGUAGE,
        on_change=language_state.choose_language,
        label_visibility="collapsed",
        width="content",
    )
