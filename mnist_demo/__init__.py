"""See a neural network learn to read handwritten digits.

The names in ``__all__`` are the public API. README.md has the map of the packages.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnist_demo.drawing import find_digits as find_digits
    from mnist_demo.drawing import image_from_bitmap as image_from_bitmap
    from mnist_demo.drawing import image_from_strokes as image_from_strokes
    from mnist_demo.models import load_checkpoint as load_checkpoint
    from mnist_demo.settings import PRESETS as PRESETS
    from mnist_demo.settings import Hyperparameters as Hyperparameters
    from mnist_demo.training import train as train

__version__ = "0.1.0"

__all__ = [
    "Hyperparameters",
    "PRESETS",
    "find_digits",
    "image_from_bitmap",
    "image_from_strokes",
    "load_checkpoint",
    "train",
]

_HOMES = {
    "Hyperparameters": "mnist_demo.settings",
    "PRESETS": "mnist_demo.settings",
    "find_digits": "mnist_demo.drawing",
    "image_from_bitmap": "mnist_demo.drawing",
    "image_from_strokes": "mnist_demo.drawing",
    "load_checkpoint": "mnist_demo.models",
    "train": "mnist_demo.training",
}


def __getattr__(name: str) -> object:
    """Import a name when it is first asked for: ``import mnist_demo`` alone loads neither torch nor scikit-learn."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
