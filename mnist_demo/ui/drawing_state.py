"""The drawings that a visitor has labelled, kept for her session."""

import streamlit as st

from mnist_demo.corrections import DrawingCollection, LabelledDrawing

_MY_DRAWINGS = "my-drawings-kept"


def my_drawings() -> DrawingCollection:
    """Return the drawings whose right label the visitor gave in this session."""
    drawings: DrawingCollection = st.session_state.setdefault(_MY_DRAWINGS, DrawingCollection())
    return drawings


def add_drawings(drawings: DrawingCollection) -> None:
    """Keep more drawings; raise DrawingFileError when they would be too many."""
    st.session_state[_MY_DRAWINGS] = my_drawings().united_with(drawings)


def keep_drawing(drawing: LabelledDrawing) -> None:
    add_drawings(DrawingCollection((drawing,)))


def forget_drawings() -> None:
    st.session_state[_MY_DRAWINGS] = DrawingCollection()
