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

# Epochs of each: what is asked is what a long run costs, and five epochs of a linear model take less than a second.
MEASURED_EPOCHS = {"tutorial-pytorch": 80, "tutorial-scratch": 80, "small-network": 10, "convnet-in-seconds": 1}
QUICK_EPOCHS = {"tutorial-pytorch": 5}
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
    for name, epochs in (QUICK_EPOCHS if surroundings.quick else MEASURED_EPOCHS).items():
        chosen = PRESETS[name].hyperparameters.replace(epochs=epochs)
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
            N_("{model}, {epochs} epochs: what the page says a run will cost"),
            "s",
            Sample(tuple(estimated)),
            N_("what it then cost"),
            Sample(tuple(taken)),
            goal=GOAL,
            values={"model": chosen.model, "epochs": epochs},
        )
