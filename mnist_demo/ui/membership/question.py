"""The guess of a part of the lesson as a question to the whole class, for its teacher."""

import streamlit as st

from mnist_demo.lesson.parts import Part
from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.membership.answers import answers_html
from mnist_demo.ui.membership.state import class_commands, taught_class
from mnist_demo.ui.ownership import perform
from mnist_demo.ui.widgets.markdown import escape_markdown
from mnist_demo.ui.widgets.pulse import render_pulse

REFRESH_SECONDS = 1.5


@st.fragment
def render_question_to_class(part: Part) -> None:
    """Draw the button that asks the class this part's question, then what it answers; nothing for who teaches none."""
    record = taught_class()
    if record is None:
        return
    question = record.question
    if question is None or question.part != part.name:
        st.button(
            _("Ask the class “{name}”").format(name=escape_markdown(record.name)),
            key=f"{keys.CLASS_ASK}-{part.name}",
            icon=":material/groups:",
            on_click=perform,
            args=(class_commands().ask, record.code, part.name),
        )
        return
    with st.container(key=keys.CLASS_ANSWERS):
        st.html(answers_html(question))
        if question.is_open:
            st.button(
                _("Close the question"),
                key=f"{keys.CLASS_CLOSE_QUESTION}-{part.name}",
                icon=":material/done:",
                type="tertiary",
                on_click=perform,
                args=(class_commands().close_question, record.code),
            )
            render_pulse(REFRESH_SECONDS, keys.CLASS_ASKED_PULSE)
