"""Session state of the bench: the drawing on the canvas, the image inspected in its place, the labelled drawings."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st

from mnist_demo.drawing.collection import MAX_DRAWINGS, DrawingCollection, LabelledDrawing
from mnist_demo.errors import KeepingError
from mnist_demo.saved_runs.visitors import DRAWINGS
from mnist_demo.ui import keys, visitor, visitor_state
from mnist_demo.ui.membership import state as membership_state
from mnist_demo.ui.resources import visitor_store

_DRAWING = "drawing"
_DRAWN = "objects-drawn"
_INSPECTED = "image-inspected"
_MY_DRAWINGS = "my-drawings-kept"
_CHOSEN_DIGIT = "digit-of-the-number"
_KEPT_LABEL = "label-of-the-drawing-kept-last"
_TRAINED_ON = "run-on-my-drawings"


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


@dataclass(frozen=True)
class _MyDrawings:
    """Labelled drawings as last seen: those `kept` by the server, by file, those `unkept`, and `all` together."""

    kept: dict[str, DrawingCollection | None] = field(default_factory=dict)
    unkept: DrawingCollection = field(default_factory=DrawingCollection)
    all: DrawingCollection = field(default_factory=DrawingCollection)


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
    """Return the drawings whose right label the visitor gave, in any of her tabs, now or before."""
    before: _MyDrawings = st.session_state.get(_MY_DRAWINGS, _MyDrawings())
    kept, problem = visitor_store().load(visitor.owner(), DRAWINGS, before.kept, DrawingCollection.from_bytes)
    if problem:
        visitor_state.notify_once(problem)
    if kept == before.kept:
        return before.all
    return _remember(kept, before.unkept)


def _remember(kept: dict[str, DrawingCollection | None], unkept: DrawingCollection) -> DrawingCollection:
    drawings = [drawing for some in (*kept.values(), unkept) if some is not None for drawing in some.drawings]
    together = DrawingCollection(tuple(drawings[:MAX_DRAWINGS]))  # more where two tabs reached the limit at once
    st.session_state[_MY_DRAWINGS] = _MyDrawings(kept, unkept, together)
    return together


def add_drawings(drawings: DrawingCollection) -> None:
    """Keep more drawings, for this visitor; where the server cannot, the page says so, and has them while it is open.

    Raises
    ------
    DrawingFileError
        When they would be too many; then none is kept.
    """
    here = my_drawings()
    together = here.united_with(drawings)
    together.to_bytes()  # a file of all of them must not become too large either
    already = {*here.drawings}
    new = DrawingCollection(tuple(drawing for drawing in together.drawings if drawing not in already))
    if not new:
        return
    before: _MyDrawings = st.session_state.get(_MY_DRAWINGS, _MyDrawings())
    try:
        name = visitor_store().add(visitor.owner(), DRAWINGS, new.to_bytes())
    except KeepingError as error:
        visitor_state.notify_once(str(error))
        _remember(before.kept, before.unkept.united_with(new))
    else:
        _remember({**before.kept, name: new}, before.unkept)


def keep_drawing(strokes: list[np.ndarray], label: int) -> None:
    """Keep one drawing with its label, for the class too if she is in one; see `add_drawings`."""
    drawing = LabelledDrawing(tuple(strokes), label)
    add_drawings(DrawingCollection((drawing,)))
    membership_state.note_drawing(drawing)


def note_kept_label(label: int) -> None:
    """Remember as what the last drawing was kept, until another one is begun."""
    st.session_state[_KEPT_LABEL] = label


def kept_label() -> int | None:
    label: int | None = st.session_state.get(_KEPT_LABEL)
    return label


def forget_drawings() -> None:
    """Delete all of this visitor's labelled drawings; raise KeepingError when the disk refuses."""
    visitor_store().remove(visitor.owner(), DRAWINGS)
    st.session_state.pop(_MY_DRAWINGS, None)


def note_trained_on_drawings(run_id: str) -> None:
    st.session_state[_TRAINED_ON] = run_id


def run_on_drawings() -> str | None:
    """Return the id of the last run that this visitor has started on her drawings, in this session."""
    run_id: str | None = st.session_state.get(_TRAINED_ON)
    return run_id
