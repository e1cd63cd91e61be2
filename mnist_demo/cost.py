"""How long a run would take on this machine, from a measurement of a third of a second.

The measurement trains in a process of its own, as a run does, on a few batches and with the same number of threads. It
says how long a step and the evaluation of an image take; how often they are to be done follows from the settings.
"""

import contextlib
import dataclasses
import itertools
import math
import statistics
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from mnist_demo.datasets import DigitDataset
from mnist_demo.events import Step
from mnist_demo.hyperparameters import Hyperparameters
from mnist_demo.processes import process_context, start_process, thread_count

if TYPE_CHECKING:
    from mnist_demo.models import Classifier

# Convolutions are slow for their first few batches; and no batch that takes seconds is measured whole.
WARM_UP_STEPS = 3
MEASURED_SECONDS = 0.2
MEASURED_BATCH = 500
UNDISTURBED = 0.9
EVALUATED_IMAGES, EVALUATIONS = 500, 3
SYNTHETIC_DIGITS = 30
START_SECONDS = 0.2  # until a run has its process and has measured the untrained model
PATIENCE_SECONDS = QUIET_SECONDS = 20.0
# What does not change how long a step takes.
IRRELEVANT = {"epochs", "seed", "learning_rate", "momentum", "weight_decay", "training_size", "validation_size"}


@dataclass(frozen=True)
class Rates:
    """Seconds that a step, the evaluation of one image, and one synthetic digit take."""

    step: float
    evaluated_image: float
    synthetic_digit: float


@dataclass(frozen=True)
class CostEstimate:
    """About how many `seconds` a run takes, None while that is not known; `is_coming` says whether it soon will be."""

    seconds: float | None
    is_coming: bool


def estimate_cost(chosen: Hyperparameters, dataset: DigitDataset, rates: Rates | None = None) -> float:
    """Return about how many seconds a run with these settings takes here, from its start to its end.

    Without `rates` they are measured now, which takes about half a second.

    Raises
    ------
    HyperparameterError
        When the dataset has not as many images as are asked for.
    OSError, EOFError
        When they cannot be measured.
    """
    n_training, n_validation = chosen.split_sizes(len(dataset.train_labels))
    if dataset.name != "builtin":
        n_training += 1437 * chosen.builtin_copies
    n_training += chosen.synthetic_digits
    if rates is None:
        rates = measure_rates(chosen, dataset)
    steps = math.ceil(n_training / chosen.batch_size) * chosen.epochs
    evaluated = (len(dataset.test_labels) + n_validation) * (chosen.epochs + 1)
    synthetic = chosen.synthetic_digits * rates.synthetic_digit
    return START_SECONDS + steps * rates.step + evaluated * rates.evaluated_image + synthetic


def measure_rates(chosen: Hyperparameters, dataset: DigitDataset) -> Rates:
    """Measure in another process; raise OSError or EOFError when that cannot be done."""
    few = dataclasses.replace(
        dataset,
        # All training images, for it takes longer to gather a batch from many. Of the test images a copy: a part of a
        # mapped file would go to the other process whole.
        test_pixels=dataset.test_pixels[:EVALUATED_IMAGES].copy(),
        test_labels=dataset.test_labels[:EVALUATED_IMAGES],
    )
    ours, theirs = process_context().Pipe()
    process = process_context().Process(  # type: ignore[attr-defined]
        target=_measure, args=(theirs, chosen, few, thread_count(chosen)), daemon=True
    )
    with contextlib.closing(ours):
        try:
            start_process(process)
        finally:
            theirs.close()
        try:
            if not ours.poll(PATIENCE_SECONDS):
                raise OSError("the measurement took too long")
            rates: Rates = ours.recv()
        finally:
            process.kill()
            process.join()
    return rates


