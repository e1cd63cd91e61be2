"""The stages from the drawing to the model's input, each of which can be turned off."""

from collections.abc import Callable

import streamlit as st

from mnist_demo.drawing.stages import SWITCHES, Stage
from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.drawing import state as drawing_state
from mnist_demo.ui.widgets.pictures import stages_html


def render_preparation(prepare: Callable[[], list[Stage]]) -> None:
    """Draw the stages as small pictures with a sentence each, and the switches that turn them off."""
    title = _("How your drawing becomes what the model sees")
    expander = st.expander(title, key=keys.PREPARATION, on_change="rerun")
    # Painting the stages takes longer than reading the drawing: not while nobody looks. Switches that are off stay.
    if not expander.open and not drawing_state.stages_off():
        return
    stages = prepare()
    titles = {stage.name: _(stage.title) for stage in stages}
    with expander:
        st.pills(
            _("Turn off"),
            SWITCHES,
            selection_mode="multi",
            format_func=lambda name: titles.get(name, name),
            key=keys.STAGES_OFF,
            help=_("With all of them off, the canvas is only shrunk, as in most demos: watch the model misread it."),
        )
        st.html(stages_html([(_(stage.title), _(stage.explanation), stage.image, stage.enabled) for stage in stages]))
