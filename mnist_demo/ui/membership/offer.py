"""A drawing that a pupil shows to her class."""

import streamlit as st

from mnist_demo.drawing.collection import LabelledDrawing
from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.membership.state import class_commands, membership
from mnist_demo.ui.ownership import perform
from mnist_demo.ui.resources import class_store


def render_offer(drawing: LabelledDrawing) -> None:
    """Draw the button that shows `drawing` on the class's page, for visitors who are in an open class."""
    found = membership()
    if found is None or not found.record.is_open:
        return
    offered = class_store().offers(found.record.code).get(found.key)
    if offered is not None and offered.json == drawing.json:
        st.caption(_("The class sees this drawing now."))
        return
    st.button(
        _("Show it to the class"),
        key=keys.OFFER_DRAWING,
        icon=":material/present_to_all:",
        on_click=perform,
        args=(class_commands().offer, found.record.code, drawing),
    )
