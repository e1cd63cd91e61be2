"""``classify``: digits in pictures and folders of pictures, and what is no digit."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.drivers.photographs import Scene, photograph, side_by_side
from benchmarks.measurements.pictures import axes_of_a_plot
from mnist_demo.data.dataset import DigitDataset
from mnist_demo.data.non_digits import draw_strokes
from tests.cli.conftest import Run, json_lines
from tests.drawing.drawn_digits import Strokes, circle, draw, face, four


def test_classify_json_prints_the_digit_and_ten_probabilities(
    run: Run, checkpoint: Path, pictures: list[Path], builtin: DigitDataset
) -> None:
    status, out, err = run("classify", checkpoint, *pictures, "--json")
    lines = json_lines(out)
    assert (status, err) == (0, "")
    assert [line["file"] for line in lines] == [str(path) for path in pictures]
    assert [line["predicted_digit"] for line in lines] == builtin.test_labels[:5].tolist()
    for line in lines:
        assert sum(line["probabilities"]) == pytest.approx(1)
        assert line["probability"] == max(line["probabilities"]) == line["probabilities"][line["predicted_digit"]]


def test_classify_without_json_prints_the_digit_and_ten_probabilities(
    run: Run, checkpoint: Path, pictures: list[Path], builtin: DigitDataset
) -> None:
    status, out, _err = run("classify", checkpoint, pictures[0])
    first, second = out.splitlines()
    assert status == 0
    assert first.startswith(f"{pictures[0]}: {builtin.test_labels[0]} (")
    assert second.count("%") == 10


def test_classify_of_a_folder_says_what_is_no_digit_and_what_the_starter_model_reads(
    run: Run, checkpoint: Path, pictures: list[Path]
) -> None:
    Image.fromarray(draw([circle()[0], four()[0], four()[1] - 40], 200)).save(pictures[0])
    (pictures[0].parent / "notes.txt").write_text("no picture")
    status, out, _err = run("classify", checkpoint, pictures[0].parent, "--json")
    lines = json_lines(out)
    assert (status, [line["file"] for line in lines]) == (0, [str(path) for path in pictures])
    assert [line["is_digit"] for line in lines] == [False, True, True, True, True]
    assert all(line["starter_digit"] == line["predicted_digit"] for line in lines[1:])
    refused, _shares = run("classify", "starter", pictures[0])[1].splitlines()
    assert "this is not a digit" in refused
    beside = run("classify", checkpoint, pictures[0].parent)[1]
    assert "or " in beside.splitlines()[0]
    assert "by the starter model" in beside.splitlines()[0]
    assert beside.count("the starter model reads") == 4
    (tmp_empty := pictures[0].parent / "empty").mkdir()
    assert "no picture in this folder" in run("classify", checkpoint, tmp_empty)[2]


def test_classify_of_empty_paper_says_that_there_is_no_digit_with_the_keys_of_any_other_picture(
    run: Run, checkpoint: Path, pictures: list[Path], tmp_path: Path
) -> None:
    for number, bitmap in enumerate([np.full((40, 40), 255, np.uint8), np.zeros((300, 200), np.uint8)]):
        empty = tmp_path / f"empty-{number}.png"
        Image.fromarray(bitmap).save(empty)
        status, out, err = run("classify", checkpoint, empty, pictures[0], "--json")
        line, of_a_digit = json_lines(out)
        assert (status, err) == (0, "")
        assert (line["file"], line["is_digit"], line["number"], line["digits"]) == (str(empty), False, "", [])
        assert {*of_a_digit} - {*line} == {"box", "starter_digit", "starter_probability"}
        assert sum(line["probabilities"]) == pytest.approx(1)
        assert line["probability"] == line["probabilities"][line["predicted_digit"]] == max(line["probabilities"])
        (sentence,) = run("classify", "starter", empty)[1].splitlines()
        assert sentence.startswith(f"{empty}: no digit. Nothing but paper was found in this picture: write large")


def test_classify_of_a_word_a_letter_a_face_or_axes_says_that_it_is_no_digit(
    run: Run, checkpoint: Path, tmp_path: Path
) -> None:
    random = np.random.default_rng(2)
    word = side_by_side([draw_strokes(f"letter {letter}", np.random.default_rng(1)) for letter in "HAW"], random)
    drawn: dict[str, Strokes] = {
        "axes": [*axes_of_a_plot(random)],
        "face": face(),
        "letter": draw_strokes("letter K", random),
        "word": word,
    }
    for name, strokes in drawn.items():
        (tmp_path / f"{name}.jpg").write_bytes(photograph(strokes, Scene(), np.random.default_rng(3)))
    status, out, _err = run("classify", checkpoint, tmp_path, "--json")
    assert (status, [line["is_digit"] for line in json_lines(out)]) == (0, [False] * len(drawn))
    for model in (checkpoint, "starter"):
        status, out, _err = run("classify", model, tmp_path)
        sentences = [line for line in out.splitlines() if line.startswith(str(tmp_path))]
        assert status == 0
        for name, sentence in zip(drawn, sentences, strict=True):
            assert sentence.startswith(str(tmp_path / f"{name}.jpg"))
            assert "this is not a digit; the closest is" in sentence


def test_classify_with_bad_pictures_goes_on_and_ends_with_status_two(
    run: Run, checkpoint: Path, pictures: list[Path], tmp_path: Path
) -> None:
    wide = tmp_path / "wide.png"
    Image.new("1", (50_000, 4)).save(wide)
    bad = [wide, Path(__file__), tmp_path / "none.png"]
    status, out, err = run("classify", checkpoint, *bad, pictures[0], "--json")
    assert status == 2
    assert [line["file"] for line in json_lines(out)] == [str(pictures[0])]
    for path, line, reason in zip(bad, err.splitlines(), ["large", "not a picture", "no such"], strict=True):
        assert line.startswith(f"{path}: ")
        assert reason in line
