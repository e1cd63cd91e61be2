"""The only place that imports the canvas component, which cannot be imported outside a running page."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st
from markupsafe import Markup
from streamlit_drawable_canvas import st_canvas

from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.drawing import state as drawing_state
from mnist_demo.ui.drawing.strokes import drawn_in
from mnist_demo.ui.drawing.typed_digit import render_typed_digit
from mnist_demo.ui.widgets.scripts import run_script

CANVAS_SIZE = 280
PEN_WIDTH = 16
# The same in both themes: paper is light, ink is dark.
INK = "#16211f"
PAPER_SHADES = 16
KEY = "canvas"
SCRIPT = Path(__file__).with_name("canvas.js")


def render_canvas(on_change: Callable[[], None]) -> tuple[dict[str, Any], ...]:
    """Draw the canvas; return the objects on it, oldest first, as the component writes them.

    `on_change` is called as soon as the server hears of a stroke, before anything is drawn.
    """
    drawing = drawing_state.current_drawing()
    if KEY not in st.session_state and drawing_state.drawn_objects() != drawing.objects:
        # Another page was open in between: the browser's canvas is a new one, and gets the strokes back.
        drawing_state.replace_drawing(drawing_state.drawn_objects())
        drawing = drawing_state.current_drawing()
    paper = paper_colour(drawing.generation)
    with st.container(key=keys.DRAWING_CANVAS, width="content", gap=None):
        seen = None
        # Where the message is of no shape that the component knows, it fails once it is drawn, and nothing is seen.
        with contextlib.suppress(AttributeError, KeyError, TypeError):
            seen = st_canvas(
                height=CANVAS_SIZE,
                width=CANVAS_SIZE,
                stroke_width=PEN_WIDTH,
                stroke_color=INK,
                background_color=paper,
                initial_drawing={"objects": list(drawing.objects)},
                key=KEY,
                on_change=on_change,
            ).json_data
        # What is on paper of another shade was drawn before the browser got to know of the newest undo or clear.
        is_old = isinstance(seen, dict) and seen.get("background", paper) != paper
        objects = drawing.objects if is_old else drawn_in(seen)
        # Always there, so that nothing is drawn anew with the first stroke; canvas.js hides it as the pen goes down.
        hint = Markup('<p class="canvas-hint{}" aria-hidden="true">{}<small>{}</small></p>')
        st.html(hint.format("" if not objects else " gone", _("Draw a digit here"), _("or type one, 0 to 9")))
        render_typed_digit(CANVAS_SIZE, INK, PEN_WIDTH)
    drawing_state.note_drawn(objects)
    return objects


def prepare_canvases() -> None:
    """Have the browser prepare every canvas that is drawn from here on: once for a page, not with each stroke."""
    run_script(SCRIPT.read_text(encoding="utf-8"))


def paper_colour(generation: int) -> str:
    """Return white, for eyes; for programs a shade that differs from one generation of the drawing to the next.

    A new background is how undo and clear reach a canvas that stays in its place: one made anew in its stead takes a
    moment, and what is drawn in that moment is lost with the old one.
    """
    return f"#ffff{255 - generation % PAPER_SHADES:02x}"
