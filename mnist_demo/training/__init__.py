"""Training as a generator of events that can be paused and resumed, and what is kept of it."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnist_demo.training.loop import train as train

__all__ = ["train"]

_HOMES = {"train": "mnist_demo.training.loop"}


def __getattr__(name: str) -> object:
    """Import a name when it is first asked for: a page holds histories before torch is loaded."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
