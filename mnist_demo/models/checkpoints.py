"""Trained models as bytes and files: safetensors, whose header says in JSON how the model came about.

A file that somebody sends you can be loaded without fear: safetensors holds numbers only, nothing here unpickles, and
whatever does not fit is one CheckpointError. The header's metadata has one entry, ``mnist_demo``, which is JSON::

    {"version": 1, "hyperparameters": {"model": "linear", …}, "dataset": {"name": "mnist", "digest": "ba89…"},
     "figures": {"test_accuracy": 0.914, …}, "torch": "2.13.0"}
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import CheckpointError, ImageError
from mnist_demo.files import unfinished_name, write_whole
from mnist_demo.models.classifiers import CLASSES, Classifier, build_model
from mnist_demo.models.foreign_files import describe_foreign_file
from mnist_demo.models.safetensors_header import read_metadata
from mnist_demo.models.tensor_bytes import tensors_to_bytes
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.presets import STARTER
from mnist_demo.translation import _

STARTER_PATH = Path(__file__).with_name("starter.safetensors")
CHECKPOINT_NAME = "model.safetensors"  # in the folder that a user names
METADATA_KEY = "mnist_demo"
VERSION = 1
PREDICTION_BATCH = 500
# The largest model that the bounds of the hyperparameters allow (five hidden layers of 2,048) has 74 MB.
MAX_FILE_BYTES = 100_000_000


@dataclass(frozen=True, eq=False)
class TrainedClassifier:
    """A model that answers questions: images in, probabilities out. It hides every normalisation of its own.

    `metrics` are those it was saved with, such as ``test_accuracy`` (a fraction); empty for a snapshot.
    """

    model: Classifier
    hyperparameters: Hyperparameters
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_finite(self) -> bool:
        """Whether all weights are finite numbers; those of a model that has diverged are not."""
        return all(bool(tensor.isfinite().all()) for tensor in self.model.state_dict().values())

    @torch.no_grad()
    def predict_probabilities(self, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the probability of each digit, float32 (n, 10), for `images`, float32 (n, 28, 28) in [0, 1].

        Every row sums to 1, even where a model that has diverged answers with something that is no number.

        Raises
        ------
        ImageError
            When `images` have another shape, type or range.
        """
        images = check_images(images)
        probabilities = np.empty((len(images), CLASSES), np.float32)
        for begin in range(0, len(images), PREDICTION_BATCH):
            batch = slice(begin, begin + PREDICTION_BATCH)
            logits = self.model(torch.tensor(images[batch])).nan_to_num()
            probabilities[batch] = logits.softmax(dim=1).numpy()
        return probabilities


def weights_to_bytes(model: Classifier) -> bytes:
    """Return the weights of `model` in safetensors format."""
    return tensors_to_bytes(model.state_dict(), {})


def classifier_from_bytes(weights: bytes, hyperparameters: Hyperparameters) -> TrainedClassifier:
    """Return the classifier that `hyperparameters` describes with the weights that `weights_to_bytes` gave.

    Raises
    ------
    CheckpointError
        When the bytes are damaged, or are the weights of another model.
    """
    try:
        tensors = safetensors.torch.load(weights)
    except (SafetensorError, KeyError, ValueError, RuntimeError) as error:
        # KeyError: of a number format that torch does not have. The texts may quote a stranger's file: not shown.
        raise CheckpointError(_("The weights are damaged or incomplete.")) from error
    model = build_model(hyperparameters)
    expected = model.state_dict()
    # Checked here and not left to load_state_dict: copying broadcasts, so one number would fill a whole layer.
    if _layout(tensors) != _layout(expected):
        message = _("The weights are not those of a model “{model}” with the settings that go with them.")
        raise CheckpointError(message.format(model=hyperparameters.model))
    model.load_state_dict(tensors)
    model.eval()
    return TrainedClassifier(model, hyperparameters)


def checkpoint_to_bytes(
    model: Classifier,
    hyperparameters: Hyperparameters,
    dataset_name: str,
    dataset_digest: str,
    metrics: Mapping[str, float],
) -> bytes:
    """Return `model` and how it came about as the content of a checkpoint file.

    `metrics` are finite numbers, such as ``test_accuracy`` (a fraction).
    """
    origin = describe_origin(hyperparameters, dataset_name, dataset_digest, metrics)
    about = {"version": VERSION, **origin, "torch": str(torch.__version__)}
    return tensors_to_bytes(model.state_dict(), {METADATA_KEY: json.dumps(about, allow_nan=False)})


def describe_origin(
    hyperparameters: Hyperparameters, dataset_name: str, dataset_digest: str, metrics: Mapping[str, float]
) -> dict[str, Any]:
    """Return how a model came about, as JSON can hold it, under the names that files have for it."""
    return {
        "hyperparameters": hyperparameters.as_dict(),
        "dataset": {"name": dataset_name, "digest": dataset_digest},
        "figures": dict(metrics),  # as files have called them from the first version on
    }


