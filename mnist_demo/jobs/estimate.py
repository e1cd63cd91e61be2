"""Estimates of how long a run would take on this machine, from measurements of half a second.

The measurement trains in a process of its own, as a run does, on a few batches and with the same number of threads. It
says how long a step and the evaluation of an image take; how often they are to be done follows from the settings.
"""

import contextlib
import dataclasses
import math
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

from mnist_demo.data.builtin_digits import TRAINING_DIGITS
from mnist_demo.data.dataset import DigitDataset
from mnist_demo.devices import CPU
from mnist_demo.processes import (
    TRAINING_NICENESS,
    ChildProcess,
    give_way,
    keep_freed_memory,
)
from mnist_demo.second_thread import compute_with
from mnist_demo.settings.hyperparameters import Hyperparameters, thread_count
from mnist_demo.training.events import Step
from mnist_demo.training.progress import EVALUATED_STEPS_OF_SHORT_RUNS, is_evaluated

# The first steps are slow, most of all those of convolutions; and no batch that takes seconds is measured whole.
WARM_UP_STEPS, WARM_UP_SECONDS = 3, 0.1
MEASURED_BATCH = 500
MEASURED_SECONDS, EVALUATION_SECONDS = 0.3, 0.05
EVALUATED_IMAGES = 500
# So many measurements count: the pace of a shared machine may change by a half from one second to the next.
MEASUREMENTS = 4
SYNTHETIC_DIGITS = 30
# Until a run has its process, and at its end until the page shows that. And how many times as long all else takes when
# the page shows it: 32 runs of 11 to 32 s took 1.11 to 1.30 times as long as was measured, from the click to the end
# (medians of four models); most those that compute with both of two cores.
START_SECONDS, WATCHED = 0.7, 1.18
PATIENCE_SECONDS = QUIET_SECONDS = 20.0
RETRY_SECONDS = 60.0
# What does not change how long a step takes.
IRRELEVANT = {"epochs", "seed", "learning_rate", "momentum", "weight_decay", "training_size", "validation_size"}


@dataclass(frozen=True)
class Rates:
    """Seconds that a step, the evaluation of one image, and one synthetic digit take; and the first steps, once."""

    step: float
    evaluated_image: float
    synthetic_digit: float
    first_steps: float = 0.0


@dataclass(frozen=True)
class CostEstimate:
    """About how many `seconds` a run takes, None while that is not known.

    `is_coming` says whether it soon will be known, or known better.
    """

    seconds: float | None
    is_coming: bool


def estimate_cost(
    hyperparameters: Hyperparameters, dataset: DigitDataset, rates: Rates | None = None, device: str = CPU
) -> float:
    """Return about how many seconds a run with these settings takes here, from its start to its end.

    Without `rates` they are measured now on `device`, which takes about half a second, on an accelerator a few.

    Raises
    ------
    HyperparameterError
        When the dataset has not as many images as are asked for.
    OSError, EOFError
        When they cannot be measured.
    """
    n_training, n_validation = _sizes(hyperparameters, dataset)
    if rates is None:
        rates = measure_rates(hyperparameters, dataset, device)
    steps_per_epoch = math.ceil(n_training / hyperparameters.batch_size)
    steps = planned_steps(hyperparameters, dataset)
    between = sum(is_evaluated(step, steps_per_epoch, steps) for step in EVALUATED_STEPS_OF_SHORT_RUNS if step < steps)
    tests = hyperparameters.epochs + 1
    evaluated = len(dataset.test_labels) * (tests + between) + n_validation * tests
    synthetic = hyperparameters.synthetic_digits * rates.synthetic_digit
    all_else = steps * rates.step + evaluated * rates.evaluated_image + synthetic
    return START_SECONDS + rates.first_steps + WATCHED * all_else


def planned_steps(hyperparameters: Hyperparameters, dataset: DigitDataset) -> int:
    """Return how many steps a run with these settings has; raise HyperparameterError as `estimate_cost` does."""
    n_training, _n_validation = _sizes(hyperparameters, dataset)
    return math.ceil(n_training / hyperparameters.batch_size) * hyperparameters.epochs


def _sizes(hyperparameters: Hyperparameters, dataset: DigitDataset) -> tuple[int, int]:
    """Return how many images are trained on in an epoch, and how many are held out."""
    n_training, n_validation = hyperparameters.split_sizes(len(dataset.train_labels))
    if dataset.name != "builtin":
        n_training += TRAINING_DIGITS * hyperparameters.builtin_copies
    return n_training + hyperparameters.synthetic_digits, n_validation


def measure_rates(hyperparameters: Hyperparameters, dataset: DigitDataset, device: str = CPU) -> Rates:
    """Measure on `device` in another process; raise OSError or EOFError when that cannot be done."""
    few = dataclasses.replace(
        dataset,
        # All training images, for it takes longer to gather a batch from many. Of the test images a copy: a part of a
        # mapped file would go to the other process whole.
        test_pixels=dataset.test_pixels[:EVALUATED_IMAGES].copy(),
        test_labels=dataset.test_labels[:EVALUATED_IMAGES],
    )
    threads = thread_count(hyperparameters)
    with ChildProcess(_measure, hyperparameters, few, threads, device, answers_only=True) as child:
        if not child.connection.poll(PATIENCE_SECONDS):
            raise OSError("the measurement took too long")
        rates: Rates = child.connection.recv()
        return rates


