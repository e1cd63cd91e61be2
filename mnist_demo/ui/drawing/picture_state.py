"""Session state of the picture that is read: what was found in it, so that a refresh does not read it again."""

import hashlib
from typing import TYPE_CHECKING

import streamlit as st

from mnist_demo.errors import MnistDemoError
from mnist_demo.ui.server.errands import errand

if TYPE_CHECKING:
    from mnist_demo.rejection.pictures import ReadDigit

# A photograph of a whole page takes about one.
PICTURE_SECONDS = 10.0
_FOUND = "picture-found"


def digits_in(content: bytes) -> "list[ReadDigit]":
    """Return the digits in a picture file, read in another process; raise MnistDemoError where that cannot be done."""
    # Here, not above: it brings torch, which the first page need not wait for.
    from mnist_demo.rejection.pictures import read_picture_file

    digest = hashlib.sha256(content).hexdigest()
    known: tuple[str, list[ReadDigit] | MnistDemoError] | None = st.session_state.get(_FOUND)
    if known is None or known[0] != digest:
        found: list[ReadDigit] | MnistDemoError
        try:
            found = errand(read_picture_file, content, seconds=PICTURE_SECONDS)()
        except MnistDemoError as error:
            found = error
        known = digest, found
        st.session_state[_FOUND] = known
    if isinstance(known[1], MnistDemoError):
        raise known[1]
    return known[1]
