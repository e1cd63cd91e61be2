"""Runs that belong to this visitor: started here, kept on the disk, and found again after a restart."""

import dataclasses

import streamlit as st

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.devices import AUTO
from mnist_demo.errors import MnistDemoError
from mnist_demo.jobs.job import Job, new_job_id
from mnist_demo.jobs.messages import Assignment, Weights
from mnist_demo.saved_runs.records import RunRecord
from mnist_demo.saved_runs.reopening import reopen
from mnist_demo.saved_runs.store import RunContent
from mnist_demo.training.history import History
from mnist_demo.ui import keys, visitor
from mnist_demo.ui.resources import builtin_dataset, cached_mnist, job_registry, run_keeper, run_store
from mnist_demo.ui.streamlit_internals import session_id


def start_job(
    assignment: Assignment,
    *,
    history: History | None = None,
    weights: Weights | None = None,
    job_id: str | None = None,
    is_repeatable: bool = True,
) -> Job:
    """Start a run of this visitor on the device of her choice; it is saved as it goes. See `JobRegistry.start`.

    Raises
    ------
    MnistDemoError
        When it cannot be started.
    """
    job_id = job_id or new_job_id()
    assignment = dataclasses.replace(assignment, device=wanted_device())
    is_repeatable = is_repeatable and assignment.initial_weights is None and assignment.extra is None
    run_keeper().expect(job_id, visitor.owner(), is_repeatable)
    try:
        return job_registry().start(
            assignment, session_id(), history=history, weights=weights, job_id=job_id, visitor=visitor.owner()
        )
    except MnistDemoError:
        run_keeper().release(job_id)
        raise


def wanted_device() -> str:
    """Return what this visitor has runs compute on: one of ``DEVICES``."""
    device: str | None = st.session_state.get(keys.DEVICE)
    return device or AUTO


def owns(run_id: str) -> bool:
    """Tell whether that run is this visitor's, or nobody's: only then may she pause, stop, rename or delete it."""
    return run_keeper().owner(run_id) in (None, visitor.owner())


def find_job(run_id: str, current: DigitDataset) -> Job | None:
    """Return the job of a run, taken from the disk if this server does not have it; None where there is none.

    Raises
    ------
    RunError
        When the run is damaged.
    """
    job = job_registry().get(run_id)
    if job is not None or run_store().find(run_id) is None:
        return job
    record, content = run_store().load(run_id)
    return reopen_run(record, content, current)


def reopen_run(record: RunRecord, content: RunContent, current: DigitDataset) -> Job:
    """Return a job for a saved run, with the digits that it was trained with where they are here."""
    candidates = (lambda: current, builtin_dataset, cached_mnist)
    for candidate in candidates:
        dataset = candidate()
        if dataset is not None and dataset.digest == record.dataset.digest:
            return reopen(record, content, dataset, job_registry())
    return reopen(record, content, current, job_registry())
