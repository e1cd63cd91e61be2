"""Runs a minute on the workers of a Dask scheduler, and on as many processes of this machine without it."""

import contextlib
import time
from collections.abc import Iterator

from benchmarks.comparison import Comparison, Sample, times_better
from benchmarks.drivers.dask_processes import DaskProcesses
from benchmarks.errors import BenchmarkError
from benchmarks.surroundings import Surroundings
from mnist_demo.data.dataset import DigitDataset
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.processes import warm_up_processes
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.presets import PRESETS
from mnist_demo.translation import N_, _

WORKERS, QUICK_WORKERS = (1, 2, 4), (1,)
RUNS_OF_EACH, QUICK_RUNS = 6, 1
EPOCHS, QUICK_EPOCHS = 10, 1
PATIENCE_SECONDS, LOOK_SECONDS = 120.0, 0.05
KEPT = 0.9


def measure_cluster(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield runs a minute with 1, 2 and 4 workers, each beside as many processes without a scheduler, in turn."""
    warm_up_processes()
    quick = surroundings.quick
    hyperparameters = PRESETS["tutorial-pytorch"].hyperparameters.replace(epochs=QUICK_EPOCHS if quick else EPOCHS)
    for workers in QUICK_WORKERS if quick else WORKERS:
        count = workers * (QUICK_RUNS if quick else RUNS_OF_EACH)
        there, here = list[float](), list[float]()
        with _registry_on_cluster(workers) as remote, contextlib.closing(JobRegistry(slots=workers)) as local:
            # The digits reach each worker, and torch is loaded in all processes, before anything counts.
            for registry in (remote, local):
                _runs_a_minute(registry, hyperparameters.replace(epochs=1), 2 * workers, surroundings.dataset)
            for _run in range(surroundings.runs):
                there.append(_runs_a_minute(remote, hyperparameters, count, surroundings.dataset))
                here.append(_runs_a_minute(local, hyperparameters, count, surroundings.dataset))
        yield Comparison(
            N_("{model}: runs a minute, worker processes of a Dask cluster: {workers}"),
            "",
            Sample(tuple(there)),
            N_("as many processes without Dask"),
            Sample(tuple(here)),
            better="more",
            goal=times_better(KEPT, "more"),
            values={"model": hyperparameters.model, "workers": workers},
        )


@contextlib.contextmanager
def _registry_on_cluster(workers: int) -> Iterator[JobRegistry]:
    from mnist_demo.jobs.cluster import Cluster

    processes = DaskProcesses(workers)
    try:
        cluster = Cluster(processes.address)
        with contextlib.closing(JobRegistry(computing=cluster)) as registry:
            cluster.on_change = registry.schedule
            deadline = time.monotonic() + PATIENCE_SECONDS
            while cluster.problem or cluster.cores < workers:
                if time.monotonic() > deadline:
                    raise BenchmarkError(_("The workers of a cluster on this machine did not come."))
                time.sleep(LOOK_SECONDS)
            yield registry
    finally:
        processes.close()


def _runs_a_minute(registry: JobRegistry, hyperparameters: Hyperparameters, count: int, dataset: DigitDataset) -> float:
    began = time.perf_counter()
    jobs = [registry.start(Assignment(hyperparameters.replace(seed=seed), dataset)) for seed in range(count)]
    for job in jobs:
        if job.wait(PATIENCE_SECONDS) != "finished":
            raise BenchmarkError(_("A run on a cluster on this machine did not end."))
    seconds = time.perf_counter() - began
    for job in jobs:
        registry.forget(job)
    return 60 * count / seconds
