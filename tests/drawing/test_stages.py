"""The stages of preprocessing, and the effect of switching each of them off."""

import numpy as np
import pytest
from PIL import Image

from mnist_demo.drawing.image import BOX, CENTRE, PEN_WIDTH, image_from_strokes
from mnist_demo.drawing.stages import SWITCHES, Stage, prepare_in_stages
from mnist_demo.errors import ImageError
from tests.drawing.drawn_digits import Strokes, box, centre_of_mass, circle, difference, draw, four

PEN = 16.0


def _stage(name: str, stages: list[Stage]) -> Stage:
    return next(stage for stage in stages if stage.name == name)


def _corner(strokes: Strokes) -> Strokes:
    """Return the drawing at a third of its size, near the top left of the canvas."""
    return [stroke / 3 + (-10, 5) for stroke in strokes]


@pytest.mark.parametrize("strokes", [four(), circle(), _corner(four()), [np.array([[40.0, 50.0]])]])
def test_stages_all_on_end_with_the_image_from_the_strokes(strokes: Strokes) -> None:
    stages = prepare_in_stages(strokes)
    np.testing.assert_allclose(stages[-1].image, image_from_strokes(strokes), atol=1e-6)
    assert [stage.name for stage in stages] == ["drawn", *SWITCHES]
    assert all(stage.enabled for stage in stages)


@pytest.mark.parametrize("off", [(), *[(name,) for name in SWITCHES], SWITCHES, ("crop", "fit"), ("fit", "centre")])
@pytest.mark.parametrize("strokes", [four(), _corner(circle()), [], [np.array([[3.0, 270.0]])]])
def test_stages_are_square_float32_pictures_in_range(strokes: Strokes, off: tuple[str, ...]) -> None:
    stages = prepare_in_stages(strokes, off=off)
    assert len(stages) == 5
    for stage in stages:
        assert stage.image.dtype == np.float32
        assert stage.image.shape[0] == stage.image.shape[1]
        assert stage.image.min() >= 0
        assert stage.image.max() <= 1
        assert stage.image.any() == bool(strokes)
        assert stage.enabled == (stage.name not in off)
        assert stage.explanation.count(".") == 1
        assert stage.explanation.endswith(".")
    assert stages[-1].image.shape == (28, 28)


@pytest.mark.parametrize("strokes", [four(), _corner(four())])
def test_stages_all_off_are_the_canvas_scaled_down(strokes: Strokes) -> None:
    canvas = Image.fromarray(draw(strokes, pen=PEN))
    small = np.asarray(canvas.resize((28, 28), Image.Resampling.BOX)) * np.float32(1 / 255)
    image = prepare_in_stages(strokes, 280, PEN, SWITCHES)[-1].image
    assert difference(small, image) < 0.1
    assert centre_of_mass(image) == pytest.approx(centre_of_mass(small), abs=0.1)


def test_stages_drawn_is_the_canvas() -> None:
    canvas = np.asarray(Image.fromarray(draw(four(), pen=PEN)).resize((112, 112), Image.Resampling.BOX)) / 255
    drawn = prepare_in_stages(four(), 280, PEN)[0].image
    assert drawn.shape == canvas.shape
    assert difference(canvas.astype(np.float32), drawn) < 0.12  # Pillow draws whole pixels


def test_stages_of_a_canvas_of_another_size_are_the_same() -> None:
    larger = prepare_in_stages([stroke * 2 for stroke in four()], 560, 2 * PEN, ("crop", "pen"))
    for one, other in zip(prepare_in_stages(four(), 280, PEN, ("crop", "pen")), larger, strict=True):
        np.testing.assert_allclose(one.image, other.image, atol=0.02)


def test_stages_without_crop_keep_the_size() -> None:
    large, small = (
        box(prepare_in_stages(strokes, off=("crop",))[-1].image, 0.5)[1] for strokes in (four(), _corner(four()))
    )
    # The paths are 180 and 60 of 280 pixels high, and the whole canvas is fitted into 20.
    assert large == pytest.approx(180 / 280 * BOX + PEN_WIDTH, abs=1)
    assert small == pytest.approx(60 / 280 * BOX + PEN_WIDTH, abs=1)


def test_stages_without_crop_and_centre_keep_the_position() -> None:
    image = prepare_in_stages(_corner(four()), off=("crop", "centre"))[-1].image
    on_canvas = np.average(np.concatenate(_corner(four())), axis=0)
    x, y = centre_of_mass(image)
    assert (x - 3.5, y - 3.5) == pytest.approx(tuple(on_canvas / 280 * BOX), abs=1)


@pytest.mark.parametrize("pen_width", [8.0, 30.0])
def test_stages_without_pen_keep_the_thickness(pen_width: float) -> None:
    line = [np.array([[40.0, 140.0], [240.0, 140.0]])]
    image = prepare_in_stages(line, pen_width=pen_width, off=("pen",))[-1].image
    across = image[:, 10:18].sum(axis=0)
    assert across == pytest.approx(np.full(8, pen_width / (200 + pen_width) * BOX), abs=0.15)
    assert box(image, 0.5)[0] == pytest.approx(BOX, abs=1)


def test_stages_with_pen_do_not_depend_on_the_canvas_pen() -> None:
    thin, thick = (prepare_in_stages(four(), pen_width=pen_width) for pen_width in (8, 40))
    for name in ("pen", "fit", "centre"):
        np.testing.assert_array_equal(_stage(name, thin).image, _stage(name, thick).image)
    assert _stage("drawn", thick).image.sum() > 3 * _stage("drawn", thin).image.sum()


def test_stages_without_fit_stretch_the_box_over_the_image() -> None:
    image = _stage("fit", prepare_in_stages(circle(), off=("fit",))).image
    assert box(image, 0.5) == pytest.approx((28, 28), abs=1)
    assert box(_stage("fit", prepare_in_stages(circle())).image, 0.5)[0] == pytest.approx(BOX * 2 / 3, abs=1.5)


def test_stages_without_centre_have_the_box_in_the_middle() -> None:
    # An L has most of its ink at the left and at the bottom.
    corner = [np.array([[50.0, 20.0], [50.0, 200.0], [150.0, 200.0]])]
    rows, columns = np.nonzero(prepare_in_stages(corner, off=("centre",))[-1].image > 0.4)
    assert (rows.min() + rows.max()) / 2 == pytest.approx(13.5, abs=0.5)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(13.5, abs=0.5)
    assert centre_of_mass(prepare_in_stages(corner)[-1].image) == pytest.approx((CENTRE, CENTRE), abs=0.1)


def test_stages_of_strokes_that_left_the_canvas_show_what_is_on_it() -> None:
    stages = prepare_in_stages([np.array([[-500.0, 140.0], [-400.0, 140.0]])], off=("crop",))
    assert not stages[0].image.any()
    assert not stages[-1].image.any()


def test_stages_with_an_unknown_switch_raise() -> None:
    with pytest.raises(ValueError, match="no such stage: drawn"):
        prepare_in_stages(four(), off=("drawn",))


def test_stages_of_a_stroke_of_another_shape_raise() -> None:
    with pytest.raises(ImageError, match="A stroke must be an array"):
        prepare_in_stages([np.zeros(3)])
