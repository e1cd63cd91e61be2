"""The sentence for visitors who wait: how many runs are ahead of hers, and about how long that takes."""

from mnist_demo.errors import HyperparameterError
from mnist_demo.jobs.estimate import planned_steps
from mnist_demo.jobs.job import Job
from mnist_demo.training.speed import seconds_at_speed
from mnist_demo.translation import _, ngettext
from mnist_demo.ui.resources import cost_estimator, job_registry
from mnist_demo.ui.widgets.durations import format_duration


def describe_wait(job: Job) -> str:
    """Return the sentence for a run that is queued."""
    if problem := job_registry().computing.problem:
        return _(problem)
    wait = job_registry().wait_of(job, _seconds_left)
    title = job.hyperparameters.model_title
    if not wait.runs:
        return _("{model}: next in line, starts when a run ends.").format(model=title)
    if wait.seconds is None:
        sentence = ngettext("{model}: {count} run ahead of you.", "{model}: {count} runs ahead of you.", wait.runs)
        return sentence.format(model=title, count=wait.runs)
    sentence = ngettext(
        "{model}: {count} run ahead of you, {duration}.", "{model}: {count} runs ahead of you, {duration}.", wait.runs
    )
    return sentence.format(model=title, count=wait.runs, duration=format_duration(wait.seconds))


def _seconds_left(job: Job) -> float | None:
    """Return about how long a run still computes, by its own pace, or as far as its settings were measured here."""
    history = job.history
    try:
        steps = history.total_steps - history.step_count if history.started else None
        if steps is None:
            steps = planned_steps(job.hyperparameters, job.dataset)
        seconds = history.seconds_left
        if seconds is None:
            seconds = cost_estimator().ask(job.hyperparameters, job.dataset, False, job.device).seconds
    except HyperparameterError:
        return None
    return None if seconds is None else max(seconds, seconds_at_speed(job.speed, steps))
