"""The measurement of drawings, on a handful made here."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.command import main
from benchmarks.measurements.drawings import measure_drawings
from mnist_demo.drawing.image import image_from_strokes
from mnist_demo.models.checkpoints import load_checkpoint
from tests.drawing.drawn_digits import Strokes, circle, four
from tests.drawing.unipen_text import unipen_text


def one() -> Strokes:
    return [np.array([[140.0, 60.0], [135.0, 220.0]])]


@pytest.fixture
def strokes(tmp_path: Path) -> Path:
    path = tmp_path / "digits.txt"
    # One label is wrong, so that no figure is 1 where all is well.
    path.write_text(unipen_text([(4, four()), (0, circle()), (1, one()), (7, circle())]))
    return path


def test_benchmark_drawings_json_agrees_with_predictions_made_here(
    strokes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["drawings", "--strokes", str(strokes), "--json"]) == 0
    captured = capsys.readouterr()
    lines = [json.loads(line) for line in captured.out.splitlines()]
    assert captured.err == ""
    assert {line["measurement"] for line in lines} == {"drawings"}
    assert {line["checkpoint"] for line in lines} == {"starter"}
    accuracies = {line["condition"]: line["accuracy"] for line in lines if "accuracy" in line}
    images = np.stack([image_from_strokes(drawn) for drawn in (four(), circle(), one(), circle())])
    predicted = load_checkpoint("starter").predict_probabilities(images).argmax(axis=1)
    assert accuracies["from strokes"] == (predicted == [4, 0, 1, 7]).mean() == 0.75
    for condition in (
        "from strokes, shrunk to 30%",
        "from strokes, in a corner",
        "from strokes, slanted by +15°",
        "from a bitmap, pen of 20 px",
        "from a bitmap, pen of 40 px",
        "from a bitmap, pen of 20 px, in a corner",
    ):
        assert accuracies[condition] == 0.75
    assert "the canvas resized only, pen of 20 px" in accuracies
    (p50,) = (line["ms_p50"] for line in lines if "ms_p50" in line)
    (p95,) = (line["ms_p95"] for line in lines if "ms_p95" in line)
    assert 0 < p50 <= p95


def test_measure_drawings_takes_a_limit_evenly(strokes: Path) -> None:
    first = next(measure_drawings(str(strokes), ["starter"], limit=2))  # the first, and the one with the wrong label
    assert (first.count, first.value) == (2, 0.5)
