"""The page that compares runs: overlaid on one chart, in a table, and forked."""

import streamlit as st

from mnist_demo.translation import _
from mnist_demo.ui.comparison_state import comparable_runs, session_jobs
from mnist_demo.ui.panels.fork import render_fork
from mnist_demo.ui.panels.overlay import render_overlay, render_saved_choice

REFRESH_SECONDS = 0.5


def render_compare() -> None:
    """Draw the whole page, refreshed twice a second while one of the runs goes on."""
    st.markdown(_("## Compare runs"))
    render_saved_choice()
    if not comparable_runs():
        st.info(
            _("There is no run yet: press **Start training**, and change one thing afterwards."),
            icon=":material/info:",
        )
        return
    active = _active()
    st.fragment(_render_overlay, run_every=REFRESH_SECONDS if active else None)(active)
    if session_jobs():
        render_fork()


def _active() -> list[str]:
    return [job.id for job in session_jobs() if job.is_active]


def _render_overlay(active: list[str]) -> None:
    if not comparable_runs() or _active() != active:
        st.rerun()  # starts or stops the timer
    render_overlay()
