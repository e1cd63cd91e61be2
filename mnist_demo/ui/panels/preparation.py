"""The way from the drawing to the model's input, stage by stage, each of which can be turned off."""

import streamlit as st

from mnist_demo.preparation.stages import SWITCHES, Stage
from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.pictures import stages_html


def render_preparation(stages: list[Stage]) -> None:
    """Draw the stages as small pictures with a sentence each, and the switches that turn them off."""
    with st.expander(_("How your drawing becomes what the model sees")):
        titles = {stage.name: _(stage.title) for stage in stages}
        st.pills(
            _("Turn off"),
            SWITCHES,
            selection_mode="multi",
            format_func=lambda name: titles.get(name, name),
            key=keys.STAGES_OFF,
            help=_("With all of them off, the canvas is merely shrunk, as most demos do: watch the reading go wrong."),
        )
        st.html(stages_html([(_(stage.title), _(stage.explanation), stage.image, stage.enabled) for stage in stages]))
