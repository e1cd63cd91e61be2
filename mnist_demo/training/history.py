"""The history of a run: every step and every epoch, kept whole, and selected for charts.

>>> history = History()
>>> history.append(Step(1, 1, train_loss=2.3, train_accuracy=0.1, learning_rate=0.5, images=100, seconds=0.01))
>>> len(history.steps["train_loss"]), history.steps["train_loss"][0]
(1, 2.3)
"""

import itertools
import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from mnist_demo.settings.changes import steps_from
from mnist_demo.training.events import Changed, Diverged, Epoch, Evaluated, Event, Started, Step, Stopped
from mnist_demo.training.progress import Progress
from mnist_demo.translation import format_decimal

# "step" is the last: it is what counts steps, and a reader in another thread must never see a step without its metrics.
STEP_COLUMNS = ("train_loss", "train_accuracy", "learning_rate", "images", "seconds", "step")


class Point(NamedTuple):
    """The `value` of a metric after so many steps, epochs (a fraction inside of one) and seconds of training."""

    step: int
    epoch: float
    seconds: float
    value: float


@dataclass(frozen=True)
class ThinnedSteps:
    """Means over `bucket` consecutive steps each; `step` is the last step of its bucket."""

    bucket: int
    step: list[int]
    train_loss: list[float]
    train_accuracy: list[float]


