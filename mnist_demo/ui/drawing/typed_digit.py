"""The canvas for visitors who cannot draw: its name, and the digit that is typed on it, which the program writes there.

It writes strokes, as a pen would, and does not show a test image in their place: they are prepared and read as any
drawing is, can be undone, kept with their label and trained on, and look the same whatever digits are in use.
"""

from pathlib import Path

import numpy as np
import streamlit as st

from mnist_demo.data.written_digits import write_digit
from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.drawing import state as drawing_state
from mnist_demo.ui.drawing.strokes import objects_of

WRITTEN_HEIGHT = 0.7  # of the canvas
DIGITS = [str(digit) for digit in range(10)]

_component = st.components.v2.component(
    "mnist_demo_typed_digit",
    js=Path(__file__).with_name("typed_digit.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def render_typed_digit(side: float, colour: str, pen_width: float) -> None:
    """Name the canvas, of `side` pixels, and let a digit typed on it be written with that pen; it takes no room."""

    def write() -> None:
        digit = str(st.session_state[keys.TYPED_DIGIT].get("typed"))
        if digit in DIGITS:
            strokes = write_digit(DIGITS.index(digit), np.random.default_rng())
            placed = [((stroke - 0.5) * WRITTEN_HEIGHT + 0.5) * side for stroke in strokes]
            drawing_state.replace_drawing(objects_of(placed, colour, pen_width))

    name = _("Canvas to draw a digit on. Type a digit, 0 to 9, and it is written here by hand, each time differently.")
    data = {"canvas": f".st-key-{keys.DRAWING_CANVAS}", "name": name}
    _component(key=keys.TYPED_DIGIT, data=data, on_typed_change=write)
