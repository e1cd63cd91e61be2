"""The assignment that a training process gets; it goes there as a pickle."""

from dataclasses import dataclass

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.devices import AUTO
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.fine_tuning import ExtraImages


@dataclass(frozen=True, eq=False)
class Assignment:
    """One run: settings, digits, and where it begins.

    `initial_weights` are safetensors bytes to begin with instead of random weights; `extra` images are mixed into every
    batch; `resume_from` are the bytes of a `TrainingState` to go on from, and then `initial_weights` do not
    matter. `device` is one of ``DEVICES``.
    """

    hyperparameters: Hyperparameters
    dataset: DigitDataset
    threads: int
    initial_weights: bytes | None = None
    extra: ExtraImages | None = None
    resume_from: bytes | None = None
    device: str = AUTO