def _measure(connection: Connection, chosen: Hyperparameters, few: DigitDataset, threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
    connection.send(_measured(chosen, few))


def _measured(chosen: Hyperparameters, few: DigitDataset) -> Rates:
    from mnist_demo.models import build_model
    from mnist_demo.training import train

    # A large batch takes as much longer as it has more images.
    batch_size = min(chosen.batch_size, MEASURED_BATCH, len(few.train_labels))
    brief = chosen.replace(
        batch_size=batch_size,
        epochs=1000,  # as many as there is time for
        learning_rate=1e-6,  # nothing diverges
        training_size=None,
        validation_size=0,
        synthetic_digits=0,
        builtin_copies=0,
    )
    model = build_model(brief)
    # The slowest are left out: the first page is just being drawn, and takes the core away in the middle of some steps.
    ends: list[float] = []
    for event in train(model, brief, few):
        if isinstance(event, Step) and event.step >= WARM_UP_STEPS:
            ends.append(event.seconds)
            if len(ends) > 1 and ends[-1] - ends[0] > MEASURED_SECONDS:
                break
    took = sorted(later - earlier for earlier, later in itertools.pairwise(ends))
    step = statistics.fmean(took[: max(1, round(UNDISTURBED * len(took)))])
    evaluation = statistics.median(_evaluation_seconds(model, few) for _ in range(EVALUATIONS))
    return Rates(
        step * chosen.batch_size / batch_size,
        evaluation / len(few.test_labels),
        _synthetic_digit_seconds() if chosen.synthetic_digits else 0.0,
    )


def _evaluation_seconds(model: "Classifier", few: DigitDataset) -> float:
    from mnist_demo.training import evaluate_on_test

    began = time.perf_counter()
    evaluate_on_test(model, few)
    return time.perf_counter() - began


def _synthetic_digit_seconds() -> float:
    from mnist_demo.digits.synthetic_digits import draw_digits

    draw_digits(2, seed=0)  # imports what it needs
    began = time.perf_counter()
    draw_digits(SYNTHETIC_DIGITS, seed=0)
    return (time.perf_counter() - began) / SYNTHETIC_DIGITS


class CostEstimator:
    """Measures beside the page, one thing at a time, and remembers; safe for threads.

    Parameters
    ----------
    quiet
        Set when what a server does at its start is done: the first measurement waits for it, some seconds at most.
    """

    def __init__(self, quiet: threading.Event | None = None) -> None:
        self._quiet = quiet
        self._lock = threading.Lock()
        self._rates: dict[tuple[object, ...], Rates | None] = {}
        self._measuring: threading.Thread | None = None

    def ask(self, chosen: Hyperparameters, dataset: DigitDataset, may_measure: bool = True) -> CostEstimate:
        """Return what is known about how long a run would take; never waits.

        If it `may_measure`, a measurement begins when there is none; ask again in a second. One that failed is not
        tried again.

        Raises
        ------
        HyperparameterError
            When the dataset has not as many images as are asked for.
        """
        chosen.split_sizes(len(dataset.train_labels))
        key = (dataset.digest, *(value for name, value in sorted(vars(chosen).items()) if name not in IRRELEVANT))
        with self._lock:
            if self._measuring is not None and not self._measuring.is_alive():
                self._measuring = None
            if key not in self._rates and may_measure and self._measuring is None:
                self._measuring = threading.Thread(
                    target=self._measure, args=(key, chosen, dataset), name="cost", daemon=True
                )
                self._measuring.start()
            rates = self._rates.get(key)
            is_coming = key not in self._rates and may_measure
        return CostEstimate(None if rates is None else estimate_cost(chosen, dataset, rates), is_coming)

    def _measure(self, key: tuple[object, ...], chosen: Hyperparameters, dataset: DigitDataset) -> None:
        rates = None
        if self._quiet is not None:
            self._quiet.wait(QUIET_SECONDS)
        with contextlib.suppress(OSError, EOFError):
            rates = measure_rates(chosen, dataset)
        with self._lock:
            self._rates[key] = rates
