"""The bounds on a server's runs: how many it keeps and lets go on, how large they are, which ended ones make room."""

import math
from collections.abc import Callable, Collection, Sequence

from mnist_demo.errors import HyperparameterError, JobError
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment
from mnist_demo.translation import _, format_decimal

# Unfinished runs of all visitors, and of one.
MAX_JOBS, MAX_JOBS_OF_VISITOR = 200, 40
# Runs of all visitors that have ended: the smallest takes 100 kB of memory. They are opened from the disk again.
MAX_ENDED = 100
# In files: two of the largest runs, with all that they need to go on.
MAX_BYTES_OF_VISITOR = 600_000_000
# Of all visitors: room for many of the presets' runs, which have a few megabytes.
MAX_BYTES = 3_000_000_000
# Of all visitors, of what is not in files: small weights, and large ones where no disk has room for them.
MAX_BYTES_IN_MEMORY = 300_000_000
# Of one run, of those of a visitor when she starts another, and of all: a step is 48 bytes in the server's memory.
MAX_STEPS, MAX_STEPS_OF_VISITOR, MAX_STEPS_KEPT = 2_000_000, 2_000_000, 6_000_000
# Runs in slow motion compute next to nothing, but each has a process: so many of a visitor go on at a time, and of all
# visitors as many as take this share of the cores.
MAX_SLOW_OF_VISITOR, MAX_SLOW_SHARE = 6, 0.5


def is_one_too_many(slow: Sequence[Job], cores: int) -> bool:
    """Tell whether the last of these runs in slow motion has to wait for one of the others."""
    mine = sum(job.visitor == slow[-1].visitor for job in slow)
    return mine > MAX_SLOW_OF_VISITOR or sum(job.slow_share for job in slow) > MAX_SLOW_SHARE * cores


def check_size(assignment: Assignment) -> None:
    """Raise HyperparameterError where there are fewer digits than it asks for, or more steps than are kept of a run."""
    settings = assignment.hyperparameters
    training, _held_out = settings.split_sizes(len(assignment.dataset.train_labels))
    _check_steps(settings.epochs * math.ceil(training / settings.batch_size))


def check_batch_size(job: Job, batch_size: float) -> None:
    """Raise HyperparameterError where `job` would have more steps with such batches than are kept of one."""
    if batch_size >= 1:  # else it cannot be chosen at all
        to_go = (job.history.total_steps - job.history.step_count) * job.settings_now.batch_size
        _check_steps(job.history.step_count + math.ceil(to_go / batch_size))


def _check_steps(steps: int) -> None:
    if steps > MAX_STEPS:
        sentence = _(
            "This run would have {steps} steps, but at most {limit} are kept of one: choose fewer epochs, or a larger "
            "batch size."
        )
        raise HyperparameterError(
            sentence.format(steps=format_decimal(steps), limit=format_decimal(MAX_STEPS)), "epochs"
        )


def make_room(jobs: dict[str, Job], count: int, visitor: str, is_saved: Callable[[Job], bool]) -> None:
    """Drop from `jobs` what has to go so that `count` more runs, of `visitor`, can be kept.

    Hers that have ended go where she has many or large ones, and the oldest of all where the server has: these only
    where `is_saved`, for whoever still looks at one gets it from the disk.

    Raises
    ------
    JobError
        When that is not enough.
    """
    mine = [job for job in jobs.values() if visitor and job.visitor == visitor]
    ended = [job for job in mine if job.has_ended]
    while ended and (len(mine) + count > MAX_JOBS_OF_VISITOR or _are_too_large(mine)):
        mine.remove(ended[0])
        jobs.pop(ended.pop(0).id)
    ended = [job for job in jobs.values() if job.has_ended]
    surplus = len(ended) - MAX_ENDED
    while ended and (surplus > 0 or _have_no_room(jobs.values())):
        if is_saved(job := ended.pop(0)):
            jobs.pop(job.id)
            surplus -= 1
    if visitor and len(mine) + count > MAX_JOBS_OF_VISITOR:
        message = _("You have {limit} unfinished runs, which is the limit: stop some of them first.")
        raise JobError(message.format(limit=MAX_JOBS_OF_VISITOR))
    if _are_too_large(mine):
        raise JobError(_("Your unfinished runs take all the room that a visitor has here: stop some of them first."))
    if _have_no_room(jobs.values()):
        raise JobError(_("The runs of this server have no room for another one: try again in a few minutes."))
    unfinished = sum(not job.has_ended for job in jobs.values())
    if unfinished + count <= MAX_JOBS and len(jobs) + count <= MAX_JOBS + MAX_ENDED:
        return
    sentence = _("This server already keeps {limit} runs, which is its limit: try again in a few minutes.")
    if count > 1:
        sentence = _(
            "This server keeps {limit} runs at most, and {count} more are too many now: start fewer, or try again "
            "in a few minutes."
        )
    raise JobError(sentence.format(limit=MAX_JOBS, count=count))


def _have_no_room(everything: Collection[Job]) -> bool:
    """Tell whether these runs of all visitors keep more than the server has room for."""
    return (
        sum(job.bytes_kept for job in everything) > MAX_BYTES
        or sum(job.bytes_in_memory for job in everything) > MAX_BYTES_IN_MEMORY
        or sum(job.history.step_count for job in everything) > MAX_STEPS_KEPT
    )


def _are_too_large(mine: Sequence[Job]) -> bool:
    """Tell whether these runs of one visitor keep more weights, or steps, than she has room for."""
    weights, steps = sum(job.bytes_kept for job in mine), sum(job.history.step_count for job in mine)
    return weights > MAX_BYTES_OF_VISITOR or steps > MAX_STEPS_OF_VISITOR
