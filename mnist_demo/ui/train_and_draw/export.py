"""The run on the page as a file that other programs read."""

import streamlit as st

from mnist_demo.exports.formats import EXPORTS
from mnist_demo.jobs.job import Job
from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.export.made_file import render_made_file
from mnist_demo.ui.export.state import export_job


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
        render_made_file(
            job.id,
            name,
            EXPORTS[name].file_name,
            job.history.step_count,
            keys.SAVE_EXPORT,
            export_job,
            job,
            keys.EXPORT_FORMAT,
        )
