"""Session state of the page “Class”: the class that is shown, the codes that were tried, the drawing looked at."""

import streamlit as st

from mnist_demo.classes.records import ClassRecord
from mnist_demo.classes.store import code_from
from mnist_demo.errors import ClassError, MnistDemoError
from mnist_demo.translation import _
from mnist_demo.ui import keys, visitor_state
from mnist_demo.ui.class_.settings import read_link_fields
from mnist_demo.ui.membership import state as membership_state
from mnist_demo.ui.membership.state import class_commands, membership
from mnist_demo.ui.ownership import attempt
from mnist_demo.ui.resources import class_store, class_tries

CODE_PARAMETER = "code"
_SHOWN, _TRIED = "class-shown", "class-codes-tried"
_LEAVING, _SELECTED = "leaving-the-class-page", "drawing-selected"


def shown_code() -> str:
    """Return the code of the class to show, empty where none is; the address names it."""
    if _SHOWN not in st.session_state:
        # Only then: later the browser may still send the address from before the last click.
        found = membership()
        asked = code_from(st.query_params.get(CODE_PARAMETER, ""))
        st.session_state[_SHOWN] = asked or (found.record.code if found else "")
    code: str = st.session_state[_SHOWN]
    if code:
        if st.query_params.get(CODE_PARAMETER) != code:
            st.query_params[CODE_PARAMETER] = code
    else:
        st.query_params.pop(CODE_PARAMETER, None)
    return code


def show_class(code: str) -> None:
    st.session_state[_SHOWN] = code
    select_drawing("")


def show_typed_class() -> None:
    show_class(code_from(st.session_state[keys.CLASS_TO_JOIN]))


def try_code(code: str) -> ClassRecord:
    """Return the class of a code, for somebody who is not in it.

    Raises
    ------
    ClassError
        When there is none, or too many wrong codes came from where she is.
    """
    tried: set[str] = st.session_state.setdefault(_TRIED, set())
    place = st.context.ip_address or "this machine"
    wrong = _("There is no class with this code: look at it again on the projector, or ask your teacher.")
    if code in tried:  # a page that refreshes tries nothing anew
        raise ClassError(wrong)
    if not class_tries().may_try(place):
        raise ClassError(_("Too many wrong codes came from your network: try again in ten minutes."))
    record = class_store().find(code)
    if record is None:
        class_tries().note_wrong(place)
        tried.add(code)
        raise ClassError(wrong)
    return record


def create() -> None:
    """Open a class as the form says, and show it."""
    try:
        link = read_link_fields("", {})
        show_class(class_commands().create(st.session_state[keys.CLASS_NAME], link).code)
        visitor_state.drop_notices()
    except MnistDemoError as error:
        visitor_state.notify(str(error))


def change_link(record: ClassRecord) -> None:
    """Give a class the language and the settings that the form says; its pupils' pages follow."""
    try:
        class_commands().set_link(record.code, read_link_fields(record.code, record.link))
    except MnistDemoError as error:
        visitor_state.notify(str(error))


def join(code: str) -> None:
    """Join the class with the nickname in the form, and go where digits are drawn."""
    try:
        membership_state.join(code, st.session_state[keys.NICKNAME])
    except ClassError as error:
        visitor_state.notify(str(error))
        return
    visitor_state.drop_notices()
    st.session_state[_LEAVING] = True


def wants_to_leave() -> bool:
    """Tell, once, whether a class has just been joined: her work is on another page."""
    return bool(st.session_state.pop(_LEAVING, False))


def leave(with_things: bool) -> None:
    if attempt(membership_state.leave, with_things):
        show_class("")


def delete(code: str) -> None:
    """Delete a class, and go where it can be brought back."""
    if attempt(class_commands().delete, code):
        show_class("")


def undelete(code: str) -> None:
    if attempt(class_commands().undelete, code):
        show_class(code)


def select_drawing(name: str) -> None:
    """Look at one drawing of the gallery; an empty name at none."""
    st.session_state[_SELECTED] = name


def selected_drawing() -> str:
    name: str = st.session_state.get(_SELECTED, "")
    return name
