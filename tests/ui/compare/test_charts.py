import dataclasses
import itertools
import math
import re

import pytest

from mnist_demo.insight.comparison import ComparedRun, Row, compared_metrics, differing_settings
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.events import Changed
from mnist_demo.ui.compare.charts import (
    MAX_POINTS,
    Axis,
    Measured,
    Metric,
    build_comparison,
    describe_comparison,
    runs_off_chart,
    style_of,
)
from mnist_demo.ui.compare.table import comparison_html
from tests.insight.test_comparison import history_of, run

AXES: tuple[Axis, ...] = ("step", "epoch", "seconds")
METRICS: tuple[Metric, ...] = ("accuracy", "log-loss")
TWO_RUNS = [
    run("A", Hyperparameters(), history_of([0.5, 0.3], [0.8, 0.91])),
    run("B", Hyperparameters(learning_rate=50), history_of([40.0, 4.0], [0.5, 0.6])),
]


@pytest.mark.parametrize("metric", ["loss", "log-loss", "accuracy"])
@pytest.mark.parametrize("measured", ["test", "train", "validation"])
@pytest.mark.parametrize("axis", ["step", "epoch", "seconds"])
def test_every_chart_has_a_line_for_each_run(metric: Metric, measured: Measured, axis: Axis) -> None:
    option = build_comparison(TWO_RUNS, metric, measured, axis)
    assert [series["name"] for series in option["series"]] == ["A", "B"]
    if measured != "validation":
        assert [series["markPoint"]["data"][0]["name"] for series in option["series"]] == ["A", "B"]
    for dataset, series in zip(option["dataset"], option["series"], strict=True):
        assert list(dataset["source"].columns) == [axis, metric] == [series["encode"]["x"], series["encode"]["y"]]
        assert dataset["source"].empty == (measured == "validation")


def test_places_on_the_axis_are_steps_epochs_or_seconds() -> None:
    def places(axis: Axis, measured: Measured) -> list[float]:
        return list(build_comparison(TWO_RUNS[:1], "loss", measured, axis)["dataset"][0]["source"][axis])

    assert places("step", "test") == [0, 2, 4]
    assert places("epoch", "test") == [0, 1, 2]
    assert places("seconds", "test") == [0, 0.2, 0.4]
    assert places("step", "train") == [1, 2, 3, 4]
    assert places("epoch", "train") == [0.5, 1, 1.5, 2]
    assert places("seconds", "train") == pytest.approx([0.1, 0.2, 0.3, 0.4])


def test_axis_ends_a_little_beyond_what_the_longest_run_has_done_and_not_where_it_was_to_end() -> None:
    long = run("A", Hyperparameters(epochs=1000), history_of([0.5, 0.3], [0.8, 0.91]))
    assert long.history.started is not None
    long.history.started = dataclasses.replace(long.history.started, total_steps=2000)
    ends = {axis: build_comparison([long], "loss", "test", axis)["xAxis"]["max"] for axis in AXES}
    assert ends == {"step": 10, "epoch": 2, "seconds": pytest.approx(0.4)}


def test_accuracy_is_a_percentage_on_the_chart() -> None:
    option = build_comparison(TWO_RUNS[:1], "accuracy", "test", "epoch")
    assert list(option["dataset"][0]["source"]["accuracy"]) == pytest.approx([10, 80, 91])


def test_loss_of_a_run_that_went_wild_does_not_flatten_the_others_and_is_named() -> None:
    assert build_comparison(TWO_RUNS, "loss", "test", "step")["yAxis"]["max"] == pytest.approx(1.5 * 2.3, abs=0.1)
    assert runs_off_chart(TWO_RUNS, "loss", "test") == ["B"]
    assert build_comparison(TWO_RUNS[:1], "loss", "test", "step")["yAxis"]["max"] == 2.5
    assert runs_off_chart(TWO_RUNS[:1], "loss", "test") == runs_off_chart(TWO_RUNS, "log-loss", "test") == []
    assert build_comparison(TWO_RUNS, "log-loss", "test", "step")["yAxis"] == {"type": "log", "min": 0.3, "max": 40}


def test_diverged_run_leaves_a_chart_on_which_the_others_are_told_apart() -> None:
    wild = run("C", Hyperparameters(learning_rate=1e30), history_of([1e30, float("nan")], [0.098, 0.098]))
    runs = [*TWO_RUNS[:1], run("B", Hyperparameters(seed=1), history_of([0.4, 0.3], [0.85, 0.92])), wild]
    accuracy, logarithmic = (build_comparison(runs, metric, "test", "step")["yAxis"] for metric in METRICS)
    assert (accuracy["min"], accuracy["max"]) == (80, 100)  # of 10, 80, 91 and 10, 85, 92
    assert logarithmic["max"] == 3
    assert "run C at 1e30." in describe_comparison([wild], "loss", "test")
    assert [
        build_comparison(each, "loss", "test", "step")["tooltip"]["valueFormatter"] for each in (runs, TWO_RUNS)
    ] == [
        "%.2e",
        "%.4f",
    ]
    for metric in METRICS:
        assert runs_off_chart(runs, metric, "test") == ["C"]
        for series in build_comparison(runs, metric, "test", "step")["series"]:
            assert all(map(math.isfinite, series["markPoint"]["data"][0]["coord"]))


