"""One run as the exports take it, wherever it was kept. Nothing here imports torch before it is needed."""

import math
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from mnist_demo.errors import CheckpointError, ExportError
from mnist_demo.files import Content
from mnist_demo.jobs.job import Job
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.history import History
from mnist_demo.translation import _

if TYPE_CHECKING:
    from mnist_demo.models.checkpoints import TrainedClassifier


@dataclass(frozen=True, eq=False)
class ExportedRun:
    """A run as the exports see it; it can be pickled.

    `weights` are safetensors bytes, with or without a checkpoint's header, of the model after the last step of
    `history`, or None before there are any. `dataset_name` and `dataset_digest` are those of its `DigitDataset`.
    `name` is what a person called the run, or empty. `is_repeatable` is False for a run that began with another run's
    weights or learned from drawings: its settings alone do not bring it back.
    """

    hyperparameters: Hyperparameters
    history: History
    weights: Content | None
    dataset_name: str
    dataset_digest: str
    name: str = ""
    is_repeatable: bool = True

    @classmethod
    def of_job(cls, job: Job) -> "ExportedRun":
        """Return what `job` is at this moment; it may go on meanwhile."""
        now = job.snapshot()
        return cls(
            job.hyperparameters,
            now.history,
            now.weights.kept if now.weights is not None else None,
            job.dataset.name,
            job.dataset.digest,
            is_repeatable=job.is_repeatable,
        )

    @property
    def metrics(self) -> dict[str, float]:
        """Metrics of the model that are finite numbers, as checkpoints keep them.

        Those on the test images are missing where the model has learned on since it was measured.
        """
        history = self.history
        metrics: dict[str, float] = {"step": history.step_count, "seconds": history.seconds}
        newest = history.newest_test
        if newest is not None and getattr(newest, "step", 0) == history.step_count:
            metrics |= {"test_loss": newest.test_loss, "test_accuracy": newest.test_accuracy}
        return {name: value for name, value in metrics.items() if math.isfinite(value)}

    def load_classifier(self) -> "TrainedClassifier":
        """Return the run's model; raise ExportError when there is none, or none that can be used."""
        from mnist_demo.models.checkpoints import classifier_from_bytes

        if self.weights is None:
            raise ExportError(_("This run has no model yet: let it train a step, then export it."))
        try:
            classifier = classifier_from_bytes(bytes(self.weights), self.hyperparameters)
        except CheckpointError as error:
            raise ExportError(_("The model of this run cannot be exported. {reason}").format(reason=error)) from error
        if not classifier.is_finite:
            message = _("The weights of this run are no longer finite numbers; export its history instead.")
            raise ExportError(message)
        return classifier


def require(package: str) -> ModuleType:
    """Import `package`, or raise an ExportError that says how to get it."""
    import importlib

    try:
        return importlib.import_module(package)
    except ImportError as error:
        message = _("This format needs the package {package}, which is not installed: run “pip install {package}”.")
        raise ExportError(message.format(package=package.partition(".")[0])) from error
