"""Digits found and read in a picture: a file or a photograph."""

import streamlit as st

from mnist_demo.errors import MnistDemoError
from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.drawing.picture_state import digits_in
from mnist_demo.ui.drawing.readers import read_readers
from mnist_demo.ui.widgets.markdown import escape_markdown
from mnist_demo.ui.widgets.pictures import found_digits_html


def render_picture() -> None:
    """Draw the way to give a picture or a photograph, and the digits found in it, read in order."""
    with st.expander(_("Read a picture or a photograph")):
        picture = st.file_uploader(
            _("A picture of one digit or several"), type=["png", "jpg", "jpeg", "webp", "gif", "bmp"], key=keys.PICTURE
        )
        # The camera asks for permission as soon as it is on the page: only when it is wanted.
        if st.toggle(_("Use the camera"), key=keys.USE_CAMERA):
            picture = st.camera_input(_("Hold a digit on paper before the camera"), key=keys.CAMERA) or picture
        if picture is None:
            return
        try:
            found = digits_in(picture.getvalue())
        except MnistDemoError as error:
            st.error(escape_markdown(str(error)), icon=":material/error:")
            return
        reader = read_readers()[0]
        probabilities = [reader.predict_probabilities(digit.image[None])[0] for digit in found]
        with st.container(key=keys.FOUND_DIGITS):
            st.html(found_digits_html([digit.image for digit in found], probabilities))
        st.caption(
            _("{model}: the digits that were found, from left to right.").format(model=escape_markdown(reader.title))
        )
