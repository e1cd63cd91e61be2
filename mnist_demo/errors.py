"""Errors that a user can cause or encounter. Each message is one sentence for the user: what was expected, what was
found instead, and what to do next.

::

    MnistDemoError
    ├── HyperparameterError    a hyperparameter is unknown, not a number, or out of bounds
    ├── DatasetError           a data set is missing, damaged, or does not hold digits
    │   └── DownloadError      a server did not respond, or did not send MNIST
    ├── ImageError             a picture to classify is unreadable or far too large
    │   └── NoDigitError       it can be read, but nothing on it can be a digit: empty paper
    ├── DrawingFileError       a file of labelled drawings is damaged, in another format, or far too large
    ├── HistoryFileError       a file of a run's history is damaged or in another format
    ├── ExportError            a run lacks something that a format needs, or a package for it is missing
    ├── CheckpointError        a saved model is missing, damaged, in another format, or cannot be written
    ├── RunError               a saved run is missing, damaged, or cannot be written
    ├── KeepingError           what a visitor made cannot be kept for her, or what was kept is damaged
    ├── ClassError             a class is not there, or does not let somebody do what she asked for
    └── JobError               a training job cannot be started or controlled, or is no longer known
"""

from mnist_demo.translation import translated


class MnistDemoError(Exception):
    """Base class of all errors above: show ``str(error)`` to the user, never a traceback.

    That is its message in the reader's language, whoever raised it, and in whatever process: see `Sentence`.
    """

    def __str__(self) -> str:
        message = self.args[0] if len(self.args) == 1 else None
        return translated(message) if isinstance(message, str) else super().__str__()


class HyperparameterError(MnistDemoError, ValueError):
    """A hyperparameter is unknown, has the wrong type, or is out of bounds. ``name`` is its name, if there is one."""

    def __init__(self, message: str, name: str | None = None) -> None:
        super().__init__(message)
        self.name = name


class DatasetError(MnistDemoError):
    """A data set is missing, damaged, or does not hold digits; the message names the file and what to put there."""


class DownloadError(DatasetError):
    """MNIST could not be downloaded; existing files are unchanged, and it is safe to try again later."""


class ImageError(MnistDemoError, ValueError):
    """A picture cannot be classified: it is unreadable or far too large, or has no digit on it."""


class NoDigitError(ImageError):
    """A picture has nothing on it that can be a digit, as empty paper; nothing is wrong with its file."""


class DrawingFileError(MnistDemoError, ValueError):
    """Labelled drawings cannot be stored or read: the file is damaged or not ours, or there are too many."""


class HistoryFileError(MnistDemoError, ValueError):
    """A run's history file is damaged, or was not written by this program."""


class ExportError(MnistDemoError):
    """A run cannot be exported in a format: the run lacks something that it needs, or a package is missing."""


class CheckpointError(MnistDemoError):
    """A checkpoint is missing, damaged, in another format, or could not be written."""


class RunError(MnistDemoError):
    """A saved run is missing or damaged, or could not be written; the previous save is unchanged."""


class KeepingError(MnistDemoError):
    """What a visitor made could not be kept on the disk, or what was kept is damaged; all else is unchanged."""


class ClassError(MnistDemoError):
    """A class is not there any more, or does not let this visitor do what she asked for; nothing has changed."""


class JobError(MnistDemoError):
    """A training job could not be started or controlled, or the server no longer knows it."""


def is_lack_of_memory(error: BaseException) -> bool:
    """Tell whether that is why; torch says so with a RuntimeError, of its own kind on an accelerator alone."""
    is_told_so = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return is_told_so or "can't allocate memory" in str(error)