def _measure(
    connection: Connection, hyperparameters: Hyperparameters, few: DigitDataset, threads: int, device: str
) -> None:
    keep_freed_memory()
    give_way(TRAINING_NICENESS)
    compute_with(threads)
    rates = _measured(hyperparameters, few, device)
    with contextlib.suppress(OSError):  # nobody wants to know any more: the server was killed meanwhile
        connection.send(rates)


def _measured(hyperparameters: Hyperparameters, few: DigitDataset, device: str) -> Rates:
    from mnist_demo.models.classifiers import build_model
    from mnist_demo.training.loop import evaluate_on_test, train

    # A large batch takes as much longer as it has more images.
    batch_size = min(hyperparameters.batch_size, MEASURED_BATCH, len(few.train_labels))
    brief = hyperparameters.replace(
        batch_size=batch_size,
        epochs=1000,  # as many as there is time for
        learning_rate=1e-6,  # nothing diverges
        training_size=None,
        validation_size=0,
        synthetic_digits=0,
        builtin_copies=0,
    )
    # By the clock of this thread, which stands still while something else has the core: by the one on the wall, a
    # measurement beside a page that was just being drawn made the estimate up to four times too long. Only the latter
    # counts what an accelerator computes while this thread waits for it.
    clock = time.thread_time if device == CPU else time.perf_counter
    began = clock()
    model = build_model(brief)
    # One test image: an epoch of few images would have as long an evaluation in it.
    one_test_image = dataclasses.replace(few, test_pixels=few.test_pixels[:1], test_labels=few.test_labels[:1])
    run = train(model, brief, one_test_image, device=device)
    for event in run:
        if isinstance(event, Step) and event.step >= WARM_UP_STEPS:
            break
    evaluate_on_test(model, few)
    first_steps = clock() - began

    def do_step() -> None:
        next(event for event in run if isinstance(event, Step))

    _seconds_of(do_step, WARM_UP_SECONDS, clock)
    step = _seconds_of(do_step, MEASURED_SECONDS, clock)
    evaluation = _seconds_of(lambda: evaluate_on_test(model, few), EVALUATION_SECONDS, clock)
    return Rates(
        step * hyperparameters.batch_size / batch_size,
        evaluation / len(few.test_labels),
        _synthetic_digit_seconds() if hyperparameters.synthetic_digits else 0.0,
        first_steps,
    )


def _seconds_of(do: Callable[[], object], measured_seconds: float, clock: Callable[[], float]) -> float:
    """Return how long `do` takes by `clock`, as the mean over `measured_seconds`."""
    count = 0
    began = now = clock()
    while now - began < measured_seconds:
        do()
        count, now = count + 1, clock()
    return (now - began) / count


def _synthetic_digit_seconds() -> float:
    from mnist_demo.data.synthetic_digits import draw_digits

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
    measure
        What measures: `measure_rates`, or what does the same on another machine.
    clock
        Seconds, as ``time.monotonic``.
    """

    def __init__(
        self,
        quiet: threading.Event | None = None,
        measure: "Callable[[Hyperparameters, DigitDataset, str], Rates] | None" = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._quiet, self._measure_rates = quiet, measure or measure_rates
        self._lock = threading.Lock()
        self._measured: dict[tuple[object, ...], list[Rates]] = {}
        self._clock = clock
        self._failed: dict[tuple[object, ...], float] = {}  # when
        self._is_measuring = False

    def ask(
        self, hyperparameters: Hyperparameters, dataset: DigitDataset, may_measure: bool = True, device: str = CPU
    ) -> CostEstimate:
        """Return what is known about how long a run would take on `device`; never waits.

        If it `may_measure`, a measurement begins while there are too few; ask again in a second. After one that failed,
        which a busy machine or a lost one may have caused, the next waits ``RETRY_SECONDS``.

        Raises
        ------
        HyperparameterError
            When the dataset has not as many images as are asked for.
        """
        hyperparameters.split_sizes(len(dataset.train_labels))
        relevant = (value for name, value in sorted(vars(hyperparameters).items()) if name not in IRRELEVANT)
        key = (device, dataset.digest, *relevant)
        with self._lock:
            measured = self._measured.setdefault(key, [])
            may_measure = may_measure and self._clock() >= self._failed.get(key, -RETRY_SECONDS) + RETRY_SECONDS
            is_coming = may_measure and len(measured) < MEASUREMENTS
            if is_coming and not self._is_measuring:
                threading.Thread(
                    target=self._measure, args=(key, hyperparameters, dataset, device), name="cost", daemon=True
                ).start()
                self._is_measuring = True  # only now: if no thread can be started, the next request tries again
            rates = _mean(measured) if measured else None
        return CostEstimate(None if rates is None else estimate_cost(hyperparameters, dataset, rates), is_coming)

    def _measure(
        self, key: tuple[object, ...], hyperparameters: Hyperparameters, dataset: DigitDataset, device: str
    ) -> None:
        if self._quiet is not None:
            self._quiet.wait(QUIET_SECONDS)
        rates: Rates | None = None
        try:
            rates = self._measure_rates(hyperparameters, dataset, device)
        except (OSError, EOFError):
            pass
        finally:
            # All at once: a request in between would begin one measurement too many.
            with self._lock:
                self._is_measuring = False
                if rates is None:
                    self._failed[key] = self._clock()
                else:
                    self._measured[key].append(rates)


def _mean(measured: Sequence[Rates]) -> Rates:
    # The harmonic mean: each was measured for the same time, and what is done in a second at either pace adds up.
    return Rates(
        *(statistics.harmonic_mean(column) for column in zip(*map(dataclasses.astuple, measured), strict=True))
    )
