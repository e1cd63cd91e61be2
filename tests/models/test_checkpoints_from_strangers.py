"""Files from strangers do nothing but raise one clear error."""

import io
import json
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import CheckpointError
from mnist_demo.models.checkpoints import METADATA_KEY, load_checkpoint, save_checkpoint
from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.hyperparameters import Hyperparameters

METRICS = {"test_accuracy": 0.9, "test_loss": 0.4}


@pytest.fixture
def checkpoint(builtin: DigitDataset, tmp_path: Path) -> Path:
    """A file with an untrained linear model."""
    hyperparameters = Hyperparameters()
    return save_checkpoint(
        tmp_path / "model.safetensors", build_model(hyperparameters), hyperparameters, builtin, METRICS
    )


def test_load_checkpoint_of_a_truncated_file_raises(checkpoint: Path) -> None:
    content = checkpoint.read_bytes()
    for length in [0, 1, 7, 8, 9, 100, len(content) // 2, len(content) - 1]:
        checkpoint.write_bytes(content[:length])
        with pytest.raises(CheckpointError, match="not a checkpoint that can be loaded"):
            load_checkpoint(checkpoint)


class _Exploit:
    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return os.mkdir, ("exploited",)


def _safetensors(header: object, tensors: bytes = b"") -> bytes:
    encoded = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(encoded)) + encoded + tensors


@pytest.mark.parametrize(
    "content",
    [
        np.random.default_rng(0).bytes(5000),
        bytes(1000),
        _safetensors({"__metadata__": {METADATA_KEY: "hello"}}),
        _safetensors({"__metadata__": {METADATA_KEY: "[1, 2]"}}),
        _safetensors({"__metadata__": [METADATA_KEY]}),
        _safetensors([]),
        _safetensors(b"[" * 50_000),
        _safetensors({"__metadata__": {METADATA_KEY: "[" * 50_000}}),
        struct.pack("<Q", 10_000_000_000) + b"{}",
        struct.pack("<Q", 2**64 - 1) + b"{}",
        _safetensors(b" " * 200_000 + b"{}"),
    ],
    ids=[
        *["noise", "zeros", "no JSON", "no object", "a list", "a list for header"],
        *["deep header", "deep description", "header of 10 GB", "largest header", "long header"],
    ],
)
@pytest.mark.usefixtures("_in_a_folder_of_its_own")
def test_load_checkpoint_of_another_kind_of_file_raises(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged, or was not written by this program"):
        load_checkpoint(path)
    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors"]  # nothing ran


def _saved_by_torch(thing: object) -> bytes:
    content = io.BytesIO()
    torch.save(thing, content)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "what_is_missing"),
    [
        (pickle.dumps(_Exploit()), "is not opened here, since it may hold a program"),
        (_saved_by_torch(torch.nn.Linear(784, 10).state_dict()), "is not opened here, since it may hold a program"),
        (b"PK\x03\x04" + bytes(500), "is not opened here, since it may hold a program"),
        (b"\x89HDF\r\n\x1a\n" + bytes(500), "is not opened here, since it may hold a program"),
        (b"\x08\x0a\x12\x07pytorch" + bytes(500), "It is an ONNX file"),
        (
            safetensors.torch.save(torch.nn.Linear(784, 10).state_dict()),
            "holds 2 arrays of another program, but not .* to which model .* That is not guessed",
        ),
        (
            _safetensors({"weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(4)),
            "holds 1 array of another program",
        ),
    ],
    ids=["pickle", "state_dict", "zip", "Keras", "ONNX", "safetensors of a linear model", "safetensors of one number"],
)
@pytest.mark.usefixtures("_in_a_folder_of_its_own")
def test_load_checkpoint_of_another_program_says_what_is_missing(
    content: bytes, what_is_missing: str, tmp_path: Path
) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=what_is_missing):
        load_checkpoint(path)
    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors"]  # nothing ran


