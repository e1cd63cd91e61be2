"""Session state of the picture that is read: what was found in it, so that a refresh does not read it again."""

import hashlib

import streamlit as st

from mnist_demo.drawing.pictures_as_files import find_digits_in_file
from mnist_demo.drawing.pictures_of_digits import FoundDigit
from mnist_demo.errors import MnistDemoError
from mnist_demo.ui.server.errands import errand

# A photograph of a whole page takes about one.
PICTURE_SECONDS = 10.0
_FOUND = "picture-found"


def digits_in(content: bytes) -> list[FoundDigit]:
    """Return the digits in a picture file, found in another process; raise MnistDemoError where that cannot be done."""
    digest = hashlib.sha256(content).hexdigest()
    known: tuple[str, list[FoundDigit] | MnistDemoError] | None = st.session_state.get(_FOUND)
    if known is None or known[0] != digest:
        found: list[FoundDigit] | MnistDemoError
        try:
            found = errand(find_digits_in_file, content, seconds=PICTURE_SECONDS)()
        except MnistDemoError as error:
            found = error
        known = digest, found
        st.session_state[_FOUND] = known
    if isinstance(known[1], MnistDemoError):
        raise known[1]
    return known[1]
