"""Training a model some more on labelled drawings, mixed into batches of the images that it learned from before."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from mnist_demo.settings.hyperparameters import Hyperparameters

if TYPE_CHECKING:  # every run comes here, and few have drawings: what reads pictures takes a while to load
    from mnist_demo.drawing.collection import DrawingCollection

# Tried with 20 misread tablet digits and a convnet of 99.41 %: with a tenth of each batch from the drawings and 10,000
# other images it reads all 20 and 99.23 % of the test set; with a quarter and 5,000, all 20 and 98.9 %. Augmenting
# models that were trained without costs the test set another percent. Smaller rates do not learn from so few steps.
FINE_TUNING_IMAGES = 10_000
FINE_TUNING_BATCH = 100
FINE_TUNING_RATES = {"sgd": 0.05, "momentum": 0.005, "adam": 0.0005, "adamw": 0.0005}
EXTRA_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class ExtraImages:
    """Labelled images that training mixes into its batches: float32 (n, 28, 28) in [0, 1] and int64 (n,).

    They make up `share` of every batch, a fraction below 1; each is met many times, changed at random each time.
    """

    images: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    share: float = EXTRA_SHARE

    def __post_init__(self) -> None:
        assert len(self.images) == len(self.labels) > 0
        assert 0 < self.share < 1


class Predictor(Protocol):
    """Whatever gives probabilities, float32 (n, 10), for images, float32 (n, 28, 28) in [0, 1]."""

    def predict_probabilities(self, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]: ...


def extra_images(collection: "DrawingCollection") -> ExtraImages:
    """Return the drawings of `collection`, which must have at least one, as training takes them."""
    return ExtraImages(collection.images(), collection.labels())


def accuracy_on_extra(classifier: Predictor, extra: ExtraImages) -> float:
    """Return the fraction of the extra images that `classifier` reads correctly."""
    predicted = classifier.predict_probabilities(extra.images).argmax(axis=1)
    return float((predicted == extra.labels).mean())


def fine_tuning_settings(hyperparameters: Hyperparameters, available: int = 60_000) -> Hyperparameters:
    """Return hyperparameters to train a model some more on drawings: those it was made with, in few and small steps.

    Whether the other images are augmented stays as it was; drawings always are. `available` is how many training images
    the data set has.
    """
    return hyperparameters.replace(
        learning_rate=min(hyperparameters.learning_rate, FINE_TUNING_RATES[hyperparameters.optimizer]),
        one_cycle=False,
        batch_size=FINE_TUNING_BATCH,
        epochs=1,
        shuffle=True,
        training_size=min(FINE_TUNING_IMAGES, available),
        validation_size=0,
        synthetic_digits=0,
        builtin_copies=0,
        non_digits=0,
    )
