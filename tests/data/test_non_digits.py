import numpy as np
import pytest

from mnist_demo.data.non_digits import (
    FITTING_KINDS,
    KINDS,
    TESTING_KINDS,
    draw_fitting_pixels,
    draw_non_digits,
    draw_strokes,
    fitting_non_digits,
)


def test_kinds_to_fit_and_to_test_are_disjoint_and_complete() -> None:
    assert set(FITTING_KINDS).isdisjoint(TESTING_KINDS)
    assert {*FITTING_KINDS, *TESTING_KINDS} == set(KINDS)


def test_kinds_exclude_letters_that_look_like_digits() -> None:
    letters = {kind[-1] for kind in KINDS if kind.startswith("letter ")}
    assert letters.isdisjoint("BDGIOQSZ")
    assert len(letters) == 18


@pytest.mark.parametrize("kind", KINDS)
def test_drawings_of_a_kind_vary_and_are_reproducible(kind: str) -> None:
    images = draw_non_digits([kind], 5, seed=0)[kind]
    assert images.shape == (5, 28, 28)
    assert images.dtype == np.float32
    assert images.min() == 0
    assert images.max() > 0.5
    assert np.array_equal(images, draw_non_digits([*FITTING_KINDS[:2], kind], 5, seed=0)[kind])
    assert kind == "dot" or len(np.unique(images, axis=0)) == 5
    assert kind == "dot" or not np.array_equal(images, draw_non_digits([kind], 5, seed=1)[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_strokes_of_a_kind_lie_on_the_canvas(kind: str) -> None:
    for seed in range(10):
        points = np.concatenate(draw_strokes(kind, np.random.default_rng(seed)))
        assert points.min() > 0
        assert points.max() < 320


def test_filled_square_has_far_more_ink_than_a_square() -> None:
    images = draw_non_digits(["filled square", "square"], 5, seed=0)
    assert images["filled square"].mean() > 1.5 * images["square"].mean()


def test_fitting_non_digits_are_half_doodles_and_read_only() -> None:
    images = fitting_non_digits(100, seed=3)
    assert 80 <= len(images) <= 100
    assert np.array_equal(images[:50], draw_non_digits(["doodle"], 50, seed=3)["doodle"])
    assert not images.flags.writeable


def test_draw_fitting_pixels_are_the_images_to_fit_on_as_bytes() -> None:
    pixels = draw_fitting_pixels(60, seed=3)
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, np.round(fitting_non_digits(60, seed=3) * 255))
