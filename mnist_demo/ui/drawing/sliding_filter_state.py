"""Session state of the sliding filter: the map and the place on it that were clicked last."""

import streamlit as st

_MAP = "sliding-filter-map"
_PLACE = "sliding-filter-place"


def chosen_map(count: int, otherwise: int) -> int:
    """Return the number of the map that was clicked, `otherwise` where none was or there are only `count` now."""
    number = int(st.session_state.get(_MAP, otherwise))
    return number if number < count else otherwise


def choose_map(value: str) -> None:
    """Remember a map, written as its number."""
    st.session_state[_MAP] = int(value)


def chosen_place(height: int, width: int, otherwise: tuple[int, int]) -> tuple[int, int]:
    """Return the (row, column) that was clicked, `otherwise` where none was or this map is smaller."""
    row, column = st.session_state.get(_PLACE, otherwise)
    return (row, column) if row < height and column < width else otherwise


def choose_place(value: str) -> None:
    """Remember a place, written ``row-column``."""
    row, column = map(int, value.split("-"))
    st.session_state[_PLACE] = (row, column)
