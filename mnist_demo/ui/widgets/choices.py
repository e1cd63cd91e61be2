"""A choice of one from a few, the same wherever the page has one: always one is chosen, the first to begin with."""

from collections.abc import Mapping
from typing import TypeVar, overload

import streamlit as st

from mnist_demo.translation import _

Name = TypeVar("Name", bound=str)


def read_choice(label: str, titles: Mapping[Name, str], key: str) -> Name:
    """Draw a row of buttons and return the name of the one that is chosen.

    Parameters
    ----------
    label
        For a reader of the screen: the buttons speak for themselves.
    titles
        What is written on each button, by name, in order.
    """
    chosen: Name = st.segmented_control(
        label,
        list(titles),
        default=next(iter(titles)),
        required=True,
        format_func=titles.__getitem__,
        key=key,
        label_visibility="collapsed",
    )
    return chosen


@overload
def read_digit(key: str) -> int: ...
@overload
def read_digit(key: str, otherwise: str) -> int | None: ...
def read_digit(key: str, otherwise: str | None = None) -> int | None:
    """Draw a button for each digit and return the one that is chosen.

    With `otherwise` there is another button before them, called so and chosen to begin with, which returns None.
    """
    # Options are compared as text: a 0 and None would both be nothing to the widget.
    titles = {} if otherwise is None else {"": otherwise}
    titles |= {str(digit): str(digit) for digit in range(10)}
    chosen: str = st.pills(
        _("Digit"),
        list(titles),
        default=next(iter(titles)),
        required=True,
        format_func=titles.__getitem__,
        key=key,
        label_visibility="collapsed",
        width="content",
    )
    return int(chosen) if chosen else None
