"""The settings of a run: models to choose from, fields and their checked values, presets, and settings in links."""

from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.presets import PRESETS

__all__ = ["PRESETS", "Hyperparameters"]
