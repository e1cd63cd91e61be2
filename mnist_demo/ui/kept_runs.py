"""A visitor's saved runs: opened, continued, deleted; and everything that is kept about her, deleted."""

import dataclasses

from mnist_demo.errors import RunError
from mnist_demo.insight.comparison import distinguishing_settings
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import STATE_WORDS, Assignment
from mnist_demo.jobs.observed_run import new_job_id
from mnist_demo.saved_runs.records import DatasetFacts, RunRecord, curve_of, metrics_of, now
from mnist_demo.saved_runs.reopening import check_can_go_on, epochs_to_go
from mnist_demo.translation import N_, _
from mnist_demo.ui import state, visitor, visitor_state
from mnist_demo.ui.form import state as form_state
from mnist_demo.ui.membership.state import class_commands
from mnist_demo.ui.ownership import find_job, owns, run_commands, start_job
from mnist_demo.ui.resources import class_store, job_registry, run_store, visitor_store
from mnist_demo.ui.server.models import has_unusable_model

UNUSABLE_MODEL = N_(
    "The model of this run cannot be used any more: an earlier version of this program saved it. Its charts and "
    "settings are still there; **Start training** trains it anew."
)


def my_runs() -> list[RunRecord]:
    """Return this visitor's runs, the newest first, with the figures of this moment where one trains.

    One that trains and is not saved yet, for the first seconds, is a record without files.
    """
    saved = [_as_it_is(record) for record in run_store().runs(visitor.owner())]
    known = {record.id for record in saved}
    jobs = [job for job in job_registry().jobs() if job.is_active and job.id not in known and owns(job.id)]
    return [*map(_not_saved_yet, reversed(jobs)), *saved]


def _not_saved_yet(job: Job) -> RunRecord:
    facts = DatasetFacts.of(job.dataset)
    record = RunRecord(job.id, visitor.owner(), now(), now(), job.state, job.hyperparameters, facts)
    return dataclasses.replace(record, metrics=metrics_of(job.history), curve=curve_of(job.history))


def _as_it_is(record: RunRecord) -> RunRecord:
    job = job_registry().get(record.id)
    if job is not None and job.history.step_count and not job.is_elsewhere:
        metrics = metrics_of(job.history)
        return dataclasses.replace(record, state=job.state, metrics=metrics, curve=curve_of(job.history))
    if record.state in ("running", "paused") and not run_store().is_trained_now(record.id):
        return dataclasses.replace(record, state="stopped")
    return record


def matches(record: RunRecord, search: str) -> bool:
    """Tell whether every word of `search` is somewhere in what the list says of a run."""
    hyperparameters = record.hyperparameters
    told = (
        record.name,
        record.id,
        record.state,
        _(STATE_WORDS[record.state]),  # type: ignore[index]
        record.dataset.name,
        hyperparameters.model,
        hyperparameters.model_title,
    )
    settings = distinguishing_settings(hyperparameters)
    text = " ".join([*told, *settings, hyperparameters.optimizer, f"{record.created:%Y-%m-%d}"]).lower()
    return all(word in text for word in search.lower().split())


def open_run(run_id: str) -> None:
    """Show a saved run as the one of this page, with its settings in the form.

    Raises
    ------
    RunError
        When there is none any more, or it is damaged.
    """
    job = _find(run_id)
    state.show_run_next(job, stop_others=False)
    form_state.choose_settings(job.hyperparameters)


def can_go_on(job: Job) -> bool:
    """Tell whether a run that has ended has epochs of its settings left, and all that it needs to do them."""
    return job.has_ended and epochs_to_go(job) > 0


def go_on(run_id: str, more_epochs: int = 0) -> None:
    """Let a run train on from where it stopped, `more_epochs` longer than it was to be, and show it.

    A run of somebody else stays as it is: this visitor gets one of her own that goes on from there.

    Raises
    ------
    MnistDemoError
        When it cannot; then everything is as it was.
    """
    job = _find(run_id)
    if not job.has_ended:
        if owns(run_id):
            run_commands().resume(run_id)
        state.show_run_next(job)
        return
    record = run_store().find(run_id)
    check_can_go_on(job, record)
    if has_unusable_model(job):
        raise RunError(_(UNUSABLE_MODEL))
    hyperparameters = job.hyperparameters
    longer = hyperparameters.replace(epochs=hyperparameters.epochs + more_epochs)
    if more_epochs == 0 and epochs_to_go(job) == 0:
        raise RunError(_("This run has finished all its epochs: say how many more to train."))
    # The schedule of a longer run would have been another one from its first step on.
    is_repeatable = (record is None or record.is_repeatable) and not (hyperparameters.one_cycle and more_epochs)
    running = start_job(
        Assignment(longer, job.dataset, extra=job.extra, resume_from=job.training_state),
        history=job.history,
        weights=job.weights,
        job_id=run_id if owns(run_id) else new_job_id(),
        is_repeatable=is_repeatable,
    )
    state.show_run_next(running)
    form_state.choose_settings(longer)


def has_copy(job: Job) -> bool:
    """Tell whether `go_on` would give a visitor who looks at a stranger's run one of her own that continues it."""
    try:
        check_can_go_on(job, run_store().find(job.id))
    except RunError:
        return False
    return can_go_on(job) and not has_unusable_model(job)


def delete(run_id: str) -> None:
    """Delete a run of this visitor, and stop it if it trains; `RunCommands.undelete` brings it back."""
    if run_store().find(run_id) is not None:  # gone at the second of two clicks
        run_commands().delete(run_id)
    state.leave_run(run_id)


def bytes_kept() -> int:
    """Return how much is kept about this visitor: all her runs, deleted ones too, drawings, opened models, choices."""
    runs = sum(run_store().size(run_id) for run_id in run_store().all_of(visitor.owner()))
    return runs + visitor_store().size(visitor.owner()) + class_store().size_of(visitor.owner())


def delete_everything() -> None:
    """Delete all that is kept about this visitor on this server, for good, and begin as if she had just come.

    Raises
    ------
    MnistDemoError
        When the disk refuses; what was not deleted then is still there.
    """
    run_commands().destroy_all()
    class_commands().forget_everything()
    visitor_store().forget(visitor.owner())
    visitor_state.begin_anew()
    state.write_address()


def _find(run_id: str) -> Job:
    job = find_job(run_id, state.current_dataset())
    if job is None:
        raise RunError(_("This run is no longer kept."))
    return job
