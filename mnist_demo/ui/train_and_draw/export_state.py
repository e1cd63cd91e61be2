"""The file that a visitor is having made of a run, one at a time."""

import contextvars
from concurrent.futures import Future, wait
from dataclasses import dataclass

import streamlit as st

from mnist_demo.errors import RunError
from mnist_demo.exports.beside import build_beside
from mnist_demo.exports.formats import EXPORTS, build_export
from mnist_demo.jobs.job import Job
from mnist_demo.saved_runs.exporting import exported_job
from mnist_demo.ui import keys
from mnist_demo.ui.resources import export_builder, run_store

QUICK_SECONDS = 0.3
_TASK = "export-task"


@dataclass(frozen=True, eq=False)
class ExportTask:
    """A file of format `name`, of a run as it was after `step` steps: being made, made, or failed."""

    job_id: str
    name: str
    step: int
    content: "Future[bytes]"


def start_export(job: Job) -> None:
    """Have the file made that is chosen in the list of formats; for callbacks."""
    name = st.session_state.get(keys.EXPORT_FORMAT)
    if name not in EXPORTS:
        st.session_state.pop(_TASK, None)
        return
    try:
        record = run_store().find(job.id)
    except RunError:
        record = None  # an unreadable folder is no reason not to export what is here
    run = exported_job(job, record)
    build = build_export if EXPORTS[name].is_quick else build_beside
    # In the visitor's context, which has her language.
    content = export_builder().submit(contextvars.copy_context().run, build, run, name)
    if EXPORTS[name].is_quick:
        wait([content], QUICK_SECONDS)  # so it is there when the page is drawn
    st.session_state[_TASK] = ExportTask(job.id, name, run.history.step_count, content)


def export_task(job: Job) -> ExportTask | None:
    """Return the file that was asked for last, if it is one of `job`."""
    task: ExportTask | None = st.session_state.get(_TASK)
    return task if task is not None and task.job_id == job.id else None
