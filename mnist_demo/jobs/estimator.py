"""Estimates for all visitors of a server: measured beside the page, one at a time, and remembered."""

import dataclasses
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.devices import CPU
from mnist_demo.errors import JobError
from mnist_demo.jobs.estimate import Rates, estimate_cost, measure_rates
from mnist_demo.settings.hyperparameters import Hyperparameters

# So many measurements count: the pace of a shared machine may change by a half from one second to the next.
MEASUREMENTS = 4
# A page asks again every second while a measurement is coming; when it does not, nobody waits for that any more.
WANTED_SECONDS = 10.0
QUIET_SECONDS = 20.0
RETRY_SECONDS = 60.0
MAX_REMEMBERED = 1000  # combinations of settings
# What does not change how long a step takes.
IRRELEVANT = {"epochs", "seed", "learning_rate", "momentum", "weight_decay", "training_size", "validation_size"}

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True)
class CostEstimate:
    """About how many `seconds` a run takes, None while that is not known.

    `is_coming` says whether it soon will be known, or known better.
    """

    seconds: float | None
    is_coming: bool


class CostEstimator:
    """Measures beside the page, one thing at a time, and remembers; safe for threads.

    Parameters
    ----------
    quiet
        Set when what a server does at its start is done: the first measurement waits for it, some seconds at most.
    measure
        What measures, as long as somebody asks: `measure_rates`, or what does the same on another machine.
    clock
        Seconds, as ``time.monotonic``.
    """

    def __init__(
        self,
        quiet: threading.Event | None = None,
        measure: "Callable[[Hyperparameters, DigitDataset, str, Callable[[], bool]], Rates] | None" = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._quiet, self._measure_rates = quiet, measure or measure_rates
        self._lock = threading.Lock()
        self._measured: dict[tuple[object, ...], tuple[Rates, ...]] = {}
        self._clock = clock
        self._failed: dict[tuple[object, ...], float] = {}  # when
        self._is_measuring = False
        self._in_work: tuple[object, ...] = ()
        self._wanted_at = 0.0  # when somebody last asked for what is in work

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
            measured = self._measured.get(key, ())
            may_measure = may_measure and self._clock() >= self._failed.get(key, -RETRY_SECONDS) + RETRY_SECONDS
            is_coming = may_measure and len(measured) < MEASUREMENTS
            if is_coming and (key == self._in_work or not self._is_measuring):
                self._in_work, self._wanted_at = key, self._clock()
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
            rates = self._measure_rates(hyperparameters, dataset, device, self._is_wanted)
        except (OSError, EOFError, JobError):
            pass
        finally:
            # All at once: a request in between would begin one measurement too many.
            with self._lock:
                self._is_measuring = False
                if rates is None and self._is_wanted():
                    _remember(self._failed, key, self._clock())
                if rates is not None:
                    _remember(self._measured, key, (*self._measured.get(key, ()), rates))

    def _is_wanted(self) -> bool:
        return self._clock() - self._wanted_at < WANTED_SECONDS


def _remember(known: dict[Key, Value], key: Key, value: Value) -> None:
    """Put it into `known`, and leave out what came first of too much: anybody may ask for any number of settings."""
    known.pop(key, None)
    known[key] = value
    while len(known) > MAX_REMEMBERED:
        del known[next(iter(known))]


def _mean(measured: Sequence[Rates]) -> Rates:
    # The harmonic mean: each was measured for the same time, and what is done in a second at either pace adds up.
    return Rates(
        *(statistics.harmonic_mean(column) for column in zip(*map(dataclasses.astuple, measured), strict=True))
    )
