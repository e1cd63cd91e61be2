"""The sentences that a visitor is to be told, drawn where each page has room for them."""

import streamlit as st

from mnist_demo.ui import visitor_state
from mnist_demo.ui.widgets.markdown import escape_markdown


def render_notices() -> None:
    """Draw the sentences that are to be said now."""
    with st.container():  # when there are none too: what stands below would be there twice for a moment as they come
        for sentence in visitor_state.take_notices():
            st.warning(escape_markdown(sentence), icon=":material/info:")
