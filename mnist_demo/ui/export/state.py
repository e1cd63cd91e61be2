"""Session state of exports: the file that a visitor has made of a run, beside the page, which does not wait for it."""

import contextlib
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass

import streamlit as st

from mnist_demo.errors import RunError
from mnist_demo.exports.beside import build_beside
from mnist_demo.exports.exported_run import ExportedRun
from mnist_demo.exports.formats import EXPORTS, build_export
from mnist_demo.jobs.job import Job
from mnist_demo.saved_runs.exporting import exported_job, exported_run
from mnist_demo.saved_runs.records import RunRecord
from mnist_demo.translation import current_language, use_language
from mnist_demo.ui.resources import export_builder, run_store

QUICK_SECONDS = 0.3
_TASK = "export-task"


@dataclass(frozen=True, eq=False)
class ExportTask:
    """A file of format `name`, of a run as it was after `step` steps: being made, made, or failed."""

    run_id: str
    name: str
    step: int
    content: "Future[bytes]"


def export_job(job: Job, key: str) -> None:
    """Have the file made that is chosen in the widget of that key, of a run as it is now; for callbacks."""
    try:
        record = run_store().find(job.id)
    except RunError:
        record = None  # an unreadable folder is no reason not to export what is here
    run = exported_job(job, record)
    _start(job.id, key, run.history.step_count, lambda: run)


def export_saved(record: RunRecord, key: str) -> None:
    """Have the file made that is chosen in the widget of that key, of a saved run; for callbacks."""
    store = run_store()
    with contextlib.suppress(RunError):  # loading it will say what is wrong
        record = store.find(record.id) or record  # while it trains, more is known of it than is saved
    _start(record.id, key, record.step, lambda: exported_run(*store.load(record.id)))


def _start(run_id: str, key: str, step: int, load: Callable[[], ExportedRun]) -> None:
    name = st.session_state.get(key)
    if name not in EXPORTS:
        st.session_state.pop(_TASK, None)
        return
    task = export_task(run_id, name)
    if task is not None and task.step == step and not task.content.done():
        return  # asked for twice
    content = export_builder().submit(_build, load, name, current_language())
    if EXPORTS[name].is_quick:
        wait([content], QUICK_SECONDS)  # so it is there when the page is drawn
    st.session_state[_TASK] = ExportTask(run_id, name, step, content)


def _build(load: Callable[[], ExportedRun], name: str, language: str) -> bytes:
    use_language(language)  # of the visitor; this thread makes files for others too
    return (build_export if EXPORTS[name].is_quick else build_beside)(load(), name)


def export_task(run_id: str, name: str) -> ExportTask | None:
    """Return the file that was asked for last, if it is one of that run in that format."""
    task: ExportTask | None = st.session_state.get(_TASK)
    return task if task is not None and (task.run_id, task.name) == (run_id, name) else None
