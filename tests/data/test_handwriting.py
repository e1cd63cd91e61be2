import numpy as np
from scipy.interpolate import BSpline

from mnist_demo.data.handwriting import TREMOR, round_corners, tremble


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


def test_tremble_moves_points_a_little_and_neighbours_alike() -> None:
    line = np.stack([np.linspace(0, 1, 50), np.linspace(0, 1, 50)], axis=1)
    moves = np.array([tremble([line], np.random.default_rng(seed))[0] - line for seed in range(200)])
    assert TREMOR / 2 < moves.std() < 2 * TREMOR
    assert np.abs(np.diff(moves, axis=1)).max() < 2 * TREMOR


def test_tremble_moves_all_strokes_of_a_drawing_by_the_same_waves() -> None:
    stroke = np.array([[0.2, 0.3], [0.6, 0.9]])
    one, other = tremble([stroke, stroke], np.random.default_rng(0))
    np.testing.assert_array_equal(one, other)
