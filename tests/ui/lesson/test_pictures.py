import math

import numpy as np
import pytest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.lesson.digits import prepare_lesson
from mnist_demo.ui.lesson.charts import (
    LOWEST_LOSS,
    LOWEST_PROBABILITY,
    MAX_POINTS,
    build_cost,
    build_losses,
    build_slice,
)
from mnist_demo.ui.lesson.pictures import (
    costs_html,
    format_number,
    outcomes_html,
    pixel_grid_html,
    product_html,
    scores_html,
    softmax_html,
)


def test_pixel_grid_shows_all_numbers_as_stored_or_scaled(builtin: DigitDataset) -> None:
    pixels = np.asarray(builtin.test_pixels[0])
    stored = pixel_grid_html(pixels, 7, row=14, scaled=False)
    assert stored.count("<i ") == 784
    assert ">255</i>" in stored
    assert "scaled 1.000" in stored
    scaled = pixel_grid_html(pixels, 7, row=14, scaled=True)
    assert ">255</i>" not in scaled
    assert 'aria-label="A handwritten 7 as 28 rows of 28 numbers"' in scaled


def test_product_ends_in_the_score_of_the_class() -> None:
    image, weights = np.full((28, 28), 0.5, np.float32), np.full((28, 28), -0.01, np.float32)
    assert "sum −3.92 + bias +1.00 = score −2.92" in product_html(image, weights, 1.0, 3, 8)


def test_scores_mark_the_largest_and_the_chosen_class_and_sides_differ_in_more_than_colour() -> None:
    document = scores_html([-2.0, 3.0, *[0.5] * 8], 1, 0)
    assert '<li class="chosen"><span class="digit">0' in document
    assert '<li class="best"><span class="digit">1' in document
    assert "−2.00" in document
    assert "+3.00" in document


def test_softmax_table_marks_what_is_no_number_with_a_sign() -> None:
    document = softmax_html([("x", [math.inf, math.nan, -math.inf, *[0.5] * 7])], 0)
    assert document.count("⚠") == 3
    assert document.count("<td>0.500</td>") == 7


def test_costs_are_minus_the_logarithm() -> None:
    document = costs_html([(np.zeros((28, 28)), 3, 0.95), (np.zeros((28, 28)), 4, 0.05)])
    assert "<strong>0.051</strong>" in document
    assert "<strong>2.996</strong>" in document


def test_outcomes_escape_what_they_are_given() -> None:
    assert "<b>" not in outcomes_html("x", ("<b>",), [("<b>", ("<b>",))])


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0.0, "0.000"), (-1.5, "−1.500"), (3e38, "3.0e+38"), (1e-30, "1.0e−30"), (9999.0, "9,999.000")],
)
def test_numbers_are_short(number: float, shown: str) -> None:
    assert format_number(number) == shown


def test_loss_chart_thins_long_runs_and_leaves_out_what_a_logarithm_cannot_show() -> None:
    chart = build_losses({"long": [1.0] * 5000, "odd": [2.0, math.inf, math.nan, 0.0, 1.0]})
    long, odd = (part["source"] for part in chart["dataset"])
    assert len(long) <= MAX_POINTS
    assert long["loss"].tolist() == [1.0] * len(long)
    assert odd.to_numpy().tolist() == [[1, 2.0], [5, 1.0]]
    assert chart["yAxis"]["min"] == LOWEST_LOSS
    lines = chart["series"]
    assert len({(line["symbol"], line["lineStyle"]["type"]) for line in lines}) == 2


def test_slice_chart_has_the_curve_and_the_steps(builtin: DigitDataset) -> None:
    line = prepare_lesson(builtin).downhill
    path = line.descend(0.5, 3)
    curve, steps = (part["source"] for part in build_slice(line, path)["dataset"])
    assert steps.to_numpy().tolist() == [list(point) for point in path]
    nearest = curve.iloc[(curve["place"] - path[0][0]).abs().argmin()]
    assert nearest["loss"] == pytest.approx(path[0][1], abs=1e-3)


def test_cost_chart_marks_the_probability_on_the_curve() -> None:
    curve, point = (part["source"] for part in build_cost(0.05)["dataset"])
    assert point.to_numpy().tolist() == [[0.05, pytest.approx(2.9957, abs=1e-4)]]
    assert curve["cost"].iloc[-1] == 0
    # As far as the point can go, the curve goes too.
    assert curve["p"].iloc[0] == LOWEST_PROBABILITY
    between = curve["p"].to_numpy()
    assert (between[1:] / between[:-1] < 1.05).all()
