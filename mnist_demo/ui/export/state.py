"""Session state of exports: the file that a visitor has made of a run, beside the page, which does not wait for it."""

import contextlib
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass

import streamlit as st

from mnist_demo.errors import ExportError, RunError
from mnist_demo.exports.exported_run import ExportedRun
from mnist_demo.exports.formats import EXPORTS, build_export
from mnist_demo.jobs.job import Job
from mnist_demo.saved_runs.exporting import exported_job, exported_run
from mnist_demo.saved_runs.records import RunRecord
from mnist_demo.translation import _, current_language, use_language
from mnist_demo.ui import visitor
from mnist_demo.ui.resources import export_builder, exports, run_store
from mnist_demo.ui.server.errands import errand
from mnist_demo.ui.streamlit_internals import session_id

QUICK_SECONDS = 0.3
EXPORT_SECONDS = 120.0  # far more than any export takes
# Of all files that visitors have had made and still have on their pages.
MAX_EXPORT_BYTES = 200_000_000
_TASK = "export-task"


@dataclass(frozen=True, eq=False)
class ExportTask:
    """A file of format `name`, in that language, of a run as it was after `step` steps: being made, made, or failed."""

    run_id: str
    name: str
    language: str
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
    owner = visitor.owner()
    # However often she asks, one file at a time: others get theirs in between.
    for (other, _session), before in list(exports().items()):
        if other == owner:
            before.cancel()
    beside = errand(build_export, seconds=EXPORT_SECONDS)
    content = export_builder().submit(_build, load, name, current_language(), beside)
    exports()[owner, session_id()] = content
    if EXPORTS[name].is_quick:
        wait([content], QUICK_SECONDS)  # so it is there when the page is drawn
    st.session_state[_TASK] = ExportTask(run_id, name, current_language(), step, content)


def _build(load: Callable[[], ExportedRun], name: str, language: str, beside: Callable[..., bytes]) -> bytes:
    use_language(language)  # of the visitor; this thread makes files for others too
    run = load()
    build = build_export if EXPORTS[name].is_quick_for(run) else beside
    content = build(run, name)
    done = [other for other in list(exports().values()) if other.done() and not other.cancelled()]
    made = [other.result() for other in done if not other.exception()]
    if len(content) + sum(map(len, made)) > MAX_EXPORT_BYTES:
        raise ExportError(_("Others are saving large files here: try again in a few minutes."))
    return content


def export_task(run_id: str, name: str) -> ExportTask | None:
    """Return the file that was asked for last, if it is one of that run in that format, and still to be had.

    One in another language than the page has now is none: what it says would be a riddle to the reader of this page.
    """
    task: ExportTask | None = st.session_state.get(_TASK)
    if task is None or task.content.cancelled():
        return None
    is_it = (task.run_id, task.name, task.language) == (run_id, name, current_language())
    return task if is_it else None
