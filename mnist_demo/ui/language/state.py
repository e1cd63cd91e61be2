"""Session state of the visitor's language: the one that she reads, and whether she chose it, or a link did.

Without a choice of hers it is her browser's, and where that is none of ours, the server's.
"""

import streamlit as st

from mnist_demo.translation import ask_for_language, closest_language, default_language, use_language
from mnist_demo.ui import keys
from mnist_demo.ui.streamlit_internals import session_id

PARAMETER = "lang"
COOKIE = "mnist_demo_language"
_LANGUAGE, _SOURCE = "language-read", "language-source"
_CHOICE, _LINK, _BROWSER = "choice", "link", "browser"
# To Streamlit an expander of which the server knows whether it is open is another one when its title changes.
_EXPANDERS = (keys.LOOK_CLOSER, keys.ACTIVATIONS, keys.NEIGHBOURS, keys.PREPARATION)


def visitor_language() -> str | None:
    """Return the language of the visitor for whom this part of the page runs; None where it runs for nobody."""
    if not session_id():
        return None
    if _LANGUAGE not in st.session_state:
        st.session_state[_LANGUAGE], st.session_state[_SOURCE] = _first_language()
    language: str = st.session_state[_LANGUAGE]
    return language


def _first_language() -> tuple[str, str]:
    wishes = (
        (_LINK, st.query_params.get(PARAMETER)),
        (_CHOICE, st.context.cookies.get(COOKIE)),
        (_BROWSER, st.context.locale),
    )
    for source, wish in wishes:
        if isinstance(wish, str) and (language := closest_language(wish)):
            return language, source
    return default_language(), _BROWSER


def prepare_language() -> None:
    """Let the switch stand at the language in use, and the address keep what a link asked for."""
    language = visitor_language()
    st.session_state[keys.LANGUAGE] = language
    if st.session_state.get(_SOURCE) == _LINK and st.query_params.get(PARAMETER) != language:
        st.query_params[PARAMETER] = str(language)


def choose_language() -> None:
    """Read on in the language that the switch stands at; for its callback."""
    language = st.session_state[keys.LANGUAGE]
    st.session_state[_LANGUAGE], st.session_state[_SOURCE] = language, _CHOICE
    st.query_params.pop(PARAMETER, None)
    use_language(language)
    for key in _EXPANDERS:
        if key in st.session_state:
            st.session_state[key] = st.session_state[key]


def follow_link(language: str) -> None:
    """Read on in the language that a link asks for, unless the visitor chose one herself."""
    visitor_language()
    if st.session_state.get(_SOURCE) != _CHOICE and closest_language(language) == language:
        st.session_state[_LANGUAGE], st.session_state[_SOURCE] = language, _LINK
        use_language(language)


def language_to_keep() -> str:
    """Return what her browser is to keep in a cookie: the language that she chose, or an empty text."""
    return str(st.session_state[_LANGUAGE]) if st.session_state.get(_SOURCE) == _CHOICE else ""


def link_parameters() -> dict[str, str]:
    """Return what a link to this page says of its language: that which was chosen, by the visitor or by her link."""
    visitor_language()
    return {} if st.session_state.get(_SOURCE) == _BROWSER else {PARAMETER: str(st.session_state[_LANGUAGE])}


# Once for the process: whatever of the page makes a text, in whatever thread, asks here.
ask_for_language(visitor_language)
