"""Session state of the visitor: the secret that tells who she is, and the notices to be shown to her."""

import time
from dataclasses import dataclass

import streamlit as st

from mnist_demo.translation import translated

NOTICE_SECONDS = 15.0
COOKIE, TOKEN = "mnist_demo_visitor", "visitor-token"
_NOTICE, _SHOWN, _SAID = "notice", "notices-shown", "notices-said-once"


@dataclass(frozen=True)
class Notice:
    """A sentence for the visitor, and when it came about, in seconds of ``time.monotonic``."""

    sentence: str
    since: float


def token() -> str | None:
    """Return the visitor's secret, None before this session knows it."""
    kept: str | None = st.session_state.get(TOKEN)
    return kept


def keep_token(secret: str) -> None:
    st.session_state[TOKEN] = secret


def notify(sentence: str) -> None:
    """Keep a sentence to be shown at the top of the page, from the next run of the script on, for a while."""
    st.session_state.setdefault(_NOTICE, []).append(Notice(sentence, time.monotonic()))


def notify_once(sentence: str) -> None:
    """Keep a sentence to be shown, unless this session has been told it before."""
    said: set[str] = st.session_state.setdefault(_SAID, set())
    if sentence not in said:
        said.add(sentence)
        notify(sentence)


def begin_anew() -> None:
    """Forget all that this session knows but who the visitor is, as if she had just come."""
    for key in list(st.session_state):
        if key != TOKEN:
            del st.session_state[key]


def drop_notices() -> None:
    """Show none of the sentences any more: what they complained of has been mended."""
    for key in (_NOTICE, _SHOWN):
        st.session_state.pop(key, None)


def has_notices() -> bool:
    return _NOTICE in st.session_state


def take_notices() -> list[str]:
    """Return the sentences to show now: a run of the script that follows at once must not wipe them off."""
    notices: list[Notice] = st.session_state.pop(_NOTICE, [])
    st.session_state[_SHOWN] = [
        notice
        for notice in (*st.session_state.get(_SHOWN, ()), *notices)
        if time.monotonic() - notice.since < NOTICE_SECONDS
    ]
    return [translated(notice.sentence) for notice in st.session_state[_SHOWN]]
