"""Estimates of how long a run would take on this machine, from measurements of half a second.

The measurement trains in a process of its own, as a run does, on a few batches and with the same number of threads. It
says how long a step and the evaluation of an image take; how often they are to be done follows from the settings.
"""

import contextlib
import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection

from mnist_demo.data.builtin_digits import TRAINING_DIGITS
from mnist_demo.data.dataset import DigitDataset
from mnist_demo.devices import CPU
from mnist_demo.errors import JobError
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
from mnist_demo.translation import _

# The first steps are slow, most of all those of convolutions; and no batch that takes seconds is measured whole.
WARM_UP_STEPS, WARM_UP_SECONDS = 3, 0.1
MEASURED_BATCH = 500
MEASURED_SECONDS, EVALUATION_SECONDS = 0.3, 0.05
EVALUATED_IMAGES = 500
SYNTHETIC_DIGITS = 30
# Until a run has its process, and at its end until the page shows that. And how many times as long all else takes when
# the page shows it: 32 runs of 11 to 32 s took 1.11 to 1.30 times as long as was measured, from the click to the end
# (medians of four models); most those that compute with both of two cores.
START_SECONDS, WATCHED = 0.7, 1.18
PATIENCE_SECONDS = 20.0
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Rates:
    """Seconds that a step, the evaluation of one image, and one synthetic digit take; and the first steps, once."""

    step: float
    evaluated_image: float
    synthetic_digit: float
    first_steps: float = 0.0


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
    synthetic = (hyperparameters.synthetic_digits + hyperparameters.learned_non_digits) * rates.synthetic_digit
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
    return n_training + hyperparameters.synthetic_digits + hyperparameters.learned_non_digits, n_validation


def measure_rates(
    hyperparameters: Hyperparameters,
    dataset: DigitDataset,
    device: str = CPU,
    is_wanted: Callable[[], bool] = lambda: True,
) -> Rates:
    """Measure on `device` in another process.

    Raises
    ------
    OSError, EOFError
        When that cannot be done.
    JobError
        When it is not wanted any more, which ends the process.
    """
    few = dataclasses.replace(
        dataset,
        # All training images, for it takes longer to gather a batch from many. Of the test images a copy: a part of a
        # mapped file would go to the other process whole.
        test_pixels=dataset.test_pixels[:EVALUATED_IMAGES].copy(),
        test_labels=dataset.test_labels[:EVALUATED_IMAGES],
    )
    threads = thread_count(hyperparameters)
    with ChildProcess(_measure, hyperparameters, few, threads, device, answers_only=True) as child:
        return received_rates(child.connection, PATIENCE_SECONDS, is_wanted)


def received_rates(connection: Connection, seconds: float, is_wanted: Callable[[], bool]) -> Rates:
    """Return what comes over `connection` within so many seconds; raises as `measure_rates` does."""
    while not connection.poll(LOOK_SECONDS):
        seconds -= LOOK_SECONDS
        if seconds <= 0:
            raise OSError("the measurement took too long")
        if not is_wanted():
            raise JobError(_("Nobody is waiting for this any more."))
    rates: Rates = connection.recv()
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
        non_digits=0,
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
        _synthetic_digit_seconds() if hyperparameters.synthetic_digits or hyperparameters.learned_non_digits else 0.0,
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
