"""The classifiers, their optimizers, and trained models in files."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnist_demo.models.checkpoints import load_checkpoint as load_checkpoint

__all__ = ["load_checkpoint"]


def __getattr__(name: str) -> object:
    """Import ``load_checkpoint`` when it is first asked for: reading only the header of a file needs no torch."""
    if name == "load_checkpoint":
        from mnist_demo.models.checkpoints import load_checkpoint

        return load_checkpoint
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
