"""The progress of a run, and the metrics of its model before the first step."""

from dataclasses import dataclass


@dataclass(slots=True)
class Progress:
    """How far a run has come. The sums are over the images that were met in the epoch that is under way.

    `images_seen` is the position in that epoch: all of them between its last step and its evaluation, 0 after that.
    `images_counted` has the extra images that were mixed in as well. `seconds` is training time.
    """

    step: int = 0
    epochs_done: int = 0
    images_seen: int = 0
    images_counted: int = 0
    loss_sum: float = 0.0
    correct_sum: int = 0
    seconds: float = 0.0

    def begin_epoch(self, epochs_done: int) -> None:
        """Note that so many epochs are done and evaluated, and that the next one begins."""
        self.epochs_done = epochs_done
        self.images_seen = self.images_counted = self.correct_sum = 0
        self.loss_sum = 0.0


@dataclass(frozen=True)
class InitialMetrics:
    """How the model did before the first step; validation metrics are None when no images are held out."""

    test_loss: float
    test_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
