"""Several runs on one machine: what two at once, or ten that wait for each other, lose against one alone.

A machine's pace may change by a half from one second to the next. So two runs at once are measured in many short turns,
of both and of one of them; and runs that wait for each other are short, and take turns with one that is alone.
"""

import statistics
import time
from collections.abc import Iterator, Sequence

from benchmarks.comparison import Comparison, Sample, times_better
from benchmarks.surroundings import Surroundings
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.processes import core_count, warm_up_processes
from mnist_demo.settings.hyperparameters import Hyperparameters, thread_count
from mnist_demo.settings.presets import PRESETS
from mnist_demo.translation import N_

# No more than a tenth lost in total.
KEPT = 0.9
TURNS, QUICK_TURNS = 16, 1
TURN_SECONDS, QUICK_TURN_SECONDS, SETTLE_SECONDS = 1.0, 0.2, 0.3
PATIENCE_SECONDS = 600.0


def measure_sharing(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield images a second of all runs together, beside what as many runs would do if they did not disturb each other.

    Of runs that wait for each other from the start of the first to the end of the last, starting of processes included.
    """
    warm_up_processes()
    linear = PRESETS["tutorial-pytorch"].hyperparameters
    short = linear.replace(epochs=1 if surroundings.quick else 10)
    convnet = PRESETS["convnet-in-seconds"].hyperparameters
    if surroundings.quick:
        convnet = convnet.replace(training_size=200)
    elif len(surroundings.dataset.train_labels) > 12_000:
        convnet = convnet.replace(training_size=12_000)
    # The process server, and torch in it, are warm before anything counts.
    _images_per_second(linear.replace(epochs=1), 1, surroundings)

    together, alone = _in_turns(linear, surroundings)
    yield _compare(linear, N_("{model}: two runs at once, images a second"), 2, together, alone)
    for hyperparameters, count, what in (
        (short, 10, N_("{model}: ten runs, queued, images a second")),
        (convnet, 2, N_("{model}: two runs at once, images a second")),
    ):
        together, alone = _one_after_the_other(hyperparameters, count, surroundings)
        yield _compare(hyperparameters, what, count, together, alone)


def _compare(
    hyperparameters: Hyperparameters, what: str, count: int, together: Sequence[float], alone: Sequence[float]
) -> Comparison:
    # A run that computes with all cores leaves none for another, which then waits.
    at_once = min(count, max(1, core_count() // thread_count(hyperparameters)))
    return Comparison(
        what,
        "",
        Sample(tuple(together)),
        N_("one run alone, times {at_once}"),
        Sample(tuple(at_once * pace for pace in alone)),
        better="more",
        goal=times_better(KEPT, "more"),
        values={"model": hyperparameters.model, "at_once": at_once},
    )


def _in_turns(hyperparameters: Hyperparameters, surroundings: Surroundings) -> tuple[list[float], list[float]]:
    """Return, run by run, the images a second of two runs at once, and of one while the other one is paused."""
    together, alone = list[float](), list[float]()
    turns, seconds = (QUICK_TURNS, QUICK_TURN_SECONDS) if surroundings.quick else (TURNS, TURN_SECONDS)
    for _run in range(surroundings.runs):
        registry = JobRegistry()
        try:
            jobs = [
                registry.start(Assignment(hyperparameters.replace(epochs=1000, seed=seed), surroundings.dataset))
                for seed in range(2)
            ]
            of_both, of_one = list[float](), list[float]()
            for turn in range(turns):
                of_both.append(_pace(jobs, seconds))
                resting = jobs[turn % 2]
                resting.pause()
                of_one.append(_pace(jobs, seconds))
                resting.resume()
            together.append(statistics.mean(of_both))
            alone.append(statistics.mean(of_one))
        finally:
            registry.close()
    return together, alone


def _pace(jobs: Sequence[Job], seconds: float) -> float:
    """Return the images a second, together, of those of `jobs` that run, over so many seconds."""
    time.sleep(SETTLE_SECONDS)
    running = [job for job in jobs if job.state == "running"]
    begun = [_next_report(job) for job in running]
    time.sleep(seconds)
    pace = 0.0
    for job, (began, images) in zip(running, begun, strict=True):
        now, images_now = _next_report(job)
        pace += (images_now - images) / (now - began)
    return pace


def _next_report(job: Job) -> tuple[float, float]:
    """Wait for new steps of `job`; return the second at which they came, and the images that it has learned from."""
    known = job.history.step_count
    job.wait_for(lambda: job.history.step_count > known, PATIENCE_SECONDS)
    now = time.perf_counter()
    return now, sum(job.snapshot().history.steps["images"])


def _one_after_the_other(
    hyperparameters: Hyperparameters, count: int, surroundings: Surroundings
) -> tuple[list[float], list[float]]:
    """Return, run by run, the images a second of `count` runs that are started together, and of one alone."""
    together, alone = list[float](), list[float]()
    for _run in range(surroundings.runs):
        alone.append(_images_per_second(hyperparameters, 1, surroundings))
        together.append(_images_per_second(hyperparameters, count, surroundings))
    return together, alone


def _images_per_second(hyperparameters: Hyperparameters, count: int, surroundings: Surroundings) -> float:
    registry = JobRegistry()
    try:
        began = time.perf_counter()
        jobs = [registry.start(Assignment(hyperparameters, surroundings.dataset)) for _job in range(count)]
        for job in jobs:
            job.wait(PATIENCE_SECONDS)
        seconds = time.perf_counter() - began
        return sum(sum(job.history.steps["images"]) for job in jobs) / seconds
    finally:
        registry.close()
