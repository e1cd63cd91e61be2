import math

import pytest

from mnist_demo.lesson.parts import (
    PAGE_COUNT,
    PART_NAMES,
    PARTS,
    count_right,
    judge_cost,
    judge_loops,
    judge_memory,
    judge_overfitting,
    judge_probability,
    judge_rate,
    judge_steps,
    judge_wrong_loss,
    parse_page,
    part_named,
)


def test_parts_have_different_names_and_several_options_each() -> None:
    assert len(set(PART_NAMES)) == len(PARTS) == PAGE_COUNT - 1
    assert all(len(part.options) >= 3 for part in PARTS)


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("1", 1),
        ("11", 11),
        ("0", None),
        ("12", None),
        ("-1", None),
        ("2.5", None),
        ("", None),
        ("²", None),
        ("x", None),
    ],
)
def test_page_number_is_parsed_or_none(text: str, page: int | None) -> None:
    assert parse_page(text) == page


@pytest.mark.parametrize(
    ("loss", "accuracy", "outcome"),
    [
        (None, 0.9, "diverged"),
        (math.nan, 0.9, "diverged"),
        (2.3, 0.1, "chance"),
        (3.0, 0.8, "worse"),
        (0.31, 0.91, "faster"),
    ],
)
def test_a_training_is_judged_relative_to_a_good_one(loss: float | None, accuracy: float, outcome: str) -> None:
    assert judge_rate(0.3, loss, accuracy) == outcome


@pytest.mark.parametrize(
    ("test_losses", "outcome"), [([2.3, 0.4, 0.5], "rises"), ([2.3, 0.4, 0.41], "falls"), ([2.3, 2.4, 2.3], "stays")]
)
def test_overfitting_is_judged_by_the_way_of_the_test_loss(test_losses: list[float], outcome: str) -> None:
    assert judge_overfitting(test_losses) == outcome


def test_other_answers_follow_from_the_measurements() -> None:
    assert [judge_probability(p) for p in (math.nan, 1.0, 0.0)] == ["nan", "one", "zero"]
    assert [judge_memory(accuracy) for accuracy in (1.0, 0.9, 0.1)] == ["all", "most", "chance"]
    assert [judge_cost(cost) for cost in (2.996, 0.9, 18.0)] == ["3", "0.95", "20"]
    assert [judge_steps(places) for places in ([0, 2, 3], [0, 1, 2], [0, 1, -3])] == ["shorter", "equal", "longer"]
    assert judge_loops([1.0, 0.5], [1.0, 0.50001]) == "rounding"
    assert judge_loops([1.0, 0.5], [1.0, 0.2]) == "different"
    assert judge_loops([1.0, 0.5], [1.0, 0.8]) == "unrelated"
    assert [judge_wrong_loss(0.3, wrong) for wrong in (-5.0, 0.3, 2.0)] == ["negative", "same", "larger"]


def test_every_answer_that_can_be_judged_is_one_of_the_options() -> None:
    assert {judge_rate(0.3, loss, accuracy) for loss, accuracy in [(None, 0), (1, 0), (1, 1), (0.3, 1)]} == set(
        part_named("rates").options
    )


def test_cost_in_the_question_is_correct() -> None:
    assert f"costs {-math.log(0.95):.3f}" in part_named("likelihood").question


def test_score_counts_only_guesses_that_have_an_answer() -> None:
    guesses = {"data": "worse", "linear": None, "softmax": "one", "rates": "worse"}
    answers = {"data": "worse", "linear": "(100, 10)", "softmax": "nan"}
    assert count_right(guesses, answers) == (1, 2)
