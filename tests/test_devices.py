import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.devices import available_devices, choose_device, known_devices, quick_precision
from mnist_demo.errors import HyperparameterError
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.architectures import ARCHITECTURES
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.loop import train

PATIENCE = 30.0


@pytest.mark.parametrize(
    ("wanted", "model", "available", "expected"),
    [
        ("auto", "convnet", ("cuda", "cpu"), "cuda"),
        ("auto", "deep-convnet", ("mps", "cpu"), "mps"),
        ("auto", "linear", ("cuda", "cpu"), "cpu"),
        ("auto", "convnet", ("cpu",), "cpu"),
        ("cuda", "linear", ("cuda", "cpu"), "cuda"),
        ("cpu", "convnet", ("cuda", "cpu"), "cpu"),
    ],
)
def test_choose_device_takes_what_is_wanted_or_what_suits(
    wanted: str, model: str, available: tuple[str, ...], expected: str
) -> None:
    assert choose_device(wanted, ARCHITECTURES[model].gains_by_accelerator, available) == expected


@pytest.mark.parametrize("wanted", ["mps", "tpu", "cuda:1"])
def test_choose_device_that_is_not_there_raises(wanted: str) -> None:
    with pytest.raises(HyperparameterError, match=f"no device “{wanted}” .* choose one of auto, cuda, cpu"):
        choose_device(wanted, False, ("cuda", "cpu"))


def test_available_devices_lists_the_accelerators_that_torch_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert available_devices.__wrapped__() == ("cuda", "cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert available_devices.__wrapped__() == ("cpu",)


def test_known_devices_are_only_the_processor_until_somebody_has_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    available_devices.cache_clear()
    assert known_devices() == ("cpu",)
    assert "cuda" in available_devices()
    assert known_devices() == available_devices()
    available_devices.cache_clear()


@pytest.mark.parametrize("model", FIELDS["model"].choice_names)
def test_train_brings_everything_it_computes_with_to_the_device(model: str, builtin: DigitDataset) -> None:
    """The meta device computes nothing, but refuses tensors of two devices: up to the first loss all must be there."""
    hyperparameters = Hyperparameters(
        model=model, augmentation=True, pen_variation=True, validation_size=10, batch_size=50
    )
    classifier = build_model(hyperparameters)
    few: dict[str, Any] = {name: getattr(builtin, name)[:200] for name in ("train_pixels", "train_labels")}
    training = train(classifier, hyperparameters, dataclasses.replace(builtin, **few), device="meta")
    images, labels = next(training._batches.epoch())
    loss, _wrong = classifier.backpropagate(images, labels)
    assert {images.device.type, labels.device.type, loss.device.type} == {"meta"}
    assert all(parameter.grad is not None and parameter.grad.is_meta for parameter in classifier.parameters())


def test_job_says_where_it_computes_and_fails_where_it_cannot(
    registry: JobRegistry, quick: Hyperparameters, builtin: DigitDataset
) -> None:
    job = registry.start(Assignment(quick, builtin, device="cpu"))
    assert job.wait(PATIENCE) == "finished"
    assert job.device == "cpu"
    if not torch.backends.mps.is_available():
        other = registry.start(Assignment(quick, builtin, device="mps"))
        assert other.wait(PATIENCE) == "failed"
        assert "no device “mps”" in other.detail


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("flags\t\t: fpu sse4_2 avx2 avx512f", "float32"),
        ("flags\t\t: fpu avx512f avx512_bf16 amx_bf16", "bfloat16"),
        ("flags\t\t: fpu avx512f no_avx512_bf16x", "float32"),
        (None, "float32"),
    ],
)
def test_quick_precision_is_that_which_the_processor_has_instructions_for(
    flags: str | None, expected: str, tmp_path: Path
) -> None:
    told = tmp_path / "cpuinfo"
    if flags is not None:
        told.write_text(f"processor\t: 0\n{flags}\nbugs\t\t: none\n", encoding="utf-8")
    assert quick_precision(told) == expected
