"""Several runs on one machine: what two at once, or ten that wait for each other, lose against one alone."""

import time
from collections.abc import Iterator

from mnist_demo.benchmarks.comparison import Comparison, Sample, times_better
from mnist_demo.benchmarks.surroundings import Surroundings
from mnist_demo.hyperparameters import Hyperparameters
from mnist_demo.jobs import JobRegistry
from mnist_demo.presets import PRESETS
from mnist_demo.processes import core_count, warm_up_processes
from mnist_demo.translation import N_

# No more than a tenth lost in total.
KEPT = 0.9
# A run of some seconds: the pace of a machine may change by a half from one second to the next.
EPOCHS, QUICK_EPOCHS = 40, 1
PATIENCE_SECONDS = 600.0


def measure_sharing(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield images a second of all runs together, beside what as many runs would do if they did not disturb each other.

    From the start of the first run to the end of the last, starting of processes included.
    """
    warm_up_processes()
    linear = PRESETS["tutorial-pytorch"].hyperparameters.replace(epochs=QUICK_EPOCHS if surroundings.quick else EPOCHS)
    convnet = PRESETS["convnet-in-seconds"].hyperparameters
    if surroundings.quick:
        convnet = convnet.replace(training_size=200)
    elif len(surroundings.dataset.train_labels) > 12_000:
        convnet = convnet.replace(training_size=12_000)
    # The process server, and torch in it, are warm before anything counts.
    _images_per_second(linear.replace(epochs=1), 1, surroundings)
    for chosen, count, what in (
        (linear, 2, N_("{model}: two runs at once, images a second")),
        (linear, 10, N_("{model}: ten runs, queued, images a second")),
        (convnet, 2, N_("{model}: two runs at once, images a second")),
    ):
        alone: list[float] = []
        together: list[float] = []
        for _run in range(surroundings.runs):
            alone.append(_images_per_second(chosen, 1, surroundings))
            together.append(_images_per_second(chosen, count, surroundings))
        # A run that computes with all cores leaves none for another, which then waits.
        at_once = min(count, max(1, core_count() // _threads(chosen)))
        yield Comparison(
            what,
            "",
            Sample(tuple(together)),
            N_("one run alone, times {at_once}"),
            Sample(tuple(at_once * pace for pace in alone)),
            better="more",
            goal=times_better(KEPT, "more"),
            values={"model": chosen.model, "at_once": at_once},
        )


def _threads(chosen: Hyperparameters) -> int:
    from mnist_demo.processes import thread_count

    return thread_count(chosen)


def _images_per_second(chosen: Hyperparameters, count: int, surroundings: Surroundings) -> float:
    registry = JobRegistry()
    try:
        began = time.perf_counter()
        jobs = [registry.start(chosen, surroundings.dataset) for _job in range(count)]
        for job in jobs:
            job.wait(PATIENCE_SECONDS)
        seconds = time.perf_counter() - began
        return sum(sum(job.history.steps["images"]) for job in jobs) / seconds
    finally:
        registry.close()
