"""Session state of the page “Class”: the class that is shown, the codes that were tried, what was deleted last."""

import streamlit as st

from mnist_demo.classes.records import ClassRecord
from mnist_demo.classes.store import code_from
from mnist_demo.errors import ClassError
from mnist_demo.settings.links import HIDE, LOCKED, address_of_settings, settings_from_address
from mnist_demo.translation import _
from mnist_demo.ui import keys, state, visitor_state
from mnist_demo.ui.language.state import PARAMETER
from mnist_demo.ui.membership import state as membership_state
from mnist_demo.ui.membership.state import class_commands, membership
from mnist_demo.ui.ownership import attempt
from mnist_demo.ui.resources import class_store, class_tries

CODE_PARAMETER = "code"
_SHOWN, _TRIED, _DELETED, _LEAVING, _SELECTED = (
    "class-shown",
    "class-codes-tried",
    "class-deleted-last",
    "leaving-the-class-page",
    "drawing-selected",
)


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
    """Return the class of a code that somebody has who is not in it.

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
    link: dict[str, str] = {}
    if st.session_state[keys.CLASS_LANGUAGE]:
        link[PARAMETER] = st.session_state[keys.CLASS_LANGUAGE]
    wanted = st.session_state[keys.CLASS_SETTINGS]
    try:
        if wanted != "free":
            link |= address_of_settings(state.read_settings())
        link |= {LOCKED: "1"} if wanted in ("locked", "hidden") else {}
        link |= {HIDE: "settings"} if wanted == "hidden" else {}
        show_class(class_commands().create(st.session_state[keys.CLASS_NAME], link).code)
        visitor_state.drop_notices()
    except (ClassError, ValueError) as error:
        visitor_state.notify(str(error))


def join(code: str) -> None:
    """Join the class with the nickname in the form, and go where digits are drawn."""
    try:
        record = membership_state.join(code, st.session_state[keys.NICKNAME])
    except ClassError as error:
        visitor_state.notify(str(error))
        return
    visitor_state.drop_notices()
    settings = {name: text for name, text in record.link.items() if name != PARAMETER}
    if settings:
        state.write_settings(settings_from_address(settings)[0])
    st.session_state[_LEAVING] = True


def wants_to_leave() -> bool:
    """Tell, once, whether a class has just been joined: her work is on another page."""
    return bool(st.session_state.pop(_LEAVING, False))


def leave(with_things: bool) -> None:
    if attempt(membership_state.leave, with_things):
        show_class("")


def delete(record: ClassRecord) -> None:
    if attempt(class_commands().delete, record.code):
        st.session_state[_DELETED] = record
        show_class("")


def last_deleted() -> ClassRecord | None:
    """Return the class that was deleted last, as long as that can be undone."""
    deleted: ClassRecord | None = st.session_state.get(_DELETED)
    return deleted


def undelete(record: ClassRecord) -> None:
    st.session_state[_DELETED] = None
    if attempt(class_commands().undelete, record.code):
        show_class(record.code)


def select_drawing(name: str) -> None:
    """Look at one drawing of the gallery; an empty name at none."""
    st.session_state[_SELECTED] = name


def selected_drawing() -> str:
    name: str = st.session_state.get(_SELECTED, "")
    return name
