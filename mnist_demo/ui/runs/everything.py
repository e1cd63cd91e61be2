"""The button that deletes everything that this server keeps about a visitor, and what that is."""

import streamlit as st

from mnist_demo.translation import _
from mnist_demo.ui import kept_runs, keys, visitor_state
from mnist_demo.ui.membership.state import class_commands, membership
from mnist_demo.ui.ownership import attempt


def render_everything() -> None:
    """Say what is kept about this visitor, and offer to delete it; nothing where nothing is."""
    kept_bytes = kept_runs.bytes_kept()
    if not kept_bytes:
        return
    with st.container(key=keys.KEPT_ABOUT_ME):
        st.markdown(_("### What this server keeps about you"))
        st.caption(
            _(
                "It takes {size:.1f} MB: runs, drawings with their labels, opened models, guesses of the lesson, and "
                "choices such as which model answers. A cookie links it to this browser. Nobody else sees any of it, "
                "except for runs whose link you shared."
            ).format(size=kept_bytes / 1e6)
        )
        if class_commands().taught() or membership() is not None:
            st.caption(
                _(
                    "Classes that you opened are deleted with it, and what you gave to somebody else’s class is taken "
                    "out of it."
                )
            )
        with st.popover(_("Delete everything kept about me"), icon=":material/delete_forever:", key=keys.DELETE_ALL):
            st.markdown(
                _(
                    "Your runs are stopped, and everything is deleted for good. Save what you want to keep as a file "
                    "first."
                )
            )
            st.button(
                _("Yes, delete everything"),
                key=keys.DELETE_ALL_NOW,
                type="primary",
                icon=":material/delete_forever:",
                on_click=_delete,
            )


def _delete() -> None:
    if attempt(kept_runs.delete_everything):
        visitor_state.notify(_("Everything that this server kept about you has been deleted."))
