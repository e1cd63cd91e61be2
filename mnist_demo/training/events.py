"""The events that `train` yields. Nothing here imports torch, so the page can hold a history before torch is loaded."""

from dataclasses import dataclass
from typing import NamedTuple

from mnist_demo.settings.changes import Change
from mnist_demo.settings.fields import CUSTOMARY_LEARNING_RATES
from mnist_demo.settings.values import check_value
from mnist_demo.translation import _, format_decimal


@dataclass(frozen=True)
class Started:
    """First event. `test_loss` and `test_accuracy` are those of the untrained model, the chart's first point."""

    steps_per_epoch: int
    total_steps: int
    training_images: int
    parameter_count: int
    test_loss: float
    test_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None


class Step(NamedTuple):
    """One optimizer update: the loss and accuracy of its batch before the update. Steps and epochs count from 1.

    A tuple, because there are thousands a second, and each goes from one process to another: a dataclass takes
    more than twice as long to make and to read.
    """

    step: int
    epoch: int
    train_loss: float
    train_accuracy: float
    learning_rate: float
    images: int
    seconds: float
    """Training time so far in seconds, evaluation and pauses left out."""


@dataclass(frozen=True)
class Epoch:
    """The end of an epoch. Train metrics are means over its images as they were met; accuracies are fractions.

    Validation metrics are None when no training images are held out.
    """

    epoch: int
    step: int
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float


@dataclass(frozen=True)
class Changed:
    """A hyperparameter that was changed on the way: the steps after `step` are made with `value`.

    `epoch` is how many epochs are through by then, with the part of the one under way: of its images, not its steps.
    """

    step: int
    epoch: float
    setting: str
    value: float

    @property
    def change(self) -> Change:
        """The change itself, which another run can make too."""
        return Change(self.step, self.setting, check_value(self.setting, self.value))


@dataclass(frozen=True)
class Evaluated:
    """The model so far on the test images, between the ends of epochs: see `mnist_demo.training.progress`."""

    step: int
    epoch: int
    test_loss: float
    test_accuracy: float
    seconds: float


@dataclass(frozen=True)
class Diverged:
    """Last event of a run whose loss is no longer a finite number."""

    step: int
    epoch: int
    learning_rate: float
    optimizer: str

    @property
    def message(self) -> str:
        return _(
            "The loss is no longer a finite number at step {step} (epoch {epoch}) with learning rate {rate}: the steps "
            "were so long that the weights ran away. Try a learning rate of {remedy} or less."
        ).format(
            step=self.step,
            epoch=self.epoch,
            rate=format_decimal(self.learning_rate, "g"),
            remedy=format_decimal(self._remedy, "g"),
        )

    @property
    def _remedy(self) -> float:
        return min(CUSTOMARY_LEARNING_RATES[self.optimizer], self.learning_rate / 10)


@dataclass(frozen=True)
class Stopped:
    """Last event of a run that was stopped: the model so far on the test images, after `step` steps."""

    step: int
    test_loss: float
    test_accuracy: float


Event = Started | Step | Changed | Evaluated | Epoch | Diverged | Stopped