class History:
    """The events of one run, in the order in which they came."""

    def __init__(self) -> None:
        self.started: Started | None = None
        self.diverged: Diverged | None = None
        self.stopped: Stopped | None = None
        self.epochs: list[Epoch] = []
        self.changes: list[Changed] = []
        self.evaluations: list[Evaluated] = []
        # 8 bytes a number: 100,000 steps are 5 MB, where a list of Step objects would be 40.
        self.steps: dict[str, array[float]] = {name: array("d") for name in STEP_COLUMNS}
        self._full_buckets: dict[int, _FullBuckets] = {}  # of the largest number of points asked for

    @classmethod
    def of(cls, events: Iterable[Event]) -> "History":
        """Return the history of `events`; of many steps at once this takes a third of the time of `append`."""
        history, steps = cls(), []
        for event in events:
            if isinstance(event, Step):
                steps.append(event)
            else:
                history.append(event)
        for name, values in zip(Step._fields, zip(*steps, strict=True), strict=False):
            if name in history.steps:
                history.steps[name].fromlist(list(values))
        return history

    def append(self, event: Event) -> None:
        match event:
            case Started():
                self.started = event
            case Step():
                for name, column in self.steps.items():
                    column.append(getattr(event, name))
            case Changed():
                self.changes.append(event)
            case Evaluated():
                self.evaluations.append(event)
            case Epoch():
                self.epochs.append(event)
            case Diverged():
                self.diverged = event
            case Stopped():
                self.stopped = event

    def extend(self, later: "History") -> None:
        """Append what happened after this history ended."""
        self.started = later.started or self.started
        for name, column in self.steps.items():
            column.extend(later.steps[name])
        # After their steps: a reader in another thread may look in between.
        self.changes += later.changes
        self.evaluations += later.evaluations
        self.epochs += later.epochs
        self.diverged = later.diverged or self.diverged
        self.stopped = later.stopped or self.stopped

    def copy(self) -> "History":
        """Return a copy that does not change when this history grows."""
        copied = History()
        copied.started, copied.diverged, copied.stopped = self.started, self.diverged, self.stopped
        copied.epochs, copied.evaluations = list(self.epochs), list(self.evaluations)
        copied.changes = list(self.changes)
        copied.steps = {name: column[:] for name, column in self.steps.items()}
        return copied

    def until(self, progress: Progress) -> "History":
        """Return a copy of what had happened when the run had come so far, `progress` being that of a saved state."""
        earlier = History()
        earlier.started = self.started
        earlier.epochs = self.epochs[: progress.epochs_done]
        # One at the last step has made no step yet: a run that goes on from there makes it anew.
        earlier.changes = [change for change in self.changes if change.step < progress.step]
        earlier.evaluations = [event for event in self.evaluations if event.step <= progress.step]
        earlier.steps = {name: column[: progress.step] for name, column in self.steps.items()}
        return earlier

    @property
    def step_count(self) -> int:
        return len(self.steps["step"])

    @property
    def seconds(self) -> float:
        """Training time so far in seconds, evaluation and pauses left out."""
        return self.steps["seconds"][-1] if self.step_count else 0.0

    @property
    def total_steps(self) -> int:
        """How many steps the run has, as far as is known: another batch size on the way makes it another number."""
        if self.started is None:
            return 0
        epochs = self.started.total_steps // self.started.steps_per_epoch
        for change in reversed(self.changes):
            if change.setting == "batch_size":
                whole, part = divmod(change.epoch, 1)
                images = self.started.training_images
                position = int(whole), round(part * images)
                return change.step + steps_from(position, images, int(change.value), epochs)
        return self.started.total_steps

    @property
    def progress(self) -> float:
        """The fraction of all steps that is done."""
        return self.step_count / self.total_steps if self.started else 0.0

    @property
    def images_per_second(self) -> float | None:
        """The pace of the last 200 steps at most, or None before there is one."""
        count = min(self.step_count, 200)
        if count < 2:
            return None
        seconds = self.steps["seconds"][-1] - self.steps["seconds"][-count]
        return sum(self.steps["images"][1 - count :]) / seconds if seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """Training time still to come at the pace of the last steps, or None before there is one."""
        count = min(self.step_count, 200)
        if self.started is None or count < 2:
            return None
        seconds = self.steps["seconds"][-1] - self.steps["seconds"][-count]
        return max(0, self.total_steps - self.step_count) * seconds / (count - 1)

    @property
    def newest_test(self) -> Started | Evaluated | Epoch | Stopped | None:
        """The event with the newest metrics on the test images: at first those of the untrained model."""
        measured = self.measured_in_run()
        return self.stopped or (measured[-1] if measured else self.started)

    @property
    def tested_step(self) -> int:
        """The step after which the newest metrics on the test images were measured; 0 before training."""
        return getattr(self.newest_test, "step", 0)

    @property
    def test_accuracy(self) -> float | None:
        """The newest test accuracy, a fraction."""
        return self.newest_test.test_accuracy if self.newest_test else None

    @property
    def test_loss(self) -> float | None:
        """The newest test loss."""
        return self.newest_test.test_loss if self.newest_test else None

    def measured_points(self, metric: str, limit: int | None = None) -> list[Point]:
        """Return the points where `metric`, such as ``test_loss``, was measured.

        That is before training, between epochs, after every epoch and when the run was stopped, wherever that event has
        such a value; ``train_loss`` and ``train_accuracy`` are those of epochs. With a `limit` (2 or more) these are at
        most so many points, evenly taken; the first and the newest are always among them.
        """
        events = [
            event
            for event in (self.started, *self.measured_in_run(), self.stopped)
            if event is not None and getattr(event, metric, None) is not None
        ]
        if limit is not None and len(events) > limit:
            every = math.ceil((len(events) - 1) / (limit - 1))
            events = [events[0], *events[:0:-1][::every][::-1]]
        points = []
        for event in events:
            step = 0 if isinstance(event, Started) else event.step
            epoch = event.epoch if isinstance(event, Epoch) else self.epochs_at(step)
            seconds = event.seconds if isinstance(event, Epoch | Evaluated) else self.seconds if step else 0.0
            points.append(Point(step, epoch, seconds, getattr(event, metric)))
        return points

    def step_points(self, metric: str, limit: int) -> list[Point]:
        """Return ``train_loss`` or ``train_accuracy`` of the steps so far, thinned as `thinned_steps` says."""
        thinned, seconds = self.thinned_steps(limit), self.steps["seconds"]
        values = getattr(thinned, metric)
        return [
            Point(step, self.epochs_at(step), seconds[step - 1], value)
            for step, value in zip(thinned.step, values, strict=True)
        ]

    def measured_in_run(self) -> list[Evaluated | Epoch]:
        """Return what was measured after steps of the run, in order; at most one event a step."""
        measured: list[Evaluated | Epoch] = [*self.evaluations, *self.epochs]
        return sorted(measured, key=lambda event: event.step)

    def epochs_at(self, step: int) -> float:
        """Return how many epochs are through after so many steps, with the part of the one under way."""
        if self.started is None:
            return 0.0
        if all(change.setting != "batch_size" for change in self.changes):
            return step / self.started.steps_per_epoch
        # Epochs of batches of several sizes: known at their ends and where the size changed, and even in between.
        known = {0: 0.0} | {change.step: change.epoch for change in self.changes}
        known |= {epoch.step: float(epoch.epoch) for epoch in self.epochs}
        known[self.total_steps] = self.started.total_steps / self.started.steps_per_epoch
        (before, begun), (after, ended) = next(
            pair for pair in itertools.pairwise(sorted(known.items())) if pair[0][0] <= step <= pair[1][0]
        )
        return begun + (ended - begun) * (step - before) / (after - before)

    def thinned_steps(self, limit: int) -> ThinnedSteps:
        """Return at most `limit` points of the steps so far, each the mean of equally many steps.

        The number of steps in a point is a power of two, so that points on the chart stay where they are while new
        ones come, and change only when the run has doubled.
        """
        # A chart is drawn twice a second: it pays for the steps that are new, not for all of a long run. Several
        # threads may come here at once: each replaces what is kept by something whole, and none waits.
        full = self._full_buckets.get(limit, _FullBuckets())
        # Counted after that: what is kept is never of more steps than there are.
        count, losses, accuracies = self.step_count, self.steps["train_loss"], self.steps["train_accuracy"]
        self._full_buckets[limit] = full = full.up_to(count, limit, losses, accuracies)
        bucket, begin = full.bucket, len(full.train_loss) * full.bucket
        rest = [begin] if begin < count else []
        return ThinnedSteps(
            bucket,
            [min(end, count) for end in range(bucket, count + bucket, bucket)],
            [*full.train_loss, *(_mean(losses[begin:count]) for begin in rest)],
            [*full.train_accuracy, *(_mean(accuracies[begin:count]) for begin in rest)],
        )


