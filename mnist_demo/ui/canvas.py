"""The only place that imports the canvas component, which cannot be imported outside a running page."""

from typing import Any

import streamlit as st
from streamlit_drawable_canvas import st_canvas

from mnist_demo.ui import keys, state

CANVAS_SIZE = 280
PEN_WIDTH = 16
# Constant in both themes: paper is light, ink is dark, and a new background would clear the drawing.
PAPER, INK = "#ffffff", "#16211f"


def render_canvas() -> tuple[dict[str, Any], ...]:
    """Draw the canvas; return the objects on it, oldest first, as the component writes them."""
    drawing = state.current_drawing()
    if f"canvas-{drawing.generation}" not in st.session_state and state.drawn_objects() != drawing.objects:
        # Another page was open in between: the browser's canvas is a new one, and gets the strokes back.
        state.replace_drawing(state.drawn_objects())
        drawing = state.current_drawing()
    with st.container(key=keys.DRAWING_CANVAS, width="content"):
        canvas = st_canvas(
            height=CANVAS_SIZE,
            width=CANVAS_SIZE,
            stroke_width=PEN_WIDTH,
            stroke_color=INK,
            background_color=PAPER,
            initial_drawing={"objects": list(drawing.objects)},
            key=f"canvas-{drawing.generation}",
        )
    objects = tuple((canvas.json_data or {}).get("objects", ())) if canvas.json_data else drawing.objects
    state.note_drawn(objects)
    return objects
