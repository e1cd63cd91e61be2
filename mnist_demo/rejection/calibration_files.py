"""Calibration files: safetensors, like checkpoints, and as safe to open.

The header's metadata has one entry, ``mnist_demo_calibration``, in JSON. Its ``model`` is the SHA-256 of the weights
that the calibration was fitted for. It is loaded for no other weights, because it would reject at random with them::

    {"version": 1, "temperature": 1.05, "threshold": -2.1, "model": "9f3c…", "figures": {"digits_refused": 0.008, …}}
"""

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from mnist_demo.errors import CheckpointError
from mnist_demo.files import write_whole
from mnist_demo.models.checkpoints import (
    TrainedClassifier,
    load_checkpoint,
    weights_to_bytes,
)
from mnist_demo.models.safetensors_header import read_metadata
from mnist_demo.rejection.calibration import Calibration, Detector
from mnist_demo.settings.presets import STARTER
from mnist_demo.translation import _

STARTER_CALIBRATION_PATH = Path(__file__).with_name("starter-calibration.safetensors")
METADATA_KEY = "mnist_demo_calibration"
VERSION = 1
MAX_FILE_BYTES = 1_000_000  # the starter's calibration has 40,000
TENSORS = ("hidden_weights", "hidden_bias", "output_weights", "output_bias")


def save_calibration(
    path: str | Path, calibration: Calibration, classifier: TrainedClassifier, metrics: Mapping[str, float]
) -> Path:
    """Write the `calibration` of `classifier`, which must have a detector, to the file `path`; return the path.

    Raises
    ------
    CheckpointError
        If the file cannot be written; `path` is then unchanged.
    """
    path = Path(path)
    assert calibration.detector is not None
    about = {
        "version": VERSION,
        "temperature": calibration.temperature,
        "threshold": calibration.threshold,
        "model": _digest(classifier),
        "figures": dict(metrics),
    }
    tensors = {name: np.ascontiguousarray(getattr(calibration.detector, name), np.float32) for name in TENSORS}
    try:
        write_whole(path, safetensors.numpy.save(tensors, {METADATA_KEY: json.dumps(about, allow_nan=False)}))
    except OSError as error:
        message = _("The calibration cannot be saved as {path} ({reason}): choose another file, or make room there.")
        raise CheckpointError(message.format(path=path, reason=error.strerror or error)) from error
    return path


def load_calibration(path: str | Path, classifier: TrainedClassifier) -> Calibration:
    """Return the calibration that `save_calibration` wrote for this `classifier`. Untrusted files are safe to read.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged or in another format, or was fitted for other weights.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        about = _read_about(content)
        detector = Detector(**_read_tensors(content))
    except OSError as error:
        message = _("The calibration {path} cannot be read ({reason}).")
        raise CheckpointError(message.format(path=path, reason=error.strerror or error)) from error
    # KeyError: a tensor or an entry is missing. RecursionError: brackets nested ten thousand levels deep.
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        message = _("{path} is damaged, or was not written by this program’s “calibrate”.")
        raise CheckpointError(message.format(path=path)) from error
    if about["model"] != _digest(classifier):
        message = _("The calibration {path} was fitted for another model; “calibrate” makes one for this.")
        raise CheckpointError(message.format(path=path))
    return Calibration(about["temperature"], about["threshold"], detector)


def load_starter_calibration() -> Calibration:
    """Return the calibration of the starter model; both come with the package.

    Raises
    ------
    CheckpointError
        If either is missing, or they do not belong together.
    """
    return load_calibration(STARTER_CALIBRATION_PATH, load_checkpoint(STARTER))


def _digest(classifier: TrainedClassifier) -> str:
    return hashlib.sha256(weights_to_bytes(classifier.model)).hexdigest()


def _read_about(content: bytes) -> dict[str, Any]:
    """Validate and return the metadata of an untrusted file; raise ValueError, KeyError or TypeError if invalid."""
    if len(content) > MAX_FILE_BYTES:
        raise ValueError("too large")
    about: Any = json.loads(read_metadata(content)[METADATA_KEY])
    numbers = about["temperature"], about["threshold"]
    if about["version"] != VERSION or not all(type(number) is float and math.isfinite(number) for number in numbers):
        raise ValueError("another version, or not numbers")
    if about["temperature"] <= 0 or not isinstance(about["model"], str):
        raise ValueError("no temperature, or no digest")
    return dict(about)


def _read_tensors(content: bytes) -> dict[str, np.ndarray]:
    tensors = safetensors.numpy.load(content)
    if set(tensors) != set(TENSORS) or tensors["hidden_weights"].ndim != 2:
        raise ValueError("other tensors")
    n_hidden = tensors["hidden_weights"].shape[1]
    expected = {"hidden_bias": (n_hidden,), "output_weights": (n_hidden,), "output_bias": (1,)}
    if any(tensors[name].shape != shape for name, shape in expected.items()):
        raise ValueError("shapes that do not go together")
    if any(tensor.dtype != np.float32 or not np.isfinite(tensor).all() for tensor in tensors.values()):
        raise ValueError("not finite float32")
    return tensors
