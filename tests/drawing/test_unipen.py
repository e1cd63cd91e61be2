"""Reading of valid and damaged UNIPEN files."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from mnist_demo.drawing.unipen import read_unipen
from mnist_demo.errors import DatasetError
from tests.drawing.drawn_digits import circle, four
from tests.drawing.unipen_text import HEADER, unipen_text

GOOD = unipen_text([(4, four()), (0, circle())])


@pytest.mark.parametrize("packed", [False, True])
def test_read_unipen_returns_labels_and_strokes_with_y_down(packed: bool, tmp_path: Path) -> None:
    path = tmp_path / "digits"  # the compression is detected from the content
    path.write_bytes(gzip.compress(GOOD.encode()) if packed else GOOD.encode())
    digits = read_unipen(path)
    assert [digit.label for digit in digits] == [4, 0]
    for digit, strokes in zip(digits, (four(), circle()), strict=True):
        assert len(digit.strokes) == len(strokes)
        for read, written in zip(digit.strokes, strokes, strict=True):
            np.testing.assert_allclose(read * 280 / 500, written, atol=1e-3)


def test_read_unipen_drops_empty_strokes_and_segments(tmp_path: Path) -> None:
    path = tmp_path / "digits.txt"
    path.write_text(
        HEADER + '.SEGMENT DIGIT 0 ? "7"\n.SEGMENT DIGIT 1 ? "1"\n.PEN_DOWN\n.PEN_UP\n.PEN_DOWN\n1 2\n.PEN_UP'
    )
    (digit,) = read_unipen(path)
    assert digit.label == 1
    np.testing.assert_array_equal(digit.strokes, [[[1, 498]]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no digits"),
        (HEADER, "holds no digits"),
        ("x,y\n1,2\n", "holds no digits"),
        ('.SEGMENT DIGIT 0 ? "A"\n', "line 1 does not say which digit follows"),
        ('.SEGMENT WORD 0 ? "7"\n', "line 1 does not say which digit follows"),
        ('.SEGMENT DIGIT 0 ? "7"\n.PEN_DOWN\n1 2\n3 four\n.PEN_UP\n', "line 4 is no point"),
        ('.SEGMENT DIGIT 0 ? "7"\n.PEN_DOWN\n1\n.PEN_UP\n', "line 3 is no point"),
        ('.SEGMENT DIGIT 0 ? "7"\n.PEN_DOWN\n1 nan\n.PEN_UP\n', "line 3 is a point far outside"),
        ('.SEGMENT DIGIT 0 ? "7"\n.PEN_DOWN\n1 2\n', "ends the file in the middle of a stroke"),
    ],
)
def test_read_unipen_of_another_file_raises(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "digits.txt"
    path.write_text(text)
    with pytest.raises(DatasetError, match=message) as caught:
        read_unipen(path)
    assert "digits.txt" in str(caught.value)


def test_read_unipen_of_a_damaged_archive_raises(tmp_path: Path) -> None:
    path = tmp_path / "digits.gz"
    path.write_bytes(gzip.compress(GOOD.encode())[:-20])
    with pytest.raises(DatasetError, match="damaged and cannot be unpacked"):
        read_unipen(path)


def test_read_unipen_of_a_missing_file_raises(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read"):
        read_unipen(tmp_path / "missing")
    with pytest.raises(DatasetError, match="cannot be read"):
        read_unipen(tmp_path)
