"""The arithmetic of a row, and how it is written."""

import json

import numpy as np
import pytest

from benchmarks.comparison import (
    Comparison,
    Sample,
    at_most,
    both,
    quantile,
    table_head,
    times_better,
    within,
)


def test_ratio_of_as_many_runs_is_the_median_run_by_run() -> None:
    # The machine grows slower; ours is twice as fast all the time, and the medians alone would say 2.5.
    row = Comparison("x", "s", Sample((1.0, 2.0, 10.0)), "y", Sample((2.0, 5.0, 20.0)))
    assert row.ratio == 2.0


def test_ratio_of_unequal_runs_is_that_of_the_medians() -> None:
    assert Comparison("x", "s", Sample((1.0, 2.0, 3.0)), "y", Sample((8.0,))).ratio == 4.0


def test_ratio_says_how_many_times_as_good_ours_is_where_more_is_better() -> None:
    assert Comparison("x", "", Sample((90.0,)), "y", Sample((100.0,)), better="more").ratio == 0.9


def test_ratio_of_nothing_to_nothing_is_one() -> None:
    assert Comparison("growth", "MB", Sample((0.0,)), "y", Sample((0.0,))).ratio == 1.0


@pytest.mark.parametrize(
    ("goal", "ours", "theirs", "reached"),
    [
        (times_better(2.2), 1.0, 2.3, True),
        (times_better(2.2), 1.0, 2.1, False),
        (times_better(0.95, "more"), 95.0, 100.0, True),
        (times_better(0.95, "more"), 94.0, 100.0, False),
        (at_most(8, "s"), 8.0, None, True),
        (at_most(8, "s"), 8.1, None, False),
        (within(40, "ms"), 240.0, 200.0, True),
        (within(40, "ms"), 241.0, 200.0, False),
        (both(at_most(8, "s"), times_better(30)), 7.0, 250.0, True),
        (both(at_most(8, "s"), times_better(30)), 7.0, 200.0, False),
        (both(at_most(8, "s"), times_better(30)), 9.0, 900.0, False),
    ],
)
def test_goal_is_reached_or_not(goal: object, ours: float, theirs: float | None, reached: bool) -> None:
    sample = None if theirs is None else Sample((theirs,))
    assert Comparison("x", "s", Sample((ours,)), "y", sample, goal=goal).reached is reached  # type: ignore[arg-type]


def test_goal_that_a_bound_leaves_open_is_neither_reached_nor_missed() -> None:
    # Theirs had not ended after 200 s: it may or may not take 30 times as long as ours.
    open_row = Comparison("x", "s", Sample((7.0,)), "y", Sample((200.0,), is_bound=True), goal=times_better(30))
    assert open_row.reached is None
    assert ">" in open_row.as_text()
    assert Comparison("x", "s", Sample((7.0,)), "y", Sample((300.0,), is_bound=True), goal=times_better(30)).reached
    # Ours fell short of it within 7 s: it takes longer, but how much is unknown.
    assert Comparison("x", "s", Sample((7.0,), is_bound=True), goal=at_most(8, "s")).reached is None
    assert Comparison("x", "s", Sample((9.0,), is_bound=True), goal=at_most(8, "s")).reached is False


def test_quantile_agrees_with_numpy() -> None:
    values = list(np.random.default_rng(0).random(50))
    for share in (0.01, 0.5, 0.95, 1.0):
        assert quantile(values, share) == np.quantile(values, share, method="inverted_cdf")


def test_sample_of_several_runs_tells_their_spread() -> None:
    assert Sample((0.912, 0.93, 1.01)).as_text("s") == "0.930 s (0.912..1.01)"
    assert Sample((4310.4,)).as_text("") == "4,310"
    assert Sample((0.0,)).as_text("MB") == "0 MB"
    with pytest.raises(ValueError, match="at least one"):
        Sample(())


def test_row_is_written_as_a_line_of_the_table_and_as_json() -> None:
    row = Comparison(
        "{model}, {epochs} epochs",
        "s",
        Sample((1.0, 1.5, 2.0)),
        "the loop",
        Sample((3.0, 4.5, 6.0)),
        goal=times_better(2.2),
        ours_accuracy=0.9144,
        theirs_accuracy=0.9142,
        values={"model": "linear", "epochs": 5},
    )
    head, rule = table_head().splitlines()
    cells = [cell.strip() for cell in row.as_text().strip("|").split("|")]
    assert cells == [
        "linear, 5 epochs; against the loop",
        "1.50 s (1.00..2.00)",
        "4.50 s (3.00..6.00)",
        "3.00×",
        "at least 2.2× as good ✓",
        "91.44 / 91.42 %",
    ]
    assert head.count("|") == rule.count("|") == row.as_text().count("|")
    line = json.loads(json.dumps(row.as_dict()))
    assert (line["ours"], line["ours_min"], line["ours_max"]) == (1.5, 1.0, 2.0)
    assert (line["what"], line["ratio"], line["reached"]) == ("linear, 5 epochs", 3.0, True)
    assert line["theirs_accuracy"] == 0.9142


def test_row_without_anything_to_compare_with_has_dashes() -> None:
    row = Comparison("p95", "ms", Sample((1.4,)))
    assert row.as_text().count("–") == 4
    assert row.as_dict()["theirs"] is None
