"""The canvas with its buttons, the digit that is read from it, and how other models read the same."""

from functools import partial

import numpy as np
import streamlit as st
from markupsafe import Markup

from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.drawing import state as drawing_state
from mnist_demo.ui.drawing.canvas import render_canvas
from mnist_demo.ui.drawing.number import render_digits
from mnist_demo.ui.drawing.readers import Reading
from mnist_demo.ui.drawing.strokes import strokes_of
from mnist_demo.ui.resources import let_training_rest
from mnist_demo.ui.widgets.pictures import bars_html, picture_html, png_of, readings_html

NO_DIGIT = "–"


def read_drawing() -> list[np.ndarray]:
    """Draw the canvas and its buttons; return the strokes on it: float arrays (n_points, 2), canvas pixels, y down."""
    objects = render_canvas(on_change=let_training_rest)
    with st.container(horizontal=True, gap="small", key="drawing-buttons"):
        st.button(
            _("Undo"),
            key=keys.UNDO_DRAWING,
            icon=":material/undo:",
            type="tertiary",
            disabled=not objects,
            on_click=partial(drawing_state.replace_drawing, objects[:-1]),
        )
        st.button(
            _("Clear"),
            key=keys.CLEAR_DRAWING,
            icon=":material/delete:",
            type="tertiary",
            disabled=not objects,
            on_click=partial(drawing_state.replace_drawing, ()),
        )
    return strokes_of(objects)


def render_reading(
    image: np.ndarray, reading: Reading | None, is_digit: bool, number: list[Reading] | None = None, chosen: int = 0
) -> None:
    """Draw the digit that was read, large, with the probability of all ten and the very image that was read.

    Parameters
    ----------
    image
        float32 (28, 28) in [0, 1], bright ink.
    reading
        None before there is a drawing.
    is_digit
        Whether the drawing looks like a digit at all; if not, the page says so, and shows the reading faintly.
    number, chosen
        The readings of all digits of a number that was drawn, if it was one, and the place of `reading` among them.
    """
    key = "reading-none" if reading is None else "reading" if is_digit else "reading-doubted"
    with st.container(horizontal=True, gap="small", wrap=False, key=key):
        with st.container(width="content", gap="xsmall", key="verdict"):
            with st.container(key=keys.PREDICTED_DIGIT, width="content"):
                answer = Markup('<span class="answer {}">{}</span>')
                read = "".join(str(digit.digit) for digit in number or ([reading] if reading else []))
                st.html(answer.format("long" if len(read) > 3 else "number" if number else "", read or NO_DIGIT))
            with st.container(key=keys.MODEL_INPUT, width="content"):
                seen = _("What the model sees: 28 × 28 pixels, bright ink on black, centred.")
                st.html(picture_html(png_of(image), 64, seen))
        with st.container(key=keys.DIGIT_PROBABILITIES):
            st.html(bars_html(reading.probabilities if reading else None))
    _say(number or ([reading] if reading else []), is_digit)
    with st.container():
        if number:
            render_digits(number, chosen)
    if reading is None:
        st.caption(_("Draw a digit with mouse, pen or finger. The model reads it each time you lift the pen."))
    elif is_digit:
        st.caption(reading.reader.sentence)
    else:
        sentence = _("**I don’t think this is a digit.** If it is a digit, the closest is {digit}.")
        st.caption(sentence.format(digit=reading.digit))


def _say(read: list[Reading], is_digit: bool) -> None:
    """Say in words what is read, for visitors who cannot see it: frame.js has that spoken each time it changes."""
    number = "".join(str(reading.digit) for reading in read)
    if not read:
        words = _("Nothing is drawn.")
    elif is_digit:
        words = _("The model reads {digit}.").format(digit=number)
    else:
        words = _("This is not a digit; the closest is {digit}.").format(digit=number)
    with st.container(key=keys.DRAWING_IN_WORDS):
        st.html(Markup("<p>{}</p>").format(words))


def render_comparison(readings: list[Reading], is_drawing: bool) -> None:
    """Draw what each model makes of the drawing, or of the image in its place, where there are several models.

    Who disagrees with the first is marked.
    """
    with st.container(key=keys.READINGS):
        if len(readings) < 2:
            return
        answers = [(reading.reader.title, reading.digit, float(reading.probabilities.max())) for reading in readings]
        read = _("How each model reads this drawing") if is_drawing else _("How each model reads this image")
        st.html(readings_html(answers, read))
        if any(reading.digit != readings[0].digit for reading in readings):
            st.caption(_("The models disagree: those marked ≠ read another digit than the first."))
