"""A saved run becomes a job again: ended, with all that it had, so that it can be looked at and go on."""

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.devices import CPU
from mnist_demo.errors import RunError
from mnist_demo.files import keep
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import ENDED, Assignment, State, Weights
from mnist_demo.jobs.observed_run import JobSnapshot
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.saved_runs.records import RunContent, RunRecord
from mnist_demo.training.state import read_progress
from mnist_demo.translation import _, format_decimal


def reopen(record: RunRecord, content: RunContent, dataset: DigitDataset, registry: JobRegistry) -> Job:
    """Return the job of a saved run; `dataset` are the digits that it is looked at with.

    A run that was training when its server went down has stopped at its last saved point, and says so.
    """
    snapshot = snapshot_of(record, content, is_trained=False)
    return registry.restore(Job.ended(Assignment(record.hyperparameters, dataset), record.id, snapshot))


def snapshot_of(record: RunRecord, content: RunContent, is_trained: bool) -> JobSnapshot:
    """Return a saved run as it is shown; `is_trained` says that a process still trains it."""
    state: State = "stopped"
    detail = _(
        "The server went down while this run was training. It stopped at its last saved point, after step {step}, "
        "and can go on from there."
    ).format(step=format_decimal(record.step))
    if record.state in ENDED:
        state, detail = record.state, record.detail
    elif is_trained:
        state, detail = "paused" if record.state == "paused" else "running", ""
    weights = None if content.model is None else Weights(content.history.step_count, content.model)
    training_state = None if content.training_state is None or is_trained else keep(content.training_state)
    return JobSnapshot(state, detail, CPU, content.history, weights, training_state)


def check_can_go_on(job: Job, record: RunRecord | None) -> None:
    """Raise RunError, saying why, unless `job`, which has ended, can go on where it stopped.

    `record` is what was saved of it, if anything.
    """
    if job.training_state is None:
        if job.state == "diverged":
            raise RunError(_("A run that has diverged cannot go on: its weights are no longer numbers."))
        raise RunError(
            _(
                "This run cannot go on: its model was saved, but not the drawings or the optimizer’s state, which "
                "that needs."
            )
        )
    if record is not None and record.dataset.digest != job.dataset.digest:
        message = _("This run was trained with other digits ({source}): choose them first, then let it go on.")
        raise RunError(message.format(source=record.dataset.source))


def epochs_to_go(job: Job) -> int:
    """Return how many epochs of its settings a run that has ended has not finished; 0 when it is through."""
    if job.training_state is None:
        return 0
    return max(0, job.hyperparameters.epochs - read_progress(job.training_state).epochs_done)
