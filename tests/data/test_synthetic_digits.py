import numpy as np
import pytest

from mnist_demo.data.synthetic_digits import FORMS, Corner, draw_digits, vary_strokes
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
    tops = [rise(*top_of_seven(stroke), 1) for digit, _share, [stroke, *_bar] in FORMS if digit == 7]
    assert max(tops) < min(flags)


def top_of_seven(stroke: list[Corner]) -> tuple[Corner, Corner]:
    """Return the corner where the top ends, far right, and before it the one where it begins."""
    end = max(range(len(stroke)), key=lambda place: stroke[place][0] - stroke[place][1])
    return stroke[end - 1], stroke[end]


def test_some_zeros_are_far_wider_than_high() -> None:
    pixels, labels = draw_digits(2000, seed=0)
    sides = [box(image.astype(np.float32) / 255, 0.5) for image in pixels[labels == 0]]
    assert max(width / height for width, height in sides) > 2.5


def test_vary_strokes_differ_from_each_other_and_keep_the_number_of_strokes() -> None:
    random = np.random.default_rng(0)
    for _digit, _share, strokes in FORMS:
        one, other = vary_strokes(strokes, random), vary_strokes(strokes, random)
        assert len(one) == len(other) == len(strokes)
        assert not np.allclose(one[0], other[0])
