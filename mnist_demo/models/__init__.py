"""The classifiers, their optimizers, and trained models in files."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnist_demo.models.checkpoints import load_checkpoint as load_checkpoint

__all__ = ["load_checkpoint"]

_HOMES = {"load_checkpoint": "mnist_demo.models.checkpoints"}


def __getattr__(name: str) -> object:
    """Import a name when it is first asked for: what reads only the header of a file need not load torch."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
