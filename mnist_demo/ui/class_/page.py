"""The page “Class”: a class is opened or joined here, and seen by its teacher and its pupils."""

from pathlib import Path

import streamlit as st

from mnist_demo.classes.links import class_link, network_address
from mnist_demo.classes.records import ClassRecord
from mnist_demo.errors import ClassError
from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.class_ import state as class_state
from mnist_demo.ui.class_.entrance import render_entrance, render_joining
from mnist_demo.ui.class_.handwriting import render_handwriting
from mnist_demo.ui.class_.live import render_live
from mnist_demo.ui.class_.managing import render_managing
from mnist_demo.ui.class_.pictures import join_html, qr_code
from mnist_demo.ui.language.state import PARAMETER
from mnist_demo.ui.link_state import CLASS, page_address
from mnist_demo.ui.membership.state import class_commands, note_taught
from mnist_demo.ui.resources import class_store
from mnist_demo.ui.widgets.markdown import escape_markdown

STYLE = Path(__file__).with_name("class.css")


def render_class(train_and_draw: st.Page) -> None:
    """Draw the class of this visitor, else the way into one; a pupil who joins goes to `train_and_draw`."""
    if class_state.wants_to_leave():
        st.switch_page(train_and_draw)
    st.html(STYLE)
    code = class_state.shown_code()
    record = class_commands().view(code) if code else None
    if record is not None:
        _render_inside(record)
        return
    if code:
        try:
            render_joining(class_state.try_code(code))
            return
        except ClassError as error:
            st.error(escape_markdown(str(error)), icon=":material/error:")
    render_entrance()


def _render_inside(record: ClassRecord) -> None:
    class_store().note_opened(record.code)
    is_teacher = class_commands().teaches(record)
    if is_teacher:
        note_taught(record.code)
    with st.container(horizontal=True, vertical_alignment="center", key=keys.CLASS_BAND):
        st.markdown(f"## {escape_markdown(record.name)}", width="content")
        if not record.is_open:
            st.caption(_("This class is closed: nobody joins it, and nothing is added."), width="content")
        elif is_teacher:
            st.toggle(_("Show how to join"), value=True, key=keys.CLASS_HOW_TO_JOIN, width="content")
    with st.container():  # empty or not, so that what is open below stays open
        if is_teacher and record.is_open and st.session_state[keys.CLASS_HOW_TO_JOIN]:
            link = _link_to(record)
            st.html(join_html(link, record.code, qr_code(link)))
    render_live(record.code, is_teacher)
    render_handwriting(record, is_teacher)
    render_managing(record, is_teacher)


def _link_to(record: ClassRecord) -> str:
    host = network_address(st.get_option("server.address"))
    return class_link(page_address() + CLASS, record.code, record.link.get(PARAMETER, ""), host)
