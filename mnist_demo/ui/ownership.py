"""Runs that belong to this visitor: started here, kept on the disk, and found again after a restart."""

import dataclasses
import functools
from collections.abc import Callable

import streamlit as st

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.devices import AUTO
from mnist_demo.errors import MnistDemoError
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import ENDED, Assignment, Weights
from mnist_demo.jobs.observed_run import new_job_id
from mnist_demo.saved_runs.commands import RunCommands
from mnist_demo.saved_runs.following import FollowedJob
from mnist_demo.saved_runs.records import RunContent, RunRecord
from mnist_demo.saved_runs.reopening import reopen
from mnist_demo.training.history import History
from mnist_demo.training.speed import Speed
from mnist_demo.translation import _
from mnist_demo.ui import keys, visitor, visitor_state
from mnist_demo.ui.link_state import check_fixed
from mnist_demo.ui.membership import state as membership_state
from mnist_demo.ui.resources import builtin_dataset, cached_mnist, job_registry, orders, run_keeper, run_store
from mnist_demo.ui.streamlit_internals import session_id


def run_commands() -> RunCommands:
    """Return what this visitor can do to runs."""
    return RunCommands(visitor.owner(), job_registry(), run_keeper())


def attempt(action: Callable[..., object], *arguments: object) -> bool:
    """Do what a button asks for; keep the sentence that says why it could not be done, for the top of the page."""
    try:
        action(*arguments)
    except MnistDemoError as error:
        visitor_state.notify(str(error))
        return False
    return True


def perform(action: Callable[..., object], *arguments: object) -> None:
    """See `attempt`; for callbacks of widgets, which return nothing."""
    attempt(action, *arguments)


def start_job(
    assignment: Assignment,
    *,
    history: History | None = None,
    weights: Weights | None = None,
    job_id: str | None = None,
    is_repeatable: bool = True,
    speed: Speed = None,
) -> Job:
    """Start a run of this visitor on the device of her choice; it is saved as it goes. See `RunCommands.start`.

    A second click, in whatever tab, gets the run that the first one has just started. See `Orders`.

    Raises
    ------
    MnistDemoError
        When it cannot be started.
    """
    if assignment.initial_weights is None:  # learning some more on drawings has settings of its own
        check_fixed(assignment.hyperparameters, (change.name for change in assignment.changes))
    assignment = dataclasses.replace(assignment, device=wanted_device())
    start = functools.partial(
        run_commands().start,
        job_id or new_job_id(),
        assignment,
        session_id(),
        history=history,
        weights=weights,
        is_repeatable=is_repeatable and assignment.initial_weights is None and assignment.extra is None,
    )
    job, is_new = orders().start(visitor.owner(), assignment, start)
    if is_new:
        membership_state.note_run(job.id)
        if speed is not None:
            run_commands().set_speed(job.id, speed)
    return job


def wanted_device() -> str:
    """Return what this visitor has runs compute on: one of ``DEVICES``."""
    device: str | None = st.session_state.get(keys.DEVICE)
    return device or AUTO


def owns(run_id: str) -> bool:
    """Tell whether that run is this visitor's: only then may she pause, stop, rename or delete it."""
    return run_commands().owns(run_id)


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
    is_trained = run_store().is_trained_now(run_id)
    record, content = run_store().load(run_id)
    if is_trained and record.state not in ENDED:
        dataset = _digits_of(record, current)
        return job_registry().restore(FollowedJob(record, content, dataset, run_store()))
    return reopen_run(record, content, current)


def why_not_found(run_id: str) -> str:
    """Return a sentence for a visitor who asks for a run that `find_job` does not find."""
    if run_store().is_trained_now(run_id):
        return _("This run has just begun under another server: open its link again in a few seconds.")
    return _("The run in this address is no longer kept; start a new one.")


def reopen_run(record: RunRecord, content: RunContent, current: DigitDataset) -> Job:
    """Return a job for a saved run, with the digits that it was trained with where they are here."""
    return reopen(record, content, _digits_of(record, current), job_registry())


def _digits_of(record: RunRecord, current: DigitDataset) -> DigitDataset:
    for candidate in (lambda: current, builtin_dataset, cached_mnist):
        dataset = candidate()
        if dataset is not None and dataset.digest == record.dataset.digest:
            return dataset
    return current
