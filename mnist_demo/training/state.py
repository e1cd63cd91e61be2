"""All that a run needs to go on bit for bit as if it had never been interrupted, as bytes that are safe to load.

The bytes are safetensors. Their tensors are ``model.NAME`` (weights and buffers), ``optimizer.INDEX.NAME`` (what the
optimizer keeps for each parameter), ``random.NAME`` (the states of the random generators) and, for a run that learns
from hard images, ``hard.losses`` and ``hard.order`` (see `HardImages`). The header's metadata has one entry,
``mnist_demo_training``, which is JSON::

    {"version": 1, "hyperparameters": {"model": "linear", …}, "data_digest": "ba89…",
     "changes": [[500, "learning_rate", 0.05], …], "progress": {"step": 1200, "epochs_done": 2, "images_seen": 0, …},
     "first_figures": {"test_loss": 2.31, "test_accuracy": 0.1, "validation_loss": null, "validation_accuracy": null}}

Nothing here imports torch before tensors are wanted, so that the page may look at how far a saved run has come.
"""

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import CheckpointError
from mnist_demo.files import Content
from mnist_demo.models.safetensors_header import read_metadata
from mnist_demo.models.tensor_bytes import tensors_to_bytes
from mnist_demo.settings.changes import Change, changes_from_json, with_changes
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.fine_tuning import ExtraImages
from mnist_demo.training.progress import InitialMetrics, Progress
from mnist_demo.translation import _, format_list

if TYPE_CHECKING:
    from torch import Tensor

METADATA_KEY = "mnist_demo_training"
VERSION = 1
# The largest model that the bounds allow has 74 MB, and Adam keeps two more numbers for each weight.
MAX_STATE_BYTES = 250_000_000


@dataclass(frozen=True, eq=False)
class TrainingState:
    """A run between two steps: `tensors` by the names that the module describes, and how far it had come.

    `hyperparameters` are those that it began with, `changes` those that were made on the way, and any still to come.

    `data_digest` stands for the images that it learns from (see `digest_of_data`): it can only go on with the same.
    """

    hyperparameters: Hyperparameters
    data_digest: str
    progress: Progress
    initial_metrics: InitialMetrics
    tensors: "Mapping[str, Tensor]"
    changes: tuple[Change, ...] = ()

    def to_bytes(self) -> bytes:
        """Return the state in safetensors format."""
        about = {
            "version": VERSION,
            "hyperparameters": self.hyperparameters.as_dict(),
            "data_digest": self.data_digest,
            "changes": self.changes,
            "progress": dataclasses.asdict(self.progress),
            "first_figures": dataclasses.asdict(self.initial_metrics),
        }
        return tensors_to_bytes(self.tensors, {METADATA_KEY: json.dumps(about)})

    @classmethod
    def from_bytes(cls, content: Content) -> "TrainingState":
        """Return the state that `to_bytes` gave.

        Raises
        ------
        CheckpointError
            When the bytes are damaged, or were not written by `to_bytes`. Files from strangers are safe to try.
        """
        import safetensors.torch
        from safetensors import SafetensorError

        hyperparameters, data_digest, progress, initial_metrics, changes = _read_about(content)
        try:
            tensors = safetensors.torch.load(bytes(content))
        except (SafetensorError, KeyError, ValueError, RuntimeError) as error:
            raise damaged_state() from error
        return cls(hyperparameters, data_digest, progress, initial_metrics, tensors, changes)

    def check_continues(self, hyperparameters: Hyperparameters, data_digest: str) -> None:
        """Raise CheckpointError unless a run with these settings and data can go on from here.

        Only the number of epochs may differ, and must not be less than what is done already.
        """
        saved, wanted = self.hyperparameters.as_dict(), hyperparameters.as_dict()
        different = [name for name in saved if name != "epochs" and saved[name] != wanted[name]]
        if different:
            message = _(
                "A run can only go on with its own settings, but {names} would change: start a new run instead."
            )
            raise CheckpointError(message.format(names=format_list(different)))
        if data_digest != self.data_digest:
            raise CheckpointError(_("A run can only go on with the digits that it began with: choose them first."))
        if hyperparameters.epochs < self.progress.epochs_done + (self.progress.images_seen > 0):
            message = _("This run is in epoch {epoch} already: choose at least as many epochs.")
            raise CheckpointError(message.format(epoch=self.progress.epochs_done + (self.progress.images_seen > 0)))


def read_progress(content: Content) -> Progress:
    """Return how far the run had come whose ``TrainingState.to_bytes`` are `content`, without loading its tensors.

    Raises
    ------
    CheckpointError
        When the bytes are damaged, or were not written by ``to_bytes``.
    """
    return _read_about(content)[2]


def digest_of_data(dataset: DigitDataset, extra: ExtraImages | None) -> str:
    """Return a SHA-256, hexadecimal, of the images that a run learns from, `extra` ones included."""
    digest = hashlib.sha256(dataset.digest.encode())
    if extra is not None:
        digest.update(extra.images.tobytes() + extra.labels.tobytes() + repr(extra.share).encode())
    return digest.hexdigest()


def _read_about(content: Content) -> tuple[Hyperparameters, str, Progress, InitialMetrics, tuple[Change, ...]]:
    if len(content) > MAX_STATE_BYTES:
        raise damaged_state()
    try:
        about: Any = json.loads(read_metadata(content)[METADATA_KEY])
        if about["version"] != VERSION:
            raise CheckpointError(
                _("This run was saved by another version of this program, which this one cannot read.")
            )
        progress, metrics = Progress(**about["progress"]), InitialMetrics(**about["first_figures"])
        for name, value in dataclasses.asdict(progress).items():
            whole = name not in ("loss_sum", "seconds")
            # Written so that a NaN, which compares as false, fails too; True is a number to Python only.
            if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not value >= 0:
                raise ValueError(name)
        for name, value in dataclasses.asdict(metrics).items():
            if not isinstance(value, int | float) and not (value is None and name.startswith("validation")):
                raise ValueError(name)
        if not isinstance(about["data_digest"], str) or not math.isfinite(progress.seconds):
            raise ValueError("data_digest")
        hyperparameters = Hyperparameters.from_dict(about["hyperparameters"])
        # A run that was saved before settings could be changed on the way has none.
        changes = changes_from_json(about.get("changes", []))
        with_changes(hyperparameters, changes)
        return hyperparameters, about["data_digest"], progress, metrics, changes
    # HyperparameterError is a ValueError. AttributeError: a list where an object should be. RecursionError: brackets
    # nested ten thousand deep. OverflowError: a whole number of 400 digits.
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise damaged_state() from error


def damaged_state() -> CheckpointError:
    return CheckpointError(_("The saved state of this run is damaged or incomplete: it cannot go on, start a new one."))
