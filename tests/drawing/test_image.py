"""The model input made from strokes, compared with geometry and with Pillow's drawing."""

import subprocess
import sys

import numpy as np
import pytest

from mnist_demo.drawing.bitmap_fit import fit_ink
from mnist_demo.drawing.bitmap_ink import extract_ink
from mnist_demo.drawing.image import BOX, CENTRE, EDGE_WIDTH, PEN_WIDTH, image_from_strokes
from mnist_demo.errors import ImageError
from tests.drawing.drawn_digits import Strokes, box, centre_of_mass, circle, difference, draw, four


@pytest.mark.parametrize("strokes", [four(), circle()])
def test_image_from_strokes_is_float32_bright_and_centred_by_mass(strokes: Strokes) -> None:
    image = image_from_strokes(strokes)
    assert image.shape == (28, 28)
    assert image.dtype == np.float32
    assert image.min() == 0
    assert 0.9 < image.max() <= 1
    assert centre_of_mass(image) == pytest.approx((CENTRE, CENTRE), abs=0.1)


@pytest.mark.parametrize("strokes", [four(), circle()])
def test_image_from_strokes_fills_a_box_of_twenty_pixels(strokes: Strokes) -> None:
    assert max(box(image_from_strokes(strokes), 0.5)) == pytest.approx(BOX, abs=1)


@pytest.mark.parametrize("scale", [0.05, 0.3, 1.0, 7.0])
@pytest.mark.parametrize("shift", [(0.0, 0.0), (-90.0, 33.3)])
def test_image_from_strokes_anywhere_and_at_any_size_is_the_same(scale: float, shift: tuple[float, float]) -> None:
    moved = [stroke * scale + shift for stroke in four()]
    np.testing.assert_allclose(image_from_strokes(moved), image_from_strokes(four()), atol=1e-4)


def test_image_from_strokes_keeps_the_aspect_ratio() -> None:
    image = image_from_strokes([np.array([[0.0, 0.0], [200.0, 0.0], [200.0, 50.0], [0.0, 50.0], [0.0, 0.0]])])
    width, height = box(image, 0.5)
    # The path is four times as wide as high, and the pen adds its width to both.
    assert height == pytest.approx((width - PEN_WIDTH) / 4 + PEN_WIDTH, abs=1)


def test_image_from_strokes_of_a_straight_line_is_as_wide_as_the_pen() -> None:
    image = image_from_strokes([np.array([[10.0, 70.0], [250.0, 70.0]])])
    across = image[:, 10:18].sum(axis=0)  # the sum of the ink is the width between the middles of the edges
    assert across == pytest.approx(np.full(8, PEN_WIDTH), abs=0.1)
    assert box(image, 0.0)[1] <= PEN_WIDTH + EDGE_WIDTH + 1


def test_image_from_strokes_has_y_pointing_down() -> None:
    # An L: its foot is at the bottom, and to the right.
    image = image_from_strokes([np.array([[50.0, 20.0], [50.0, 200.0], [150.0, 200.0]])])
    rows, columns = np.nonzero(image > 0.5)
    assert columns[rows == rows.max()].max() == columns.max()
    assert columns[rows == rows.min()].max() < columns.max() - 5


def test_image_from_strokes_agrees_with_pillow_drawing_the_fitted_lines() -> None:
    strokes = four()
    points = np.concatenate(strokes)
    scale = (BOX - PEN_WIDTH) / np.ptp(points, axis=0).max()
    # Drawn eight times as large, with a margin; averaging over 8 × 8 makes edges one pixel wide.
    fitted = [(stroke - points.min(axis=0)) * scale * 10 + 50 for stroke in strokes]
    reference = fit_ink(extract_ink(draw(fitted, pen=10 * PEN_WIDTH)))
    assert difference(image_from_strokes(strokes), reference) < 0.15


@pytest.mark.parametrize(
    "dot",
    [
        [[140.0, 140.0]],
        [[3.0, 270.0], [3.0, 270.0], [3.0, 270.0]],
        [[140.0, 140.0], [140.04, 140.0]],  # as a click on the canvas leaves it
    ],
)
def test_image_from_strokes_of_a_dot_is_a_round_blot(dot: list[list[float]]) -> None:
    image = image_from_strokes([np.array(dot)])
    assert image.sum() == pytest.approx(np.pi * (PEN_WIDTH / 2) ** 2, rel=0.25)
    assert image.max() > 0.9
    assert centre_of_mass(image) == pytest.approx((CENTRE, CENTRE), abs=0.1)


@pytest.mark.parametrize("strokes", [[], [np.zeros((0, 2))], [[]], [np.full((4, 2), np.nan)]])
def test_image_from_strokes_without_a_point_is_blank(strokes: Strokes) -> None:
    image = image_from_strokes(strokes)
    assert image.shape == (28, 28)
    assert image.dtype == np.float32
    assert not image.any()


def test_image_from_strokes_drops_points_that_are_not_finite() -> None:
    broken = [np.insert(stroke, 1, [np.nan, np.inf], axis=0) for stroke in four()]
    np.testing.assert_array_equal(image_from_strokes([*broken, np.full((1, 2), np.inf)]), image_from_strokes(four()))


def test_image_from_strokes_with_absurd_numbers_stays_in_range() -> None:
    image = image_from_strokes([np.array([[-1e300, 1e300], [0.0, 0.0], [1e300, 1e300]])])
    assert np.isfinite(image).all()
    assert 0 < image.max() <= 1


def test_image_from_strokes_of_a_long_scribble_is_ink_all_over() -> None:
    scribble = np.random.default_rng(0).uniform(0, 280, (20_000, 2))
    image = image_from_strokes([scribble])
    assert (image[6:22, 6:22] > 0.9).all()


@pytest.mark.parametrize("stroke", [[1.0, 2.0, 3.0], [[1.0, 2.0, 3.0]], [["a", "b"]], [[1.0], [2.0, 3.0]]])
def test_image_from_strokes_of_another_shape_raises(stroke: list[object]) -> None:
    with pytest.raises(ImageError, match="A stroke must be an array"):
        image_from_strokes([stroke])  # type: ignore[list-item]


def test_drawing_module_does_not_import_torch() -> None:
    command = "import sys, mnist_demo.drawing.image; sys.exit('torch' in sys.modules or 'streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", command], timeout=60).returncode == 0
