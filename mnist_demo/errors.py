"""The errors that a user can cause or meet. Each message is one sentence for a person: what was expected, what came,
and what to do next.

::

    MnistDemoError
    ├── HyperparameterError    a setting is unknown, no number, or out of its bounds
    ├── DatasetError           digits are missing, damaged, or not digits
    │   └── DownloadError      a server did not answer, or what it sent is not MNIST
    ├── ImageError             a picture to classify is no picture, blank, or far too large
    ├── DrawingFileError       a file of labelled drawings is damaged, of another kind, or far too large
    ├── HistoryFileError       a file of a run's history is damaged or of another kind
    ├── ExportError            a run has not what a format needs, or a package for it is missing
    ├── CheckpointError        a saved model is missing, damaged, of another kind, or cannot be written
    ├── RunError               a saved run is missing, damaged, or cannot be written
    ├── JobError               a training job cannot be started or commanded, or is no longer known
    └── BenchmarkError         something that was to be measured failed, or lacks what it needs
"""

from mnist_demo.translation import translated


class MnistDemoError(Exception):
    """Base of all errors above: show ``str(error)`` to the user, never a traceback.

    That is its message in the reader's language, whoever raised it, and in whatever process: see `Sentence`.
    """

    def __str__(self) -> str:
        message = self.args[0] if len(self.args) == 1 else None
        return translated(message) if isinstance(message, str) else super().__str__()


class HyperparameterError(MnistDemoError, ValueError):
    """A hyperparameter is unknown, not of its type, or out of its bounds. ``name`` says which, where it is one."""

    def __init__(self, message: str, name: str | None = None) -> None:
        super().__init__(message)
        self.name = name


class DatasetError(MnistDemoError):
    """Digits are missing, damaged, or not digits; the message names the file and what to put there."""


class DownloadError(DatasetError):
    """MNIST could not be downloaded; whatever was there before is untouched, and trying again later is safe."""


class ImageError(MnistDemoError, ValueError):
    """A picture cannot be classified: no picture, nothing on it, or far too large."""


class DrawingFileError(MnistDemoError, ValueError):
    """Labelled drawings cannot be kept or read: damaged, not one of our files, or too many."""


class HistoryFileError(MnistDemoError, ValueError):
    """A file of a run's history is damaged, or was not written by this program."""


class ExportError(MnistDemoError):
    """A run cannot be exported in a format: it has not what that needs, or a package is missing."""


class CheckpointError(MnistDemoError):
    """A checkpoint is missing, damaged, not one of ours, or could not be written."""


class RunError(MnistDemoError):
    """A saved run is missing or damaged, or could not be written; what was saved before is untouched."""


class JobError(MnistDemoError):
    """A training job could not be started or commanded, or the server no longer knows it."""


class BenchmarkError(MnistDemoError):
    """A measurement could not be made: a program failed, or something that it needs is not installed."""
