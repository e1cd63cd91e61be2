"""Session state of the bench: the drawing on the canvas, the image inspected in its place, the labelled drawings."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from mnist_demo.drawing.collection import DrawingCollection, LabelledDrawing
from mnist_demo.ui import keys

_DRAWING = "drawing"
_DRAWN = "objects-drawn"
_INSPECTED = "image-inspected"
_MY_DRAWINGS = "my-drawings-kept"
_CHOSEN_DIGIT = "digit-of-the-number"
_KEPT_LABEL = "label-of-the-drawing-kept-last"


@dataclass(frozen=True)
class Drawing:
    """What the canvas starts from: `objects` are its strokes as the canvas component writes them.

    A new `generation` tells the browser to take these: that is how undo and clear reach it.
    """

    generation: int = 0
    objects: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, eq=False)
class InspectedImage:
    """An image that the visitor clicked on, to be read and explained in the place of her drawing.

    `image` is float32 (28, 28) in [0, 1], ink bright. `title`, Markdown, says in a few words which image it is, `name`
    how galleries call it.
    """

    image: np.ndarray
    title: str
    label: int | None = None
    name: str | None = None


def current_drawing() -> Drawing:
    drawing: Drawing = st.session_state.setdefault(_DRAWING, Drawing())
    return drawing


def replace_drawing(objects: tuple[dict[str, Any], ...]) -> None:
    """Give the canvas these strokes instead of those on it."""
    st.session_state[_DRAWING] = Drawing(current_drawing().generation + 1, objects)
    note_drawn(objects)


def note_drawn(objects: tuple[dict[str, Any], ...]) -> None:
    """Remember what is on the canvas, which is gone from the browser when another page is opened.

    A new stroke takes the place of an image that was inspected.
    """
    if objects != drawn_objects():
        inspect_image(None)
        st.session_state.pop(_KEPT_LABEL, None)
    if not objects:
        choose_digit(0)
    st.session_state[_DRAWN] = objects


def drawn_objects() -> tuple[dict[str, Any], ...]:
    """Return the strokes that were last seen on the canvas."""
    objects: tuple[dict[str, Any], ...] = st.session_state.get(_DRAWN, ())
    return objects


def choose_digit(place: int) -> None:
    """Let the digit at that place of the number on the canvas be explained, counted from 0."""
    st.session_state[_CHOSEN_DIGIT] = place


def chosen_digit(count: int) -> int:
    """Return the place of the digit that is explained, of `count` ones: the first unless another one was chosen."""
    place: int = st.session_state.get(_CHOSEN_DIGIT, 0)
    return place if place < count else 0


def inspect_image(inspected: InspectedImage | None) -> None:
    """Let `inspected` be read and explained in the place of the drawing; None goes back to the drawing."""
    st.session_state[_INSPECTED] = inspected


def inspected_image() -> InspectedImage | None:
    inspected: InspectedImage | None = st.session_state.get(_INSPECTED)
    return inspected


def stages_off() -> list[str]:
    """Return the stages of the drawing's preparation that the visitor has turned off."""
    off: list[str] = st.session_state.get(keys.STAGES_OFF) or []
    return off


def my_drawings() -> DrawingCollection:
    """Return the drawings whose right label the visitor gave in this session."""
    drawings: DrawingCollection = st.session_state.setdefault(_MY_DRAWINGS, DrawingCollection())
    return drawings


def add_drawings(drawings: DrawingCollection) -> None:
    """Keep more drawings; raise DrawingFileError when they would be too many."""
    st.session_state[_MY_DRAWINGS] = my_drawings().united_with(drawings)


def keep_drawing(drawing: LabelledDrawing) -> None:
    add_drawings(DrawingCollection((drawing,)))


def note_kept_label(label: int) -> None:
    """Remember as what the last drawing was kept, until another one is begun."""
    st.session_state[_KEPT_LABEL] = label


def kept_label() -> int | None:
    label: int | None = st.session_state.get(_KEPT_LABEL)
    return label


def forget_drawings() -> None:
    st.session_state[_MY_DRAWINGS] = DrawingCollection()
