"""A saved run as a file that other programs read."""

import streamlit as st

from mnist_demo.exports.formats import EXPORTS
from mnist_demo.saved_runs.exporting import file_name_of
from mnist_demo.saved_runs.records import RunRecord
from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.export.made_file import render_made_file
from mnist_demo.ui.export.state import export_saved


@st.fragment  # it alone is drawn anew while a file is made
def render_export(record: RunRecord) -> None:
    """Draw the choice of formats, and the button that saves the file once it is made."""
    name = st.radio(
        _("Format"),
        list(EXPORTS),
        index=None,
        format_func=lambda name: _(EXPORTS[name].title),
        captions=[_(export.help) for export in EXPORTS.values()],
        key=keys.RUN_FORMAT,
        on_change=export_saved,
        args=(record, keys.RUN_FORMAT),
    )
    if name is not None:
        file_name = file_name_of(record, EXPORTS[name])
        render_made_file(record.id, name, file_name, record.step, keys.SAVE_RUN, export_saved, record, keys.RUN_FORMAT)
