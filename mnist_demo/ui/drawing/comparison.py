"""Side by side: what every model that can answer makes of the same drawing."""

import streamlit as st

from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.drawing.readers import Reading
from mnist_demo.ui.widgets.pictures import readings_html


def render_comparison(readings: list[Reading]) -> None:
    """Draw a line for each model, where there are several; who disagrees with the first is marked."""
    if len(readings) < 2:
        return
    with st.container(key=keys.READINGS):
        answers = [(reading.reader.title, reading.digit, float(reading.probabilities.max())) for reading in readings]
        st.html(readings_html(answers))
        if any(reading.digit != readings[0].digit for reading in readings):
            st.caption(_("The models disagree: those marked ≠ read another digit than the first."))
