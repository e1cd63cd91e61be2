"""The class at this moment: who is here, what was asked and offered, and the newest run of everybody."""

import streamlit as st

from mnist_demo.classes.records import ClassRecord
from mnist_demo.drawing.collection import LabelledDrawing
from mnist_demo.lesson.parts import PARTS, part_named
from mnist_demo.translation import _, ngettext
from mnist_demo.ui import keys
from mnist_demo.ui.class_.charts import build_class_chart, describe_class_chart
from mnist_demo.ui.class_.pictures import offered_html, pupils_html
from mnist_demo.ui.class_.runs import Pupil, in_order, pupils
from mnist_demo.ui.membership.answers import answers_html
from mnist_demo.ui.membership.state import class_commands
from mnist_demo.ui.ownership import perform
from mnist_demo.ui.resources import class_store
from mnist_demo.ui.widgets.choices import read_choice
from mnist_demo.ui.widgets.clickable import render_clickable
from mnist_demo.ui.widgets.pulse import render_pulse

REFRESH_SECONDS = 1.5
CHART_HEIGHT = 420
MAX_OFFERED = 6


@st.fragment
def render_live(code: str, is_teacher: bool) -> None:
    """Draw all that changes by itself, anew every other second."""
    record = class_commands().view(code)
    if record is None:  # deleted, or she was taken out
        st.rerun()
    drawings = class_store().drawings(code)
    everybody = pupils(record, class_store().here(code), drawings)
    with st.container(key=keys.CLASS_LIVE):
        st.markdown(_here(everybody))
        with st.container():
            _render_question(record, is_teacher)
        with st.container():
            _render_offered(record, is_teacher)
        if everybody:
            with st.container(key="class-runs"):
                with st.container(key="class-curves"):
                    lines = [
                        (pupil.nickname, pupil.place, pupil.run.points) for pupil in everybody if pupil.run is not None
                    ]
                    st.echarts_chart(
                        build_class_chart(lines),
                        key=keys.CLASS_CHART,
                        height=CHART_HEIGHT,
                        alt=describe_class_chart(lines),
                    )
                with st.container(key="class-list"):
                    st.html(pupils_html(_sorted(everybody) if is_teacher else everybody))
        else:
            st.info(_("Nobody is here yet. Whoever joins appears here."), icon=":material/groups:")
    render_pulse(REFRESH_SECONDS, keys.CLASS_LIVE_PULSE)


def _here(everybody: list[Pupil]) -> str:
    here = sum(pupil.is_here for pupil in everybody)
    waiting = sum(pupil.run is not None and pupil.run.state == "queued" for pupil in everybody)
    words = ngettext("**{count}** is here.", "**{count}** are here.", here).format(count=here)
    if not waiting:
        return words
    wait = ngettext("**{count}** run waits for its turn.", "**{count}** runs wait for their turn.", waiting)
    return f"{words} {wait.format(count=waiting)}"


def _sorted(everybody: list[Pupil]) -> list[Pupil]:
    """Draw the choice of an order; return the pupils in it."""
    orders = {"name": _("by name"), "accuracy": _("by test accuracy"), "handwriting": _("by the class’s handwriting")}
    return in_order(everybody, read_choice(_("Order of the list"), orders, keys.CLASS_ORDER))


def _render_question(record: ClassRecord, is_teacher: bool) -> None:
    question = record.question
    if is_teacher and record.is_open and (question is None or not question.is_open):
        with st.container(horizontal=True, vertical_alignment="bottom", key="class-ask-row"):
            part = st.selectbox(
                _("A question of the lesson"),
                [part.name for part in PARTS],
                index=None,
                format_func=lambda name: _(part_named(name).question),
                placeholder=_("Choose one to ask the class"),
                key=keys.CLASS_ASKED,
            )
            st.button(
                _("Ask the class"),
                key=keys.CLASS_ASK,
                icon=":material/help:",
                disabled=part is None,
                on_click=perform,
                args=(class_commands().ask, record.code, part),
            )
    if question is None:
        return
    with st.container(border=True, key=keys.CLASS_ANSWERS):
        st.markdown(f"**{_(part_named(question.part).question)}**")
        st.html(answers_html(question))
        if is_teacher and question.is_open:
            st.button(
                _("Close the question"),
                key=keys.CLASS_CLOSE_QUESTION,
                icon=":material/done:",
                type="tertiary",
                on_click=perform,
                args=(class_commands().close_question, record.code),
            )


def _render_offered(record: ClassRecord, is_teacher: bool) -> None:
    offered: dict[str, LabelledDrawing] = {
        key: drawing for key, drawing in class_store().offers(record.code).items() if key in record.members
    }
    shown = [(key, record.members[key].nickname, offered[key]) for key in list(offered)[:MAX_OFFERED]]
    if not shown:
        return
    pictures = [(key, nickname, drawing.image, drawing.label) for key, nickname, drawing in shown]

    def withdraw(key: str) -> None:
        perform(class_commands().withdraw_offer, record.code, key)

    if is_teacher:
        render_clickable(offered_html(pictures, with_buttons=True), keys.CLASS_OFFERED, withdraw)
    else:
        st.html(offered_html(pictures))
