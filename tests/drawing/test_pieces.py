"""Which pieces of ink belong to one digit: by size, distance and stroke width."""

import numpy as np
import pytest

from mnist_demo.drawing.pieces import MAX_PEN_RATIO, find_pieces, join_all, join_loose, usual_height
from mnist_demo.drawing.stroke_ink import Pixels

STEM, PEN = 100, 6  # pixels


def ink_of_stem_and_bar(gap: int, bar_pen: int) -> Pixels:
    """Return ink of a stem, and of a bar `gap` pixels above it, as the top of a 5 is, drawn with a pen so wide."""
    ink = np.zeros((260, 200), np.float32)
    ink[140 : 140 + STEM, 90 : 90 + PEN] = 1
    ink[140 - gap - bar_pen : 140 - gap, 60:140] = 1
    return ink


def joined(ink: Pixels) -> int:
    """Return how many digits the pieces of `ink` are taken for."""
    _numbers, pieces = find_pieces(ink, 0.5)
    return len(join_loose(pieces, usual_height(pieces)))


@pytest.mark.parametrize(("gap", "digits"), [(10, 1), (25, 1), (35, 2)])
def test_a_stroke_above_a_digit_is_joined_when_it_is_near(gap: int, digits: int) -> None:
    assert joined(ink_of_stem_and_bar(gap, PEN)) == digits


@pytest.mark.parametrize(("bar_pen", "digits"), [(3, 1), (2 * PEN, 1), (5 * PEN, 2)])
def test_a_stroke_above_a_digit_is_joined_when_a_pen_of_that_width_drew_both(bar_pen: int, digits: int) -> None:
    assert joined(ink_of_stem_and_bar(5, bar_pen)) == digits


@pytest.mark.parametrize(("bar_pen", "parts"), [(PEN, 2), (6 * PEN, 1)])
def test_the_picture_of_one_digit_is_of_strokes_of_one_pen(bar_pen: int, parts: int) -> None:
    _numbers, pieces = find_pieces(ink_of_stem_and_bar(10, bar_pen), 0.5)
    (digit,) = join_all(pieces)
    assert len(digit.numbers) == parts


def test_the_pen_of_a_piece_is_about_as_wide_as_it_was_drawn() -> None:
    _numbers, (bar, stem) = find_pieces(ink_of_stem_and_bar(10, 3 * PEN), 0.5)
    assert stem.pen == pytest.approx(PEN, rel=0.2)
    assert bar.pen == pytest.approx(3 * PEN, rel=0.2)
    assert bar.pen / stem.pen < MAX_PEN_RATIO