def save_checkpoint(
    path: str | Path,
    model: Classifier,
    hyperparameters: Hyperparameters,
    dataset: DigitDataset,
    metrics: Mapping[str, float],
) -> Path:
    """Write `model` and how it came about to the file `path`, and return it; a file that was there is replaced.

    `metrics` are finite numbers, such as ``test_accuracy`` (a fraction).

    Raises
    ------
    CheckpointError
        When it cannot be written; then `path` is as it was, and nothing is left beside it.
    """
    path = Path(path)
    content = checkpoint_to_bytes(model, hyperparameters, dataset.name, dataset.digest, metrics)
    try:
        write_whole(path, content)
    except OSError as error:
        raise _cannot_write(path, error) from error
    return path


def prepare_output(folder: str | Path) -> Path:
    """Make `folder` where needed, and return the file in it that a checkpoint may be saved to.

    Raises
    ------
    CheckpointError
        When nothing can be written there: better known before an hour of training than after.
    """
    path = Path(folder) / CHECKPOINT_NAME
    trial = path.with_name(unfinished_name())
    try:
        write_whole(trial, b"")
        trial.unlink()
        if path.is_dir():
            raise IsADirectoryError(0, _("it is a folder"))
    except OSError as error:
        raise _cannot_write(path, error) from error
    return path


def load_checkpoint(path: str | Path) -> TrainedClassifier:
    """Return the classifier in a checkpoint: a file, the folder that ``train --output`` wrote, or the word ``starter``.

    Raises
    ------
    CheckpointError
        When there is none, or it is damaged or of another kind. Files from strangers are safe to try.
    """
    if path == STARTER:
        path = STARTER_PATH
        if not path.is_file():
            raise CheckpointError(_("This installation comes without the starter model: train one and name its file."))
    path = Path(path)
    if path.is_dir():
        path /= CHECKPOINT_NAME
    if not path.is_file():
        message = _("There is no checkpoint {path}: name a file or folder that “train --output” wrote, or say starter.")
        raise CheckpointError(message.format(path=path))
    try:
        return load_checkpoint_bytes(_read_whole(path), name=str(path))
    except OSError as error:
        message = _("The checkpoint {path} cannot be read ({reason}).")
        raise CheckpointError(message.format(path=path, reason=error.strerror or error)) from error


def load_checkpoint_bytes(content: bytes, name: str) -> TrainedClassifier:
    """Return the classifier in the `content` of a checkpoint file; `name` is what an error calls the file.

    Raises
    ------
    CheckpointError
        When it is damaged, far too large or of another kind. Files from strangers are safe to try.
    """
    try:
        if len(content) > MAX_FILE_BYTES:
            message = _("It is larger than {limit} MB, which no model of this program is.")
            raise CheckpointError(message.format(limit=MAX_FILE_BYTES // 1_000_000))
        hyperparameters, metrics = _read_about(content)
        classifier = classifier_from_bytes(content, hyperparameters)
        if not classifier.is_finite:
            raise CheckpointError(_("Some weights are not finite numbers."))
    except CheckpointError as error:
        message = _("{path} is not a checkpoint that can be loaded. {reason}")
        raise CheckpointError(message.format(path=name, reason=error)) from error
    return TrainedClassifier(classifier.model, hyperparameters, metrics)


def check_images(images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return `images` as float32 (n, 28, 28), or raise ImageError unless they are of that shape and in [0, 1]."""
    if not isinstance(images, np.ndarray) or images.dtype.kind != "f":
        message = _("Images must be an array of float32 from 0 to 1, but are {kind}; scale_pixels makes them of uint8.")
        raise ImageError(message.format(kind=getattr(images, "dtype", type(images).__name__)))
    if images.ndim != 3 or images.shape[1:] != (28, 28):
        message = _("Images must have the shape (n, 28, 28), but have {shape}.")
        raise ImageError(message.format(shape=images.shape))
    images = images.astype(np.float32, copy=False)
    # Written so that a NaN, which compares as false, fails too.
    if images.size and not (images.min() >= 0 and images.max() <= 1):
        message = _("Images must hold numbers from 0 to 1, but hold {low:g} to {high:g}.")
        raise ImageError(message.format(low=images.min(), high=images.max()))
    return images


def _layout(tensors: Mapping[str, Tensor]) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (tensor.shape, tensor.dtype) for name, tensor in tensors.items()}


def _cannot_write(path: Path, error: OSError) -> CheckpointError:
    message = _("The model cannot be saved as {path} ({reason}): choose another folder, or make room there.")
    return CheckpointError(message.format(path=path, reason=error.strerror or error))


def _read_whole(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_FILE_BYTES + 1)  # one more than is accepted


def _read_about(content: bytes) -> tuple[Hyperparameters, dict[str, float]]:
    """Return the hyperparameters and metrics in the header of a file, trusting nothing of it."""
    try:
        about: Any = json.loads(read_metadata(content)[METADATA_KEY])
        version, values, metrics = about["version"], about["hyperparameters"], about["figures"]
    # RecursionError: brackets nested ten thousand deep.
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CheckpointError(describe_foreign_file(content)) from None
    if version != VERSION:
        raise CheckpointError(_("It was written by another version of this program."))
    try:
        if not all(isinstance(value, int | float) and math.isfinite(value) for value in metrics.values()):
            raise ValueError("metrics are not numbers")
        return Hyperparameters.from_dict(values), {name: float(value) for name, value in metrics.items()}
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        raise CheckpointError(_("Its hyperparameters or figures are not what they should be.")) from error
