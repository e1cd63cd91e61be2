"""Session state of a visitor in a class: which class, and what of hers joins it while she is in it."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from mnist_demo.classes.commands import ClassCommands
from mnist_demo.classes.records import ClassRecord
from mnist_demo.drawing.collection import LabelledDrawing
from mnist_demo.errors import ClassError
from mnist_demo.ui import visitor, visitor_state
from mnist_demo.ui.language.state import PARAMETER, follow_link
from mnist_demo.ui.link_state import adopt_link
from mnist_demo.ui.resources import class_store

_VALUES, _IN, _TEACHES = "class", "class-joined", "class-taught"
_ADOPTED = "class-link-adopted"


@dataclass(frozen=True)
class Membership:
    """The class that a visitor is in, and her key there."""

    record: ClassRecord
    key: str

    @property
    def nickname(self) -> str:
        return self.record.members[self.key].nickname


def class_commands() -> ClassCommands:
    """Return what this visitor can do in classes."""
    return ClassCommands(visitor.owner(), class_store())


def prepare_membership() -> None:
    """Find the class that this visitor is in, and go on with the language and settings that its teacher now wants."""
    if _IN not in st.session_state:
        kept = visitor.read_values(_VALUES)
        for name in (_IN, _TEACHES):
            code = kept.get(name)
            st.session_state[name] = code if isinstance(code, str) else ""
    found = membership()
    _adopt(found.record.link if found is not None else {})


def has_adopted(record: ClassRecord) -> bool:
    """Tell whether this page has the language and settings that the class has now."""
    return bool(st.session_state.get(_ADOPTED, {}) == record.link)


def _adopt(link: Mapping[str, str]) -> None:
    """Go on with the language and the settings that the teacher chose for all."""
    before: Mapping[str, str] = st.session_state.get(_ADOPTED, {})
    if link == before:
        return
    st.session_state[_ADOPTED] = dict(link)
    settings, settings_before = (
        {name: text for name, text in some.items() if name != PARAMETER} for some in (link, before)
    )
    if settings != settings_before:
        adopt_link(settings, st.query_params)
    if PARAMETER in link and link[PARAMETER] != before.get(PARAMETER):
        follow_link(link[PARAMETER])


def membership() -> Membership | None:
    """Return the class that this visitor is in, None where she is in none, or is not any more."""
    code = st.session_state.get(_IN)
    record = class_store().find(code) if code else None
    key = record.key_of(visitor.owner()) if record is not None else None
    if record is None or key is None or record.members[key].has_left:
        return None
    return Membership(record, key)


def taught_class() -> ClassRecord | None:
    """Return the open class of this teacher that she looked at last, if there is one."""
    code = st.session_state.get(_TEACHES)
    record = class_store().find(code) if code else None
    return record if record is not None and record.is_open and class_commands().teaches(record) else None


def note_taught(code: str) -> None:
    """Remember that she teaches this class at the moment."""
    if st.session_state.get(_TEACHES) != code:
        st.session_state[_TEACHES] = code
        visitor.keep_values(_VALUES, {_TEACHES: code})


def join(code: str, nickname: str) -> ClassRecord:
    """Join a class with that nickname, and leave the one she was in; raise ClassError where that cannot be."""
    before = membership()
    record = class_commands().join(code, nickname)
    if before is not None and before.record.code != code:
        class_commands().leave(before.record.code, with_things=False)
    st.session_state[_IN] = code
    visitor.keep_values(_VALUES, {_IN: code})
    _adopt(record.link)
    return record


def leave(with_things: bool) -> None:
    """Leave the class she is in; see `ClassCommands.leave`."""
    found = membership()
    if found is not None:
        class_commands().leave(found.record.code, with_things)
    st.session_state[_IN] = ""
    visitor.keep_values(_VALUES, {_IN: ""})
    _adopt({})


def note_run(run_id: str) -> None:
    """Let a run that this visitor started join her class."""
    found = membership()
    if found is not None and found.record.is_open:
        try:
            class_commands().add_run(found.record.code, run_id)
        except ClassError as error:  # which is no reason not to train
            visitor_state.notify_once(str(error))


def note_drawing(drawing: LabelledDrawing) -> None:
    """Let a drawing that this visitor labelled join her class."""
    found = membership()
    if found is not None and found.record.is_open:
        try:
            class_commands().add_drawing(found.record.code, drawing)
        except ClassError as error:
            visitor_state.notify_once(str(error))
