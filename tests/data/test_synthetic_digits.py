import numpy as np
import pytest
from scipy.interpolate import BSpline

from mnist_demo.data.synthetic_digits import FORMS, Corner, draw_digits, round_corners, vary_strokes
from tests.drawing.drawn_digits import box, centre_of_mass


def test_draw_digits_returns_pixels_and_labels_of_every_form() -> None:
    pixels, labels = draw_digits(200, seed=0)
    assert pixels.shape == (200, 28, 28)
    assert pixels.dtype == np.uint8
    assert labels.dtype == np.int64
    assert set(labels.tolist()) == {digit for digit, _share, _strokes in FORMS}


def test_draw_digits_are_fitted_and_centred_like_a_drawing() -> None:
    for image in draw_digits(50, seed=0)[0].astype(np.float32) / 255:
        assert max(box(image, 0.5)) == pytest.approx(20, abs=1)
        assert centre_of_mass(image) == pytest.approx((14, 14), abs=0.15)


def test_draw_digits_depend_only_on_the_seed() -> None:
    (first, first_labels), (again, again_labels), (other, _labels) = (draw_digits(20, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first_labels, again_labels)
    assert not np.array_equal(first, other)


def test_draw_digits_of_none_is_empty() -> None:
    pixels, labels = draw_digits(0, seed=0)
    assert (pixels.shape, labels.shape) == ((0, 28, 28), (0,))


def test_flags_of_ones_rise_further_than_the_tops_of_sevens() -> None:
    def rise(begin: Corner, end: Corner, sign: int) -> int:
        """Return how much higher `end` is than `begin`, at most (sign 1) or at least (-1)."""
        return begin[1] - end[1] + sign * (begin[3] + end[3])

    flags = [
        rise(stroke[0], min(stroke, key=lambda corner: corner[1]), -1)
        for digit, _share, [stroke, *_foot] in FORMS
        if digit == 1
    ]
    tops = [rise(stroke[-3], stroke[-2], 1) for digit, _share, [stroke, *_bar] in FORMS if digit == 7]
    assert max(tops) < min(flags)


def test_vary_strokes_differ_from_each_other_and_keep_the_number_of_strokes() -> None:
    random = np.random.default_rng(0)
    for _digit, _share, strokes in FORMS:
        one, other = vary_strokes(strokes, random), vary_strokes(strokes, random)
        assert len(one) == len(other) == len(strokes)
        assert not np.allclose(one[0], other[0])


def test_round_corners_without_a_cut_leaves_the_polygon() -> None:
    polygon = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0]])
    rounded = round_corners(polygon, 0.0)
    assert {tuple(point) for point in rounded.tolist()} == {tuple(point) for point in polygon.tolist()}


def test_round_corners_by_a_quarter_approaches_the_quadratic_b_spline() -> None:
    polygon = np.array([[0.0, 0.0], [0.0, 8.0], [8.0, 8.0], [8.0, 0.0], [16.0, 0.0]])
    spline = BSpline(np.arange(8.0), polygon, 2)(np.linspace(2.0, 5.0, 2000))  # the uniform part, without the ends
    distances = np.linalg.norm(round_corners(polygon, 0.25)[:, None] - spline, axis=-1)
    inner = distances.min(axis=1)[6:-6]
    assert len(inner) > 10
    assert inner.max() < 0.1
