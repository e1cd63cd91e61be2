"""``python -m mnist_demo``, run in the process of the test, and what it is given."""

import contextvars
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mnist_demo.cli.main import main
from mnist_demo.data.dataset import DigitDataset
from mnist_demo.models.checkpoints import save_checkpoint
from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.presets import PRESETS
from mnist_demo.training.loop import train

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; return its exit status, stdout and stderr."""

    def run_main(*arguments: object) -> tuple[int, str, str]:
        # In a context of its own: the language of the command is not that of the tests after it.
        status = contextvars.copy_context().run(main, [str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run_main


@pytest.fixture(scope="module")
def checkpoint(builtin: DigitDataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network that reads most of the built-in digits."""
    hyperparameters = PRESETS["small-network"].hyperparameters.replace(epochs=8, batch_size=50)
    model = build_model(hyperparameters)
    for _event in train(model, hyperparameters, builtin):
        pass
    return save_checkpoint(tmp_path_factory.mktemp("run") / "model.safetensors", model, hyperparameters, builtin, {})


@pytest.fixture
def pictures(builtin: DigitDataset, tmp_path: Path) -> list[Path]:
    """Pictures of the first five test digits, dark on bright."""
    paths = [tmp_path / f"{number}.png" for number in range(5)]
    for path, pixels in zip(paths, builtin.test_pixels, strict=False):
        Image.fromarray(255 - np.asarray(pixels)).save(path)
    return paths


def json_lines(text: str) -> list[dict[str, Any]]:
    """Return the objects in `text`, one a line; fail where one is not JSON."""

    def refuse(constant: str) -> float:
        raise AssertionError(f"{constant} is not JSON")

    return [json.loads(line, parse_constant=refuse) for line in text.splitlines()]