@pytest.mark.parametrize("metric", METRICS)
def test_letters_of_the_runs_are_apart_and_off_the_axes(metric: Metric) -> None:
    ends = [0.9, 0.9, 0.9001, 0.92, 0.9999, 0.9999, 0.9999, 1.0] * 2
    letters = "ABCDEFGHIJKLMNOP"
    runs = [
        run(letter, Hyperparameters(), history_of([0.5, 1.0001 - end], [0.8, end]))
        for letter, end in zip(letters, ends, strict=True)
    ]
    option = build_comparison(runs, metric, "test", "step")
    axis = option["yAxis"]
    scale = (lambda value: value) if metric == "accuracy" else math.log10
    low, high = scale(axis["min"]), scale(axis["max"])
    marks = [series["markPoint"]["data"][0] for series in option["series"]]
    heights = sorted((scale(mark["coord"][1]) - low) / (high - low) for mark in marks)
    assert heights[0] > 0.04
    assert heights[-1] < 0.96
    assert min(b - a for a, b in itertools.pairwise(heights)) > 0.05
    by_accuracy = sorted(marks, key=lambda mark: scale(mark["coord"][1]) * (1 if metric == "accuracy" else -1))
    assert [ends[letters.index(mark["name"])] for mark in by_accuracy] == sorted(ends)


@pytest.mark.parametrize(("axis", "places"), [("step", [3]), ("epoch", [1.5]), ("seconds", [])])
def test_change_on_the_way_is_marked_with_the_letter_of_its_run(axis: Axis, places: list[float]) -> None:
    changed = run("B", Hyperparameters(), history_of([0.5, 0.3], [0.8, 0.91]))
    for setting in ("learning_rate", "weight_decay"):
        changed.history.append(Changed(3, 1.5, setting, 0.05))
    unchanged, marked = build_comparison([TWO_RUNS[0], changed], "accuracy", "test", axis)["series"]
    assert not unchanged["markLine"]["data"]
    assert marked["markLine"]["data"] == [{"xAxis": place} for place in places]
    assert marked["markLine"]["label"]["formatter"] == "B"


def test_long_runs_are_thinned_and_their_last_epoch_stays() -> None:
    count = 1000
    long = run("A", Hyperparameters(), history_of([0.5] * (count - 1) + [0.25], [0.9] * count))
    for measured in ("test", "train"):
        frame = build_comparison([long], "loss", measured, "step")["dataset"][0]["source"]
        assert len(frame) <= MAX_POINTS + 2
        assert frame.iloc[-1, 0] == 2 * count
    assert build_comparison([long], "loss", "test", "step")["dataset"][0]["source"].iloc[-1, 1] == 0.25


def test_runs_are_told_apart_by_dashes_or_symbol_and_not_by_colour_alone() -> None:
    looks = [style_of(letter) for letter in "ABCDEFGHIJKLMNOPQ"]
    assert len({colour for colour, _dashes, _symbol in looks}) == 8
    assert len({(colour, str(dashes)) for colour, dashes, _symbol in looks}) == 17
    for first, second in itertools.pairwise(looks):
        assert first[1] != second[1]
        assert first[2] != second[2]


def test_text_alternative_says_where_every_run_stands() -> None:
    assert describe_comparison(TWO_RUNS, "accuracy", "test") == (
        "Accuracy on the test images: run A at 91.0 %, run B at 60.0 %."
    )
    empty = ComparedRun("C", "C", Hyperparameters(), run("C", Hyperparameters()).history)
    assert "run C at –" in describe_comparison([empty], "loss", "test")


def test_table_has_a_column_for_each_run_and_marks_the_best() -> None:
    document = comparison_html(TWO_RUNS, differing_settings(TWO_RUNS), compared_metrics(TWO_RUNS))
    assert document.count('scope="col"') == 2
    assert '<th scope="row">Learning rate</th><td>0.5</td><td>50</td>' in document
    assert "<td><b>91.00 %</b></td><td>60.00 %</td>" in document
    assert "Batch size" not in document
    assert document.count("data:image/png") == 2


def test_table_of_many_runs_has_a_line_for_each() -> None:
    runs = [run(letter, Hyperparameters(seed=seed), TWO_RUNS[0].history) for seed, letter in enumerate("ABCDEF")]
    document = comparison_html(runs, differing_settings(runs), compared_metrics(runs))
    assert document.count('scope="row"') == 6
    assert re.findall(r"(.)</th><td>(\d)</td>", document) == list(zip("ABCDEF", "012345", strict=True))


def test_table_of_equal_runs_says_so_and_texts_are_escaped() -> None:
    document = comparison_html(TWO_RUNS, [], [Row("<b>", ("<i>", "<i>"))])
    assert "All settings are the same." in document
    assert "<i>" not in document
