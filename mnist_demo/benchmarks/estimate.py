"""What the page says before a run that it will cost, beside what it then cost."""

import time
from collections.abc import Iterator

from mnist_demo.benchmarks.comparison import Comparison, Goal, Sample
from mnist_demo.benchmarks.surroundings import Surroundings
from mnist_demo.cost import estimate_cost
from mnist_demo.jobs import JobRegistry
from mnist_demo.presets import PRESETS
from mnist_demo.processes import warm_up_processes
from mnist_demo.translation import N_

PRESETS_MEASURED = ("tutorial-pytorch", "tutorial-scratch", "small-network", "convnet-in-seconds")
PATIENCE_SECONDS = 600.0
TOLERANCE = 0.3
GOAL = Goal(
    N_("within {percent:.0f} %"),
    lambda ours, theirs: theirs is not None and abs(ours - theirs) <= TOLERANCE * theirs,
    {"percent": 100 * TOLERANCE},
)


def measure_estimate(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield seconds estimated and seconds taken, from the start of a run to its end, for runs of several models."""
    warm_up_processes()
    for name in PRESETS_MEASURED[:1] if surroundings.quick else PRESETS_MEASURED:
        chosen = PRESETS[name].hyperparameters
        estimated: list[float] = []
        taken: list[float] = []
        for _run in range(surroundings.runs):
            estimated.append(estimate_cost(chosen, surroundings.dataset))
            registry = JobRegistry()
            try:
                began = time.perf_counter()
                registry.start(chosen, surroundings.dataset).wait(PATIENCE_SECONDS)
                taken.append(time.perf_counter() - began)
            finally:
                registry.close()
        yield Comparison(
            N_("{model}: what the page says a run will cost"),
            "s",
            Sample(tuple(estimated)),
            N_("what it then cost"),
            Sample(tuple(taken)),
            goal=GOAL,
            values={"model": chosen.model},
        )
