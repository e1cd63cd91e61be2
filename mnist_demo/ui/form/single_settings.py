"""The choice of single settings that others see and cannot change, or do not see."""

import streamlit as st

from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.links import ALL_SETTINGS, HIDE, LOCKED, Restrictions, parameter_of
from mnist_demo.translation import _

NOTHING = Restrictions()


def render_single_settings(locked_key: str, hidden_key: str, before: Restrictions = NOTHING) -> None:
    """Draw a field for the settings to lock and one for those to hide, to begin with as they were `before`."""
    titles = {parameter_of(name): _(field.title) for name, field in FIELDS.items()}
    locked, hidden = _("Lock only these"), _("Hide only these")
    for label, key, chosen in ((locked, locked_key, before.locked), (hidden, hidden_key, before.hidden)):
        st.multiselect(
            label,
            list(titles),
            default=[] if chosen.issuperset(titles) else [name for name in titles if name in chosen],
            format_func=titles.__getitem__,
            placeholder=_("None"),
            key=key,
        )


def read_restrictions(lock_all: bool, hide_all: bool, locked_key: str, hidden_key: str) -> Restrictions:
    """Return what is locked and hidden: all of it, or what those fields say."""
    locked, hidden = (",".join(st.session_state.get(key) or ()) for key in (locked_key, hidden_key))
    return Restrictions.from_address(
        {LOCKED: ALL_SETTINGS if lock_all else locked, HIDE: ALL_SETTINGS if hide_all else hidden}
    )
