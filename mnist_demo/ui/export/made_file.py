"""The button that saves a file once it is made, and what is shown in its place until then."""

import streamlit as st

from mnist_demo.errors import MnistDemoError
from mnist_demo.exports.formats import EXPORTS
from mnist_demo.translation import _, format_decimal
from mnist_demo.ui import keys
from mnist_demo.ui.export.state import ExportTask
from mnist_demo.ui.widgets.markdown import escape_markdown
from mnist_demo.ui.widgets.pulse import render_pulse

REFRESH_SECONDS = 0.3


def render_made_file(task: ExportTask, file_name: str, key: str) -> None:
    """Draw the button, of that key, that saves the file as `file_name`, or why there is none; only in a fragment.

    While the file is being made, that is said, and the fragment runs again soon.
    """
    export = EXPORTS[task.name]
    if not task.content.done():
        st.markdown(_(":material/hourglass_top: Making {file} …").format(file=export.file_name))
        render_pulse(REFRESH_SECONDS, keys.EXPORT_PULSE)
        return
    try:
        content = task.content.result()
    except MnistDemoError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    st.download_button(
        _("Save {file}, {size}").format(file=file_name, size=_format_size(len(content))),
        content,
        file_name=file_name,
        mime=export.mime,
        key=key,
        icon=":material/download:",
        type="primary",
        on_click="ignore",
    )
    st.caption(_("The run as it was after step {step}.").format(step=format_decimal(task.step)))


def _format_size(count: int) -> str:
    if count < 1_000_000:
        return _("{kilobytes} KB").format(kilobytes=format_decimal(max(1, round(count / 1000))))
    return _("{megabytes} MB").format(megabytes=format_decimal(count / 1_000_000, ".1f"))
