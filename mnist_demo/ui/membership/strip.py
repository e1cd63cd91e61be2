"""On every page of a visitor in a class: which class, her nickname, and the question that the class is asked."""

import streamlit as st

from mnist_demo.classes.records import Question
from mnist_demo.lesson.parts import part_named
from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.membership.state import Membership, class_commands, has_adopted, membership
from mnist_demo.ui.ownership import perform
from mnist_demo.ui.resources import class_store
from mnist_demo.ui.widgets.markdown import escape_markdown
from mnist_demo.ui.widgets.pulse import render_pulse

# A question is on all pages after so long at most; thirty pupils ask eight times a second for it, 2 ms each.
REFRESH_SECONDS = 4.0


@st.fragment
def render_membership(class_page: st.Page | None) -> None:
    """Draw the way to the class, and the question that it is asked; nothing for a visitor in no class."""
    found = membership()
    if found is None:
        return
    record = found.record
    if not has_adopted(record):  # the teacher has just changed it
        st.rerun()
    class_store().note_here(record.code, found.key)
    class_store().note_opened(record.code)
    with st.container(key=keys.CLASS_CHIP, width="content"):
        if class_page is not None:
            label = _("{class_name} · {nickname}").format(class_name=record.name, nickname=found.nickname)
            st.page_link(class_page, label=escape_markdown(label), icon=":material/groups:", width="content")
    if record.question is not None and record.question.is_open:
        _render_question(found, record.question)
    render_pulse(REFRESH_SECONDS, keys.CLASS_PULSE)


def _render_question(found: Membership, question: Question) -> None:
    part = part_named(question.part)
    key = f"{keys.CLASS_ANSWER}{part.name}-{question.asked}"
    with st.container(border=True, key=keys.CLASS_QUESTION, gap="small"):
        st.caption(_("A question to the class"))
        options = list(part.options)
        answer = question.answers.get(found.key)
        st.radio(
            f"**{_(part.question)}**",
            options,
            index=options.index(answer) if answer in options else None,
            format_func=lambda option: _(part.options[option]),
            key=key,
            on_change=_answer,
            args=(found.record.code, part.name, key),
        )
        if answer is not None:
            st.caption(_("Your answer counts. The class sees how many chose what, and not who."))


def _answer(code: str, part: str, key: str) -> None:
    perform(class_commands().answer, code, part, st.session_state[key])
