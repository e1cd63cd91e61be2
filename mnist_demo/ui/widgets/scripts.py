"""Scripts of this program's own that the browser runs beside the page."""

import streamlit as st


def run_script(javascript: str) -> None:
    """Have the browser run `javascript`, never a visitor's text, whenever it differs from before; it takes no room."""
    st.html(f"<script>{javascript}</script>", unsafe_allow_javascript=True)
