"""Numbers drawn in one go fall into their digits, and a digit in several strokes stays one."""

import itertools

import numpy as np
import pytest

from mnist_demo.drawing.stroke_groups import MAX_STROKES, group_strokes
from tests.drawing.drawn_digits import Strokes, circle, four


def one() -> Strokes:
    return [np.array([[140.0, 50.0], [135.0, 230.0]])]


def one_with_flag_and_foot() -> Strokes:
    return [*one(), np.array([[105.0, 90.0], [136.0, 58.0]]), np.array([[95.0, 238.0], [180.0, 238.0]])]


def three() -> Strokes:
    angles = np.linspace(-0.8 * np.pi, 0.5 * np.pi, 30)
    bows = [np.stack([130 + 45 * np.cos(angles), y + 45 * np.sin(angles)], axis=1) for y in (95, 185)]
    return [np.concatenate(bows)]


def five() -> Strokes:
    """A 5 whose bar does not touch the rest."""
    angles = np.linspace(-np.pi / 2, np.pi * 0.8, 30)
    belly = np.stack([130 + 50 * np.cos(angles), 175 + 50 * np.sin(angles)], axis=1)
    return [np.vstack([[[100.0, 85.0], [98.0, 130.0]], belly]), np.array([[105.0, 50.0], [185.0, 45.0]])]


def open_four() -> Strokes:
    """A 4 whose second stroke stands apart, to the right of the first and lower."""
    return [np.array([[100.0, 40.0], [80.0, 140.0], [150.0, 138.0]]), np.array([[158.0, 80.0], [155.0, 240.0]])]


def seven() -> Strokes:
    return [np.array([[90.0, 50.0], [190.0, 50.0], [130.0, 230.0]]), np.array([[110.0, 140.0], [190.0, 138.0]])]


def broken_zero() -> Strokes:
    """A 0 in two halves whose ends do not meet."""
    angles = np.linspace(0.04, 0.96, 40) * np.pi
    return [
        np.stack([140 + sign * (60 * np.sin(angles) + 3), 140 - 90 * np.cos(angles)], axis=1) for sign in (-1.0, 1.0)
    ]


DIGITS = {
    "1": one(),
    "1 with flag and foot": one_with_flag_and_foot(),
    "3": three(),
    "4": four(),
    "4, open": open_four(),
    "5": five(),
    "7": seven(),
    "0": circle(),
    "0, broken": broken_zero(),
}


@pytest.mark.parametrize("name", DIGITS)
def test_digit_in_several_strokes_stays_one_at_every_size_and_in_every_order(name: str) -> None:
    for size, strokes in itertools.product((0.15, 1.0), itertools.permutations(DIGITS[name])):
        assert group_strokes([size * stroke for stroke in strokes]) == [list(range(len(strokes)))]


def beside(names: tuple[str, ...], gap: float) -> tuple[Strokes, list[list[int]]]:
    """Return the strokes of these digits side by side, the last digit drawn first, and the places of each one's."""
    strokes: Strokes = []
    places, right = [], 0.0
    for name in names:
        points = np.concatenate(DIGITS[name])
        move = (right - points[:, 0].min(), 0.0)
        places.append(list(range(len(strokes), len(strokes) + len(DIGITS[name]))))
        strokes += [stroke + move for stroke in DIGITS[name]]
        right += np.ptp(points[:, 0]) + gap * 180
    last = len(strokes) - 1
    return strokes[::-1], [sorted(last - place for place in group) for group in places]


@pytest.mark.parametrize("gap", [0.15, 0.3, 1.0])
def test_digits_beside_each_other_are_told_apart_from_left_to_right(gap: float) -> None:
    for names in [*itertools.product(DIGITS, repeat=2), ("1", "0", "3"), ("1", "1", "1", "1"), ("4, open", "5", "7")]:
        strokes, places = beside(names, gap)
        assert group_strokes(strokes) == places, names


def test_dot_that_the_pen_left_is_no_digit_but_belongs_to_the_nearest() -> None:
    strokes, places = beside(("0", "7"), 0.3)
    right = max(stroke[:, 0].max() for stroke in strokes)
    strokes.append(np.array([[right + 60.0, 240.0], [right + 62.0, 241.0]]))
    assert group_strokes(strokes) == [places[0], sorted([*places[1], len(strokes) - 1])]


def test_scribbles_dots_and_nothing_are_at_most_one_drawing() -> None:
    assert group_strokes([]) == []
    assert group_strokes([np.array([[5.0, 5.0]])]) == [[0]]
    assert group_strokes([np.array([[5.0, 5.0]]), np.array([[5.0, 5.0]])]) == [[0, 1]]
    many = [np.array([[100.0 * place, 0.0], [100.0 * place, 50.0]]) for place in range(MAX_STROKES + 1)]
    assert group_strokes(many) == [list(range(len(many)))]