@pytest.fixture
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _set(*keys: str, to: object) -> Callable[[dict[str, Any]], None]:
    def change(about: dict[str, Any]) -> None:
        for key in keys[:-1]:
            about = about[key]
        about[keys[-1]] = to

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("version", to=2), "another version"),
        (_set("hyperparameters", "epochs", to=0), "hyperparameters or figures"),
        (_set("hyperparameters", "epochs", to=10**400), "hyperparameters or figures"),
        (_set("hyperparameters", "hidden_sizes", to=[2048] * 99), "hyperparameters or figures"),
        (_set("hyperparameters", "learning_rate", to=float("nan")), "hyperparameters or figures"),
        (_set("hyperparameters", "model", to=["linear"]), "hyperparameters or figures"),
        (_set("hyperparameters", "command", to="rm"), "hyperparameters or figures"),
        (_set("hyperparameters", to=["linear"]), "hyperparameters or figures"),
        (_set("hyperparameters", to=[]), "hyperparameters or figures"),
        (_set("hyperparameters", "model", to="mlp"), "not those of a model “mlp”"),
        (_set("hyperparameters", "model", to="scratch-linear"), "not those of a model “scratch-linear”"),
        (_set("figures", to=None), "hyperparameters or figures"),
        (_set("figures", "test_accuracy", to="high"), "hyperparameters or figures"),
        (_set("figures", "test_accuracy", to=float("inf")), "hyperparameters or figures"),
        (_set("figures", "test_accuracy", to=10**400), "hyperparameters or figures"),
    ],
)
def test_load_checkpoint_with_a_forged_description_raises(
    change: Callable[[dict[str, Any]], None], message: str, checkpoint: Path
) -> None:
    content = checkpoint.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    about = json.loads(header["__metadata__"][METADATA_KEY])
    change(about)
    header["__metadata__"][METADATA_KEY] = json.dumps(about)
    checkpoint.write_bytes(_safetensors(header, content[8 + length :]))
    with pytest.raises(CheckpointError, match=message) as caught:
        load_checkpoint(checkpoint)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        ({"shape": [20, 392]}, "not those of a model"),
        ({"shape": [78400000000]}, "damaged or incomplete"),
        ({"shape": [1, 1], "data_offsets": [0, 4]}, "damaged or incomplete"),
        ({"dtype": "I32"}, "not those of a model"),
        ({"dtype": "NONE"}, "damaged or incomplete"),
    ],
)
def test_load_checkpoint_with_tensors_that_do_not_fit_raises(
    tensor: dict[str, Any], message: str, checkpoint: Path
) -> None:
    content = checkpoint.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["layers.1.weight"] |= tensor
    checkpoint.write_bytes(_safetensors(header, content[8 + length :]))
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(checkpoint)


def test_load_checkpoint_with_a_tensor_of_one_number_does_not_fill_a_layer(
    builtin: DigitDataset, tmp_path: Path
) -> None:
    hyperparameters = Hyperparameters(model="scratch-linear")
    model = build_model(hyperparameters)
    model.weights = torch.nn.Parameter(torch.ones(1))  # type: ignore[attr-defined]
    path = save_checkpoint(tmp_path / "model.safetensors", model, hyperparameters, builtin, METRICS)
    with pytest.raises(CheckpointError, match="not those of a model"):
        load_checkpoint(path)


def test_load_checkpoint_with_a_weight_that_is_no_number_raises(builtin: DigitDataset, tmp_path: Path) -> None:
    model = build_model(Hyperparameters())
    with torch.no_grad():
        next(model.parameters())[0, 0] = float("nan")
    path = save_checkpoint(tmp_path / "model.safetensors", model, Hyperparameters(), builtin, METRICS)
    with pytest.raises(CheckpointError, match="not finite numbers"):
        load_checkpoint(path)


def test_load_checkpoint_of_a_sparse_file_of_ten_gigabytes_raises_at_once(checkpoint: Path) -> None:
    os.truncate(checkpoint, 10_000_000_000)
    with pytest.raises(CheckpointError, match="larger than 100 MB"):
        load_checkpoint(checkpoint)
