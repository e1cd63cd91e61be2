import itertools

import pytest

from mnist_demo.insight.comparison import ComparedRun, Row, compared_metrics, differing_settings
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.ui.compare.charts import (
    MAX_POINTS,
    Axis,
    Figure,
    Measured,
    build_comparison,
    comparison_html,
    describe_comparison,
    losses_off_chart,
    style_of,
)
from tests.insight.test_comparison import history_of, run

TWO_RUNS = [
    run("A", Hyperparameters(), history_of([0.5, 0.3], [0.8, 0.91])),
    run("B", Hyperparameters(learning_rate=50), history_of([40.0, 4.0], [0.5, 0.6])),
]


@pytest.mark.parametrize("figure", ["loss", "log-loss", "accuracy"])
@pytest.mark.parametrize("measured", ["test", "train", "validation"])
@pytest.mark.parametrize("axis", ["step", "epoch", "seconds"])
def test_every_chart_has_a_line_for_each_run(figure: Figure, measured: Measured, axis: Axis) -> None:
    option = build_comparison(TWO_RUNS, figure, measured, axis)
    assert [series["name"] for series in option["series"]] == ["A", "B"]
    assert all(series["endLabel"]["formatter"] == "{a}" for series in option["series"])
    for dataset, series in zip(option["dataset"], option["series"], strict=True):
        assert list(dataset["source"].columns) == [axis, figure] == [series["encode"]["x"], series["encode"]["y"]]
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


def test_accuracy_is_a_percentage_on_the_chart() -> None:
    option = build_comparison(TWO_RUNS[:1], "accuracy", "test", "epoch")
    assert list(option["dataset"][0]["source"]["accuracy"]) == pytest.approx([10, 80, 91])


def test_loss_of_a_run_that_went_wild_does_not_flatten_the_others_and_is_named() -> None:
    assert build_comparison(TWO_RUNS, "loss", "test", "step")["yAxis"]["max"] == pytest.approx(1.5 * 2.3, abs=0.1)
    assert losses_off_chart(TWO_RUNS, "test") == ["B"]
    assert "max" not in build_comparison(TWO_RUNS[:1], "loss", "test", "step")["yAxis"]
    assert build_comparison(TWO_RUNS, "log-loss", "test", "step")["yAxis"] == {"type": "log", "min": 0.3, "max": 40}


def test_long_runs_are_thinned_and_their_last_epoch_stays() -> None:
    count = 1000
    long = run("A", Hyperparameters(), history_of([0.5] * (count - 1) + [0.25], [0.9] * count))
    for measured in ("test", "train"):
        frame = build_comparison([long], "loss", measured, "step")["dataset"][0]["source"]
        assert len(frame) <= MAX_POINTS + 2
        assert frame.iloc[-1, 0] == 2 * count
    assert build_comparison([long], "loss", "test", "step")["dataset"][0]["source"].iloc[-1, 1] == 0.25


def test_runs_are_told_apart_by_dashes_or_symbol_and_not_by_colour_alone() -> None:
    looks = [style_of(letter) for letter in "ABCDEFGH"]
    assert len({colour for colour, _dashes, _symbol in looks}) == 8
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


def test_table_of_equal_runs_says_so_and_texts_are_escaped() -> None:
    document = comparison_html(TWO_RUNS[:1], [], [Row("<b>", ("<i>",))])
    assert "All settings are the same." in document
    assert "<i>" not in document
