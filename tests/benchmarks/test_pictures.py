"""The measurement of reading pictures, on a handful of digits made here."""

import itertools
import json
from pathlib import Path

import pytest

from benchmarks.command import main
from benchmarks.measurements import pictures
from benchmarks.measurements.pictures import EMPTY, ONE_DIGIT, measure_pictures
from tests.drawing.drawn_digits import circle, four
from tests.drawing.unipen_text import unipen_text


@pytest.fixture
def strokes(tmp_path: Path) -> Path:
    """Strokes of a 4 and a 0."""
    path = tmp_path / "digits.txt"
    path.write_text(unipen_text([(4, four()), (0, circle())]))
    return path


@pytest.fixture
def _two_quick_conditions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "ONE_DIGIT", {"soft": ONE_DIGIT["soft, 28 × 28 pixels"]})
    monkeypatch.setattr(pictures, "EMPTY", {"empty": EMPTY["empty paper"]})
    for name in ("SEVERAL_DIGITS", "NO_DIGITS"):
        monkeypatch.setattr(pictures, name, {})
    monkeypatch.setattr(pictures, "TWO_ROWS", {})


@pytest.mark.usefixtures("_two_quick_conditions")
def test_benchmark_pictures_json_has_what_was_read_and_refused_of_each_condition(
    strokes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pictures", "--strokes", str(strokes), "--limit", "2", "--json"]) == 0
    soft, empty = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert soft == {
        "measurement": "pictures",
        "condition": "one digit: soft",
        "accuracy": 1,
        "refused": 0,
        "pictures": 2,
    }
    assert empty == {"measurement": "pictures", "condition": "no digit: empty", "refused": 1, "pictures": 2}


def test_measure_pictures_makes_a_picture_of_every_condition_and_the_same_each_time(
    strokes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[bytes] = []

    def note(file: bytes) -> tuple[str, bool]:
        files.append(file)
        return "", True

    monkeypatch.setattr(pictures, "answer", note)
    conditions = [figure.condition for figure in measure_pictures(str(strokes), 1)]
    assert len(set(conditions)) == len(conditions) > 30
    assert len(set(files)) == len(files) == len(conditions)
    again = [figure.condition for figure in itertools.islice(measure_pictures(str(strokes), 1), 5)]
    assert again == conditions[:5]
    assert files[len(conditions) :] == files[:5]
