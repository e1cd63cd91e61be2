"""What can be set before a run: the fields, their values checked together, presets, and settings in links."""

from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.presets import PRESETS

__all__ = ["PRESETS", "Hyperparameters"]