@dataclass(frozen=True)
class _FullBuckets:
    """Means over `bucket` consecutive steps each, as many as are full; never changed, only replaced."""

    bucket: int = 1
    train_loss: tuple[float, ...] = ()
    train_accuracy: tuple[float, ...] = ()

    def up_to(self, count: int, limit: int, losses: "array[float]", accuracies: "array[float]") -> "_FullBuckets":
        """Return those of the first `count` steps, in buckets so large that at most `limit` are begun."""
        bucket, thinned_losses, thinned_accuracies = self.bucket, self.train_loss, self.train_accuracy
        while math.ceil(count / bucket) > limit:
            bucket *= 2
            thinned_losses, thinned_accuracies = _pairs(thinned_losses), _pairs(thinned_accuracies)
        begins = range(len(thinned_losses) * bucket, count - bucket + 1, bucket)
        return _FullBuckets(
            bucket,
            (*thinned_losses, *(_mean(losses[begin : begin + bucket]) for begin in begins)),
            (*thinned_accuracies, *(_mean(accuracies[begin : begin + bucket]) for begin in begins)),
        )


def format_loss(loss: float) -> str:
    """Return a loss in four decimals, or one that has run away as ``1e30``."""
    if abs(loss) < 10_000 or not math.isfinite(loss):
        return format_decimal(loss, ",.4f")
    mantissa, exponent = f"{loss:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"


def _pairs(means: tuple[float, ...]) -> tuple[float, ...]:
    """Return the means of two and two; one that is left over waits until its pair is there."""
    return tuple((first + second) / 2 for first, second in zip(means[::2], means[1::2], strict=False))


def _mean(numbers: "array[float]") -> float:
    return sum(numbers) / len(numbers)
