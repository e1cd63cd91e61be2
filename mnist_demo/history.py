"""What happened in a run so far: every step and every epoch, kept whole, and thinned for a chart.

>>> history = History()
>>> history.append(Step(1, 1, train_loss=2.3, train_accuracy=0.1, learning_rate=0.5, images=100, seconds=0.01))
>>> len(history.steps["train_loss"]), history.steps["train_loss"][0]
(1, 2.3)
"""

import math
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_demo.events import Diverged, Epoch, Event, Started, Step, Stopped

if TYPE_CHECKING:
    from mnist_demo.training_state import Progress

# "step" is the last: it is what counts steps, and a reader in another thread must never see a step without its figures.
STEP_COLUMNS = ("train_loss", "train_accuracy", "learning_rate", "images", "seconds", "step")


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
        # 8 bytes a number: 100,000 steps are 5 MB, where a list of Step objects would be 40.
        self.steps: dict[str, array[float]] = {name: array("d") for name in STEP_COLUMNS}

    def append(self, event: Event) -> None:
        match event:
            case Started():
                self.started = event
            case Step():
                for name, column in self.steps.items():
                    column.append(getattr(event, name))
            case Epoch():
                self.epochs.append(event)
            case Diverged():
                self.diverged = event
            case Stopped():
                self.stopped = event

    def until(self, progress: "Progress") -> "History":
        """Return a copy of what had happened when the run had come so far, `progress` being that of a saved state."""
        earlier = History()
        earlier.started = self.started
        earlier.epochs = self.epochs[: progress.epochs_done]
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
    def progress(self) -> float:
        """The fraction of all steps that is done."""
        return self.step_count / self.started.total_steps if self.started else 0.0

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
        pace = self.images_per_second
        if self.started is None or pace is None:
            return None
        epochs = self.started.total_steps // self.started.steps_per_epoch
        return max(0.0, epochs * self.started.training_images - sum(self.steps["images"])) / pace

    @property
    def newest_test(self) -> Started | Epoch | Stopped | None:
        """The event with the newest figures on the test images: at first those of the untrained model."""
        return self.stopped or (self.epochs[-1] if self.epochs else self.started)

    @property
    def test_accuracy(self) -> float | None:
        """The newest test accuracy, a fraction."""
        return self.newest_test.test_accuracy if self.newest_test else None

    @property
    def test_loss(self) -> float | None:
        """The newest test loss."""
        return self.newest_test.test_loss if self.newest_test else None

    def thinned_steps(self, limit: int) -> ThinnedSteps:
        """Return at most `limit` points of the steps so far, each the mean of equally many steps.

        The number of steps in a point is a power of two, so that points on the chart stay where they are while new
        ones come, and change only when the run has doubled.
        """
        bucket = 1
        while math.ceil(self.step_count / bucket) > limit:
            bucket *= 2
        begins = range(0, self.step_count, bucket)
        losses, accuracies = self.steps["train_loss"], self.steps["train_accuracy"]
        return ThinnedSteps(
            bucket,
            [min(begin + bucket, self.step_count) for begin in begins],
            [_mean(losses[begin : begin + bucket]) for begin in begins],
            [_mean(accuracies[begin : begin + bucket]) for begin in begins],
        )


def _mean(numbers: "array[float]") -> float:
    return sum(numbers) / len(numbers)
