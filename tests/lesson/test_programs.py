"""The programs that the lesson gives to copy: run as they are, but for the digits, and compared with its own loops."""

import re
from collections.abc import Callable

import numpy as np
import pytest
import sklearn.datasets
import torch

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.lesson.digits import LessonDigits, accuracy, prepare_lesson
from mnist_demo.lesson.programs import program_by_hand, program_with_torch


@pytest.fixture(scope="module")
def digits(builtin: DigitDataset) -> LessonDigits:
    return prepare_lesson(builtin)


@pytest.mark.parametrize("program", [program_by_hand, program_with_torch])
def test_program_runs_as_copied_and_reads_as_well_as_the_loops_of_the_lesson(
    program: Callable[[], str],
    digits: LessonDigits,
    builtin: DigitDataset,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pixels = np.concatenate([builtin.train_pixels, builtin.test_pixels]).reshape(-1, 784).astype(float)
    labels = np.concatenate([builtin.train_labels, builtin.test_labels]).astype(str)
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", lambda *_names, **_options: (pixels, labels))
    count = len(builtin.train_labels)
    code = program().replace("60_000", str(count))
    assert code.count(str(count)) == 4
    names: dict[str, object] = {"__name__": "copied"}
    with torch.random.fork_rng(devices=[]):
        exec(compile(code, "copied", "exec"), names)
    printed = capsys.readouterr().out
    shown = float(re.findall(r"test accuracy ([\d.]+)", printed)[0])
    assert printed.startswith("75 steps, ")  # five epochs of 15 batches
    assert shown == pytest.approx(digits.trained.test_accuracy, abs=0.03)
    logits = names["logits"]
    assert isinstance(logits, torch.Tensor)
    assert shown == pytest.approx(accuracy(logits, digits.test_y), abs=1e-4)
