"""Digits found and read in a picture: a file or a photograph."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from mnist_demo.errors import MnistDemoError
from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.drawing.picture_state import digits_in
from mnist_demo.ui.drawing.readers import read_readers
from mnist_demo.ui.link_state import is_secure
from mnist_demo.ui.widgets.markdown import escape_markdown
from mnist_demo.ui.widgets.pictures import found_digits_html, readings_html

if TYPE_CHECKING:
    from mnist_demo.rejection.pictures import ReadDigit


def render_picture() -> None:
    """Draw the way to give a picture or a photograph, and the digits found in it, read in order."""
    with st.expander(_("Read a picture or a photograph"), key=keys.READ_PICTURE):
        # Of any name: what can be read is told by the content.
        picture = st.file_uploader(_("A picture of one digit or several"), key=keys.PICTURE)
        # The camera asks for permission as soon as it is on the page: only when it is wanted.
        wants_camera = st.toggle(_("Use the camera"), key=keys.USE_CAMERA)
        if wants_camera and not is_secure():
            st.info(
                _(
                    "The camera cannot be used here: browsers allow that only where the address begins with https. "
                    "Take a photograph with your device’s own camera, and choose its file above."
                ),
                icon=":material/no_photography:",
            )
        elif wants_camera:
            picture = st.camera_input(_("Hold a digit on paper before the camera"), key=keys.CAMERA) or picture
        if picture is None:
            return
        try:
            found = digits_in(picture.getvalue())
        except MnistDemoError as error:
            st.error(escape_markdown(str(error)), icon=":material/error:")
            return
        _render_found(found)


def _render_found(found: "list[ReadDigit]") -> None:
    """Draw what was found, as the first model reads it, and beneath how all of them do."""
    # Here, not above: it brings torch, which the first page need not wait for.
    from mnist_demo.rejection.pictures import written_number

    readers = read_readers()
    images = np.stack([one.image for one in found])
    answers = [reader.predict_probabilities(images) for reader in readers]
    with st.container(key=keys.FOUND_DIGITS):
        st.html(found_digits_html(list(images), list(answers[0]), [one.is_digit for one in found]))
    numbers = [written_number(found, rows.argmax(axis=1)) for rows in answers]
    if any(one.is_digit for one in found):
        text = _("{model}: the digits that were found, from left to right.")
        st.caption(text.format(model=escape_markdown(readers[0].title)))
    elif len(found) == 1:
        text = _("**I don’t think this is a digit.** If it is a digit, the closest is {digit}.")
        st.caption(text.format(digit=numbers[0]))
    else:
        st.caption(
            _("**I don’t think these are digits.** If they are digits, the closest are {digits}.").format(
                digits=numbers[0]
            )
        )
    if len(readers) > 1:
        least_certain = [float(rows.max(axis=1).min()) for rows in answers]
        table = zip([reader.title for reader in readers], numbers, least_certain, strict=True)
        st.html(readings_html(list(table), _("How each model reads this picture")))
