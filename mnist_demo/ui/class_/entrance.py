"""The way into a class: opened by its teacher, joined by its pupils."""

import streamlit as st

from mnist_demo.classes.records import MAX_NAME, MAX_NICKNAME, ClassRecord
from mnist_demo.translation import _, ngettext
from mnist_demo.ui import keys
from mnist_demo.ui.class_ import state as class_state
from mnist_demo.ui.class_.settings import render_link_fields
from mnist_demo.ui.membership.state import class_commands
from mnist_demo.ui.widgets.markdown import escape_markdown


def render_entrance() -> None:
    """Draw the field for a code, the form that opens a class, and the classes that this visitor teaches or deleted."""
    with st.container(key="class-entrance"):
        with st.form("find-class", border=True):
            st.markdown(_("## Join a class"))
            st.text_input(_("Code of the class"), key=keys.CLASS_TO_JOIN, max_chars=300, placeholder="abcde-fghjk")
            st.form_submit_button(
                _("Go to the class"),
                key=keys.GO_TO_CLASS,
                icon=":material/arrow_forward:",
                on_click=class_state.show_typed_class,
            )
        _render_opening()
    _render_taught()


def _render_opening() -> None:
    with st.form("open-class", border=True):
        st.markdown(_("## Open a class"))
        st.caption(
            _(
                "Your pupils join it by a link or a code; their runs and the digits that they label come together on "
                "one page, made for a projector. It is yours in this browser."
            )
        )
        st.text_input(_("Name of the class"), key=keys.CLASS_NAME, max_chars=MAX_NAME, placeholder=_("7b"))
        render_link_fields("", {})
        st.form_submit_button(
            _("Open the class"),
            key=keys.CREATE_CLASS,
            type="primary",
            icon=":material/groups:",
            on_click=class_state.create,
        )


def _render_taught() -> None:
    taught, deleted = class_commands().taught(), class_commands().deleted()
    if not taught and not deleted:
        return
    st.markdown(_("## My classes"))
    for record in deleted:
        _render_deleted(record)
    with st.container(key=keys.CLASS_ALL, horizontal=True):
        for record in taught:
            members = ngettext("{count} pupil", "{count} pupils", len(record.members)).format(count=len(record.members))
            label = _("**{name}**, {pupils}").format(name=escape_markdown(record.name), pupils=members)
            st.button(
                label, key=f"{keys.CLASS_SHOW}{record.code}", on_click=class_state.show_class, args=(record.code,)
            )


def _render_deleted(record: ClassRecord) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        words = _("The class “{name}” is deleted. It can be brought back for a day.")
        st.markdown(words.format(name=escape_markdown(record.name)))
        st.button(
            _("Undo"),
            key=f"{keys.CLASS_UNDO}{record.code}",
            icon=":material/undo:",
            on_click=class_state.undelete,
            args=(record.code,),
        )


def render_joining(record: ClassRecord) -> None:
    """Draw the name of a class and the field for a nickname: all that a code alone lets one see."""
    with st.container(key="class-entrance"), st.form("join-class", border=True):
        st.markdown(_("## Join the class “{name}”").format(name=escape_markdown(record.name)))
        if not record.is_open:
            st.caption(_("This class is closed: nobody joins it, and nothing is added."))
            st.form_submit_button(_("Join"), key=keys.JOIN_CLASS, disabled=True)
            return
        st.text_input(_("Nickname"), key=keys.NICKNAME, max_chars=MAX_NICKNAME)
        st.caption(
            _(
                "The class sees it beside the runs that you train and the digits that you label from now on. Nothing "
                "else is asked, and you can leave at any time and take your things along."
            )
        )
        st.form_submit_button(
            _("Join"),
            key=keys.JOIN_CLASS,
            type="primary",
            icon=":material/login:",
            on_click=class_state.join,
            args=(record.code,),
        )
