"""The width of a text in a terminal or in code, in columns: a letter of Korean takes two."""

import textwrap
import unicodedata
from typing import Any

# Stands behind a wide letter while lines are broken, which counts characters.
_SECOND_COLUMN = "\0"


def padded(text: str, width: int, *, before: bool = False) -> str:
    """Return `text` with spaces behind it, or `before` it, so that it takes at least `width` columns."""
    spaces = " " * (width - len(_spread(text)))
    return spaces + text if before else text + spaces


def wrapped(text: str, width: int, **options: Any) -> list[str]:
    """Return `text` as lines of at most `width` columns; `options` are those of `textwrap.wrap`."""
    return [line.replace(_SECOND_COLUMN, "") for line in textwrap.wrap(_spread(text), width, **options)]


def _spread(text: str) -> str:
    return "".join(letter + _SECOND_COLUMN * (unicodedata.east_asian_width(letter) in "WF") for letter in text)
