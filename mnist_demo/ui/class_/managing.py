"""Taking things out of a class, by its teacher or, what is hers, by a pupil; closing and deleting the class."""

import streamlit as st

from mnist_demo.classes.records import ClassRecord
from mnist_demo.translation import _, format_percent
from mnist_demo.ui import keys
from mnist_demo.ui.class_ import state as class_state
from mnist_demo.ui.class_.runs import find_run
from mnist_demo.ui.class_.settings import render_link_fields
from mnist_demo.ui.membership.state import class_commands, membership
from mnist_demo.ui.ownership import perform
from mnist_demo.ui.widgets.pulse import render_pulse

REFRESH_SECONDS = 4.0


def render_managing(record: ClassRecord, is_teacher: bool) -> None:
    """Draw what this visitor may take out of the class, the way out of it, and for its teacher how to end it."""
    found = membership()
    if found is not None and found.record.code == record.code:
        with st.expander(_("My things in this class"), key=f"{keys.CLASS_MANAGE}-mine"):
            _render_runs(record, found.key)
            st.caption(_("To take a drawing out, click on it in the gallery above."))
            with st.container(horizontal=True):
                st.button(
                    _("Leave the class"),
                    key=keys.CLASS_LEAVE,
                    icon=":material/logout:",
                    help=_("Your runs and drawings stay in the class."),
                    on_click=class_state.leave,
                    args=(False,),
                )
                st.button(
                    _("Leave and take my things out"),
                    key=keys.CLASS_LEAVE_WITH,
                    icon=":material/delete:",
                    help=_("You keep them; the class does not."),
                    on_click=class_state.leave,
                    args=(True,),
                )
    if is_teacher:
        with st.expander(_("Language and settings of the class"), key=keys.CLASS_LINK):
            _render_link(record)
        with st.expander(_("Pupils and the class itself"), key=keys.CLASS_MANAGE):
            _render_pupils(record.code)
            _render_ending(record)


def _render_link(record: ClassRecord) -> None:
    with st.form("class-link-form", border=False):
        render_link_fields(record.code, record.link)
        st.form_submit_button(
            _("Use them in the class"),
            key=keys.CLASS_SET_LINK,
            icon=":material/groups:",
            help=_("The pages of the pupils follow within seconds."),
            on_click=class_state.change_link,
            args=(record,),
        )


@st.fragment
def _render_pupils(code: str) -> None:
    """Draw the choice of a pupil, anew every few seconds: most join when the page has long been drawn."""
    render_pulse(REFRESH_SECONDS, keys.CLASS_PUPILS_PULSE)
    record = class_commands().view(code)
    if record is None:
        return
    members = record.by_name()
    key = st.selectbox(
        _("Pupil"),
        list(members),
        index=None,
        format_func=lambda key: members[key].nickname if key in members else "",
        placeholder=_("Choose one to take something out of the class"),
        key=keys.CLASS_PUPIL,
        width=420,
    )
    if key not in members:
        return
    _render_runs(record, key)
    st.button(
        _("Remove this nickname, with all runs and drawings"),
        key=keys.CLASS_REMOVE,
        icon=":material/person_remove:",
        on_click=perform,
        args=(class_commands().remove_member, record.code, key),
    )


def _render_runs(record: ClassRecord, key: str) -> None:
    for run_id in record.runs_of(key):
        run = find_run(run_id)
        if run is None:
            continue
        with st.container(horizontal=True, vertical_alignment="center"):
            accuracy = "–" if run.accuracy is None else format_percent(run.accuracy, digits=2)
            words = _("{model}, {accuracy} of the test images").format(model=run.model, accuracy=accuracy)
            st.markdown(words, width="content")
            st.button(
                _("Take it out of the class"),
                key=f"{keys.CLASS_TAKE_RUN}{run_id}",
                icon=":material/delete:",
                type="tertiary",
                on_click=perform,
                args=(class_commands().take_out_run, record.code, run_id),
            )


def _render_ending(record: ClassRecord) -> None:
    with st.container(horizontal=True):
        st.button(
            _("Close the class") if record.is_open else _("Open it again"),
            key=keys.CLASS_OPENED,
            icon=":material/lock:" if record.is_open else ":material/lock_open:",
            help=_("Nobody joins a closed class, and nothing is added to it; it can still be looked at."),
            on_click=perform,
            args=(class_commands().set_open, record.code, not record.is_open),
        )
        st.button(
            _("Delete the class"),
            key=keys.CLASS_DELETE,
            icon=":material/delete:",
            help=_("With all drawings in it; runs stay with whoever trained them. It can be undone for a day."),
            on_click=class_state.delete,
            args=(record.code,),
        )
    st.caption(_("A class that nobody opens for thirty days is deleted."))
