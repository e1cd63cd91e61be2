"""Save or export the run on the page in a format that other programs read."""

import streamlit as st

from mnist_demo.errors import MnistDemoError
from mnist_demo.exports.formats import EXPORTS
from mnist_demo.jobs.job import Job
from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.train_and_draw.export_state import ExportTask, export_task, start_export
from mnist_demo.ui.widgets.markdown import escape_markdown
from mnist_demo.ui.widgets.pulse import render_pulse

REFRESH_SECONDS = 0.3


@st.fragment  # it alone is drawn anew while a file is made: drawn with the page, it might close under one's hand
def render_export(job: Job) -> None:
    """Draw the choice of formats, and the button that saves the file once it is made."""
    task = export_task(job)
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
            on_change=start_export,
            args=(job,),
        )
        if name is None:
            return
        st.caption(_(EXPORTS[name].help))
        if task is not None and task.name == name and not task.content.done():
            st.markdown(_(":material/hourglass_top: Making {file} …").format(file=EXPORTS[name].file_name))
            render_pulse(REFRESH_SECONDS, keys.EXPORT_PULSE)
            return
        if task is not None and task.name == name:
            _render_made(task)
        if task is None or task.name != name or task.step != job.history.step_count:
            label = _("Make it of the run as it is now") if task else _("Make the file")
            st.button(label, key=keys.MAKE_EXPORT, icon=":material/refresh:", on_click=start_export, args=(job,))


def _render_made(task: ExportTask) -> None:
    export = EXPORTS[task.name]
    try:
        content = task.content.result()
    except MnistDemoError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    st.download_button(
        _("Save {file}, {size}").format(file=export.file_name, size=_format_size(len(content))),
        content,
        file_name=export.file_name,
        mime=export.mime,
        key=keys.SAVE_EXPORT,
        icon=":material/download:",
        type="primary",
        on_click="ignore",
    )
    st.caption(_("The run as it was after step {step}.").format(step=f"{task.step:,}"))


def _format_size(count: int) -> str:
    if count < 1_000_000:
        return _("{kilobytes} KB").format(kilobytes=f"{max(1, round(count / 1000)):,}")
    return _("{megabytes} MB").format(megabytes=f"{count / 1_000_000:.1f}")
