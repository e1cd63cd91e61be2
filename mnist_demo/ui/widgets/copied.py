"""A text to be copied: with a button that does so where the browser lets it, and what to do where it does not."""

import streamlit as st

from mnist_demo.translation import _
from mnist_demo.ui.link_state import is_secure


def render_copied(text: str, language: str | None = None) -> None:
    """Draw `text`, which can be selected, with a button that copies it; `language` is that of a program."""
    st.code(text, language=language, wrap_lines=language != "python")  # where it would be another program
    if not is_secure():
        st.caption(
            _(
                "No button can copy it here: browsers allow that only where the address begins with https. "
                "Select the text, and copy it with Ctrl+C (⌘C on a Mac, a long press on a phone)."
            )
        )
