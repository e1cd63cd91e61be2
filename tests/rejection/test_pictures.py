"""Whole pictures, read as one digit, as several, or as something else."""

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from benchmarks.drivers.photographs import Scene, photograph, side_by_side
from benchmarks.measurements.pictures import axes_of_a_plot
from mnist_demo.data.non_digits import draw_strokes
from mnist_demo.drawing.image import load_bitmap
from mnist_demo.errors import ImageError
from mnist_demo.models.checkpoints import load_checkpoint
from mnist_demo.rejection import pictures
from mnist_demo.rejection.calibration import judge
from mnist_demo.rejection.calibration_files import load_starter_calibration
from mnist_demo.rejection.pictures import LENIENCE, read_picture
from mnist_demo.settings.presets import STARTER
from tests.browser.shapes import SHAPES
from tests.drawing.drawn_digits import Bitmap, Strokes, circle, draw, face, four

SCENES = {
    "strong blue squares": Scene(ruling="squares"),
    "faint grey squares": Scene(ruling="faint squares"),
    "lines": Scene(ruling="lines"),
    "edge of a shadow": Scene(falls="shadow"),
    "flash": Scene(falls="flash"),
    "evenly dim": Scene(light=(0.1, 0.15), falls="evenly", grain=(0.002, 0.004)),
    "pale pencil": Scene(pens=["black"], strength=(0.25, 0.3), width=(0.03, 0.035)),
    "dark table": Scene(on_table=True),
    "blackboard": Scene(paper=(0.14, 0.2, 0.16), pens=["white"]),
    "orange pen": Scene(pens=["orange"]),
    "turquoise pen on squares": Scene(pens=["turquoise"], ruling="squares"),
    "out of focus": Scene(blur=(0.01, 0.012)),
    "pencil on squares": Scene(pens=["black"], strength=(0.25, 0.3), width=(0.03, 0.035), ruling="squares"),
    "saved small": Scene(quality=20),
    "a turned telephone": Scene(orientation=6, quality=20),
    "turned the other way": Scene(orientation=8),
    "upside down": Scene(orientation=3),
}


def _strokes(digit: str) -> Strokes:
    shape = next(strokes for label, strokes in SHAPES.values() if label == digit)
    return [np.array(stroke, np.float64) * 280 for stroke in shape]


def _read(bitmap: Bitmap) -> str:
    return "".join(str(one.digit) if one.is_digit else "?" for one in read_picture(bitmap))


def _photograph(strokes: Strokes, scene: Scene) -> Bitmap:
    return load_bitmap(io.BytesIO(photograph(strokes, scene, np.random.default_rng(3))))


@pytest.mark.parametrize("name", SCENES)
def test_read_picture_of_one_digit_on_any_paper_in_any_light(name: str) -> None:
    assert _read(_photograph(four(), SCENES[name])) == "4"


@pytest.mark.parametrize("scene", [Scene(ruling="squares"), Scene(falls="shadow"), Scene(on_table=True)])
def test_read_picture_of_a_number_has_all_of_its_digits(scene: Scene) -> None:
    number = side_by_side([_strokes(digit) for digit in "2730"], np.random.default_rng(0))
    assert _read(_photograph(number, scene)) == "2730"


def test_what_may_be_a_digit_is_one_among_digits_and_none_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    classifier, calibration = load_checkpoint(STARTER), load_starter_calibration()
    number = _photograph(side_by_side([_strokes(digit) for digit in "2730"], np.random.default_rng(0)), Scene())
    single = _photograph(_strokes("7"), Scene())

    def score(bitmap: Bitmap) -> np.ndarray:
        return judge(classifier, calibration, np.stack([one.image for one in read_picture(bitmap)])).score

    among, alone = score(number), score(single)

    def stricter(threshold: float) -> None:
        strict = dataclasses.replace(calibration, threshold=threshold)
        monkeypatch.setattr(pictures, "_starter", lambda: (classifier, strict))

    stricter(float(alone[0]) + LENIENCE / 2)
    assert not read_picture(single)[0].is_digit
    half = float(np.sort(among)[2])  # two of the four are surely digits
    stricter(half)
    assert [one.is_digit for one in read_picture(number)] == (among >= half - LENIENCE).tolist()


@pytest.mark.parametrize(("contrast", "is_dark"), [(255, False), (60, True), (6, False)])
def test_read_picture_of_a_soft_thumbnail_is_one_digit(contrast: int, is_dark: bool) -> None:
    for strokes, digit in ((circle(), "0"), (_strokes("9"), "9")):
        soft = ndimage.gaussian_filter(draw(strokes).astype(np.float64), 10)
        small = np.asarray(Image.fromarray(soft).reduce(10)) / soft.max() * contrast
        thumbnail = np.asarray((200 - small if is_dark else small).clip(0, 255), np.uint8)
        assert _read(thumbnail) == digit


def test_read_picture_of_a_digit_in_pieces_is_one_digit() -> None:
    five = np.array(draw(_strokes("5")))
    five[five.shape[0] // 2 - 60 : five.shape[0] // 2 - 54] = 0  # a scratch through its neck
    assert _read(five) == "5"


def _is_refused(bitmap: Bitmap) -> bool:
    try:
        return not any(one.is_digit for one in read_picture(bitmap))
    except ImageError as error:
        return "Nothing but paper" in str(error)


@pytest.mark.parametrize("word", ["A", "K", "N", "HAW", "XYMAN"])
def test_read_picture_of_letters_is_no_digit(word: str) -> None:
    random = np.random.default_rng(1)
    letters = side_by_side([draw_strokes(f"letter {letter}", random) for letter in word], random)
    assert _is_refused(_photograph(letters, Scene()))


def test_read_picture_of_the_axes_of_a_plot_is_no_digit() -> None:
    assert _is_refused(_photograph([*axes_of_a_plot(np.random.default_rng(2))], Scene()))


def test_read_picture_of_a_face_is_no_digit() -> None:
    assert _is_refused(_photograph(face(), Scene()))


@pytest.mark.parametrize("scene", [Scene(), Scene(falls="shadow"), Scene(falls="flash"), Scene(ruling="squares")])
def test_read_picture_of_empty_paper_is_no_digit(scene: Scene) -> None:
    assert _is_refused(_photograph([], scene))


# So many small ones look like ruled paper, on which no line is then found.
@pytest.mark.parametrize(("count", "height", "width"), [(2000, 7, 5), (20_000, 3, 2)])
def test_read_picture_of_thousands_of_marks_looks_at_the_largest_alone(count: int, height: int, width: int) -> None:
    marks = np.full((900, 900), 255, np.uint8)
    for left, top in np.random.default_rng(0).integers(0, 890, (count, 2)):
        marks[top : top + height, left : left + width] = 0
    assert len(read_picture(marks)) <= 64
