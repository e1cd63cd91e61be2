"""The run on the page as a file that other programs read."""

import streamlit as st

from mnist_demo.exports.formats import EXPORTS
from mnist_demo.jobs.job import Job
from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.export.made_file import render_made_file
from mnist_demo.ui.export.state import export_job, export_task


@st.fragment  # it alone is drawn anew while a file is made: drawn with the page, it might close under one's hand
def render_export(job: Job) -> None:
    """Draw the choice of formats, and the button that saves the file once it is made."""
    with (
        st.container(key=keys.EXPORT),
        st.popover(_("Export"), icon=":material/download:"),
        st.container(key=keys.EXPORT_CHOICE),  # of a fixed width: the list stays where it is
    ):
        name = st.selectbox(
            _("Format"),
            list(EXPORTS),
            index=None,
            placeholder=_("Choose a format"),
            format_func=lambda name: _(EXPORTS[name].title),
            key=keys.EXPORT_FORMAT,
            on_change=export_job,
            args=(job, keys.EXPORT_FORMAT),
        )
        if name is None:
            return
        st.caption(_(EXPORTS[name].help))
        task = export_task(job.id, name)
        if task is not None:
            render_made_file(task, EXPORTS[name].file_name, keys.SAVE_EXPORT)
        if task is None or (task.content.done() and task.step != job.history.step_count):
            st.button(
                _("Make it from the run as it is now") if task else _("Make the file"),
                key=keys.MAKE_EXPORT,
                icon=":material/refresh:",
                on_click=export_job,
                args=(job, keys.EXPORT_FORMAT),
            )
