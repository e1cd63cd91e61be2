"""Training as a generator of events that can be paused and resumed, and what is kept of it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnist_demo.training.loop import train as train

__all__ = ["train"]


def __getattr__(name: str) -> object:
    """Import ``train`` when it is first asked for: a page holds histories before torch is loaded."""
    if name == "train":
        from mnist_demo.training.loop import train

        return train
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
