"""The button that saves a file once it is made, what is shown in its place until then, and the one that makes it."""

from collections.abc import Callable

import streamlit as st

from mnist_demo.errors import MnistDemoError
from mnist_demo.exports.formats import EXPORTS
from mnist_demo.translation import _, format_decimal
from mnist_demo.ui import keys
from mnist_demo.ui.export.state import ExportTask, export_task
from mnist_demo.ui.widgets.markdown import escape_markdown
from mnist_demo.ui.widgets.pulse import render_pulse

REFRESH_SECONDS = 0.3


def render_made_file(
    run_id: str, name: str, file_name: str, step: int, key: str, make: Callable[..., None], *arguments: object
) -> None:
    """Draw the button, of that key, that saves a run in the format `name` as `file_name`; only in a fragment.

    While the file is being made, that is said, and the fragment runs again soon. Where there is none, or the run has
    come to another `step` since, a button has it made: it calls `make` with these arguments.
    """
    task = export_task(run_id, name)
    if task is not None:
        _render_task(task, file_name, key)
    if task is None or (task.content.done() and task.step != step):
        st.button(
            _("Make it from the run as it is now") if task else _("Make the file"),
            key=keys.MAKE_EXPORT,
            icon=":material/refresh:",
            on_click=make,
            args=arguments,
        )


def _render_task(task: ExportTask, file_name: str, key: str) -> None:
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
