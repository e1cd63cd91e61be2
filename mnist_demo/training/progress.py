"""The progress of a run, the metrics of its model before the first step, and when it is evaluated between epochs."""

from dataclasses import dataclass

# A model learns most in its first steps, long before an epoch of thousands of images ends.
EVALUATED_STEPS = frozenset((10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000))
# The whole of a run of so few steps, such as one of the built-in digits, would lie between two or three of those. In
# such a run to be watched, these are a quarter of a second apart.
SHORT_RUN_STEPS = 200
EVALUATED_STEPS_OF_SHORT_RUNS = EVALUATED_STEPS | set(range(5, 100, 5))


def is_evaluated(step: int, steps_per_epoch: int, total_steps: int) -> bool:
    """Tell whether the model is evaluated on the test images right after `step`, although no epoch ends there."""
    chosen = EVALUATED_STEPS if total_steps > SHORT_RUN_STEPS else EVALUATED_STEPS_OF_SHORT_RUNS
    return step in chosen and step % steps_per_epoch != 0


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
