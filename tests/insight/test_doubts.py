"""Digits that do not stand as MNIST's do are noticed, and said."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_demo.cli.common import load_digits
from mnist_demo.data.dataset import DigitDataset
from mnist_demo.insight.doubts import find_doubt
from mnist_demo.models.checkpoints import load_checkpoint
from tests.data.small_digits import write_folder

CHANGES = {
    "as they should be": (lambda pixels: pixels, None),
    "rows and columns swapped": (lambda pixels: pixels.swapaxes(1, 2), "they seem to be transposed"),
    "dark on bright": (lambda pixels: 255 - pixels, "they seem to be dark on bright"),
    "upside down": (lambda pixels: pixels[:, ::-1, ::-1], "they seem not to stand upright"),
    "other pictures": (lambda pixels: pixels[::-1], "they seem to be no digits, or to have other labels"),
}


@pytest.mark.parametrize(("change", "sentence"), CHANGES.values(), ids=CHANGES)
def test_digits_of_a_folder_are_doubted_for_what_they_are(
    builtin: DigitDataset, change: Any, sentence: str | None
) -> None:
    folder = dataclasses.replace(builtin, name="folder", test_pixels=change(builtin.test_pixels))
    doubt = find_doubt(folder, load_checkpoint("starter"))
    assert (sentence in doubt and doubt.endswith("They are used as they are.")) if sentence else not doubt


@pytest.mark.parametrize(
    ("changed", "beginning"),
    [
        (["test"], "Test images: The starter model reads"),
        (["train"], "Training images: The starter model reads"),
        (["train", "test"], "The starter model reads"),
    ],
)
def test_either_half_of_a_folder_is_doubted_by_itself(
    builtin: DigitDataset, changed: list[str], beginning: str
) -> None:
    swapped: dict[str, Any] = {f"{part}_pixels": getattr(builtin, f"{part}_pixels").swapaxes(1, 2) for part in changed}
    doubt = find_doubt(dataclasses.replace(builtin, name="folder", **swapped), load_checkpoint("starter"))
    assert doubt.startswith(beginning)
    assert doubt.count("they seem to be transposed") == 1


def test_halves_that_are_unusual_in_two_ways_are_doubted_in_two_sentences(builtin: DigitDataset) -> None:
    changed: dict[str, Any] = {
        "train_pixels": 255 - builtin.train_pixels,
        "test_pixels": builtin.test_pixels.swapaxes(1, 2),
    }
    doubt = find_doubt(dataclasses.replace(builtin, name="folder", **changed), load_checkpoint("starter"))
    assert "dark on bright. They are used as they are. Test images: The starter" in doubt


def test_command_says_so_and_uses_them(
    builtin: DigitDataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    swapped = np.ascontiguousarray(builtin.test_pixels.swapaxes(1, 2))
    folder = write_folder(tmp_path / "digits", dataclasses.replace(builtin, test_pixels=swapped))
    assert len(load_digits(str(folder)).test_labels) == len(builtin.test_labels)
    assert "they seem to be transposed" in capsys.readouterr().err
