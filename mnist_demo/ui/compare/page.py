"""The page “Compare”: runs overlaid on one chart, in a table, and forked."""

import streamlit as st

from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.compare.fork import render_fork
from mnist_demo.ui.compare.overlay import render_overlay, render_saved_choice
from mnist_demo.ui.compare.state import comparable_runs, session_jobs
from mnist_demo.ui.widgets.pulse import render_pulse

REFRESH_SECONDS = 0.5
LOOK_SECONDS = 1.0  # for runs that begin in other tabs


def render_compare() -> None:
    """Draw the whole page, refreshed twice a second while one of the runs goes on."""
    shown = _session_ids()
    st.markdown(_("## Compare runs"))
    with st.container():
        render_saved_choice()
    if comparable_runs():
        _render_overlay()
        if session_jobs():
            render_fork()
    else:
        st.info(
            _("There is no run yet: train a model on “Train and draw”, change one thing, and train again."),
            icon=":material/info:",
        )
    _watch(shown)


@st.fragment
def _render_overlay() -> None:
    if not comparable_runs():
        st.rerun()
    was_active = any(job.is_active for job in session_jobs())
    render_overlay()
    if was_active:
        render_pulse(REFRESH_SECONDS, keys.COMPARE_PULSE)


@st.fragment
def _watch(shown: list[str]) -> None:
    """Have the page drawn anew when a run has begun or gone since, in whatever tab."""
    if _session_ids() != shown:
        st.rerun()
    render_pulse(LOOK_SECONDS, keys.OTHER_TABS_PULSE)


def _session_ids() -> list[str]:
    return [job.id for job in session_jobs()]
