"""Session state of the page “Look inside”: the cell of the confusion matrix that is open, the random draws."""

import streamlit as st

_CELL = "confusion-cell-chosen"
_DRAWS = "insight-draws"


def chosen_cell() -> tuple[int, int] | None:
    """Return the (label, predicted) of the confusion matrix that was clicked last."""
    cell: tuple[int, int] | None = st.session_state.get(_CELL)
    return cell


def choose_cell(value: str) -> None:
    """Remember a cell, written ``label-predicted``; the same one again closes it."""
    label, predicted = map(int, value.split("-"))
    st.session_state[_CELL] = None if chosen_cell() == (label, predicted) else (label, predicted)


def draw_seed() -> int:
    """Return the seed of what is drawn at random on the page."""
    seed: int = st.session_state.setdefault(_DRAWS, 0)
    return seed


def draw_again() -> None:
    st.session_state[_DRAWS] = draw_seed() + 1
