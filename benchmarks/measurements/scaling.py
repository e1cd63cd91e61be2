"""The growth of training's cost: with the batch, with the training set, and with threads, model by model."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.comparison import Comparison, Sample
from benchmarks.measurements.scaling_chart import Curve, write_chart
from benchmarks.surroundings import Surroundings
from mnist_demo.data.dataset import DigitDataset
from mnist_demo.models.classifiers import build_model
from mnist_demo.processes import core_count
from mnist_demo.second_thread import SECOND_THREAD
from mnist_demo.settings.hyperparameters import Hyperparameters, thread_count
from mnist_demo.settings.presets import PRESETS
from mnist_demo.training.events import Diverged, Step
from mnist_demo.training.loop import train
from mnist_demo.translation import N_

PRESETS_MEASURED = ("tutorial-pytorch", "tutorial-scratch", "small-network", "convnet-in-seconds")
QUICK_PRESETS, QUICK_BATCH_SIZES = ("tutorial-pytorch", "small-network"), (1, 30)
BATCH_SIZES = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)
TRAINING_SIZES = (1000, 3000, 10_000, 30_000, 60_000)
# Of one point: the steps before it that do not count, and the seconds of training after which it is good enough.
WARM_UP_STEPS, SECONDS, QUICK_SECONDS = 3, 0.4, 0.02


@dataclass(frozen=True)
class _Pace:
    """How fast a setting trains: images a second of training time, evaluation left out."""

    images: int
    seconds: float

    @property
    def images_per_second(self) -> float:
        return self.images / self.seconds


def measure_scaling(surroundings: Surroundings, chart: Path | None) -> Iterator[Comparison]:
    """Yield images a second by batch size and by threads, and seconds an epoch by training set; write the chart.

    Larger numbers of images are left out where the digits are too few.
    """
    available = len(surroundings.dataset.train_labels)
    presets = QUICK_PRESETS if surroundings.quick else PRESETS_MEASURED
    sizes = QUICK_BATCH_SIZES if surroundings.quick else [size for size in BATCH_SIZES if size <= available]
    curves = []
    for name in presets:
        hyperparameters = PRESETS[name].hyperparameters
        points: list[tuple[float, float]] = []
        for batch_size in sizes:
            paces = _measure(hyperparameters.replace(batch_size=batch_size, epochs=100), surroundings)
            points.append((batch_size, paces.median))
            yield Comparison(
                N_("{model}: images a second, batches of {size:,}"),
                "",
                paces,
                better="more",
                values={"model": hyperparameters.model, "size": batch_size},
            )
        curves.append(Curve(hyperparameters.model, points))
    for name in presets:
        yield from _compare_threads(PRESETS[name].hyperparameters, surroundings)
    for name in presets:
        yield from _epochs(PRESETS[name].hyperparameters, surroundings)
    if chart is not None:
        write_chart(chart, curves)


def _compare_threads(hyperparameters: Hyperparameters, surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield the pace with the number of threads that we choose beside that with the other one."""
    if core_count() < 2:
        return
    ours = thread_count(hyperparameters)
    other = 1 if ours > 1 else 2
    samples: dict[int, list[float]] = {ours: [], other: []}
    for _run in range(surroundings.runs):
        for threads in samples:
            pace = _measure_once(hyperparameters.replace(epochs=100), surroundings.dataset, threads, surroundings.quick)
            samples[threads].append(pace.images_per_second)
    yield Comparison(
        N_("{model}: images a second with the threads chosen, {ours}"),
        "",
        Sample(tuple(samples[ours])),
        N_("{other} threads"),
        Sample(tuple(samples[other])),
        better="more",
        values={"model": hyperparameters.model, "ours": ours, "other": other},
    )


def _epochs(hyperparameters: Hyperparameters, surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield the seconds of an epoch by the size of the training set."""
    available = len(surroundings.dataset.train_labels)
    sizes = [size for size in TRAINING_SIZES if size <= available]
    for size in sizes[:1] if surroundings.quick else sizes:
        seconds = []
        for _run in range(surroundings.runs):
            one_epoch = hyperparameters.replace(training_size=size, epochs=1)
            pace = _measure_once(one_epoch, surroundings.dataset, thread_count(hyperparameters), whole=True)
            seconds.append(pace.seconds)
        yield Comparison(
            N_("{model}: seconds an epoch, {size:,} training images"),
            "s",
            Sample(tuple(seconds)),
            values={"model": hyperparameters.model, "size": size},
        )


def _measure(hyperparameters: Hyperparameters, surroundings: Surroundings) -> Sample:
    runs = (
        _measure_once(hyperparameters, surroundings.dataset, thread_count(hyperparameters), surroundings.quick)
        for _run in range(surroundings.runs)
    )
    return Sample(tuple(pace.images_per_second for pace in runs))


def _measure_once(
    hyperparameters: Hyperparameters, dataset: DigitDataset, threads: int, quick: bool = False, whole: bool = False
) -> _Pace:
    """Train for a moment, or (`whole`) to the end; return the pace after the first steps, or of all."""
    before = torch.get_num_threads()
    # As `compute_with` has it; the other models have no second thread but torch's own.
    SECOND_THREAD.may_compute = threads > 1 and hyperparameters.architecture.gains_by_second_thread
    torch.set_num_threads(1 if hyperparameters.architecture.gains_by_second_thread else threads)
    images, begin, end = 0, 0.0, 0.0
    # A learning rate as for batches of 100 may be too large for one image; where the weights go has no bearing here.
    hyperparameters = hyperparameters.replace(learning_rate=1e-4)
    try:
        for event in train(build_model(hyperparameters), hyperparameters, dataset):
            if isinstance(event, Diverged):
                break
            if not isinstance(event, Step):
                continue
            if event.step <= WARM_UP_STEPS and not whole:
                begin = event.seconds
                continue
            images, end = images + event.images, event.seconds
            if not whole and end - begin >= (QUICK_SECONDS if quick else SECONDS):
                break
    finally:
        torch.set_num_threads(before)
        SECOND_THREAD.may_compute = False
    return _Pace(images, max(end - begin, 1e-9))
