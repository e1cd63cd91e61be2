import json
import math
from typing import Any

import pytest

from mnist_demo.training.events import Changed, Epoch, Evaluated, Started, Step
from mnist_demo.training.history import History, format_loss
from mnist_demo.ui.widgets.charts import MAX_POINTS, MAX_SYMBOLS, Axis, Metric, build_chart, describe_chart


def grown(steps: int, epochs: int = 0, validation: float | None = None, total_epochs: int = 10) -> History:
    history = History()
    history.append(Started(100, 100 * total_epochs, 10_000, 7850, 2.3, 0.1, validation, validation))
    for step in range(1, steps + 1):
        history.append(Step(step, 1, 1 / step, 0.5, 0.5, 100, step * 0.01))
    for epoch in range(1, epochs + 1):
        history.append(Epoch(epoch, 100 * epoch, 0.4, 0.9, 0.3, 0.914, validation, validation, 1.0))
    return history


def points(chart: dict[str, Any], name: str) -> list[list[float]]:
    """Return the points that ECharts would draw for the series `name`."""
    series = next(series for series in chart["series"] if series["name"] == name)
    dataset = chart["dataset"][series["datasetIndex"]]
    columns = [dataset["dimensions"].index(series["encode"][axis]) for axis in ("x", "y")]
    return [[row[column] for column in columns] for row in dataset["source"]]


def test_chart_by_step_has_the_train_loss_of_every_step_and_the_test_loss_of_every_epoch() -> None:
    chart = build_chart(grown(200, epochs=2), "loss", "step")
    assert points(chart, "train") == [[step, pytest.approx(1 / step, abs=1e-5)] for step in range(1, 201)]
    assert points(chart, "test") == [[0, 2.3], [100, 0.3], [200, 0.3]]


def test_chart_by_epoch_shows_accuracy_in_percent() -> None:
    chart = build_chart(grown(200, epochs=2), "accuracy", "epoch")
    assert points(chart, "train") == [[1, 90.0], [2, 90.0]]
    assert points(chart, "test") == [[0, 10.0], [1, pytest.approx(91.4)], [2, pytest.approx(91.4)]]
    assert chart["yAxis"]["max"] == 100


def test_chart_has_a_validation_line_only_when_images_are_held_out() -> None:
    names = [line["name"] for line in build_chart(grown(10, 1), "loss", "step")["series"]]
    assert names == ["train", "test"]
    chart = build_chart(grown(10, 1, validation=0.5), "loss", "step")
    assert points(chart, "validation") == [[0, 0.5], [100, 0.5]]


@pytest.mark.parametrize(
    ("steps", "axis", "end"),
    [(0, "step", 10), (11, "step", 20), (320, "step", 500), (600, "step", 1000), (5, "epoch", 1), (301, "epoch", 5)],
)
def test_chart_axis_grows_with_the_run(steps: int, axis: Axis, end: int) -> None:
    assert build_chart(grown(steps), "loss", axis)["xAxis"]["max"] == end


def test_chart_axis_ends_where_the_run_ends() -> None:
    assert build_chart(grown(700, total_epochs=7), "loss", "step")["xAxis"]["max"] == 700


def test_accuracy_can_be_seen_from_90_percent_up() -> None:
    assert build_chart(grown(5), "accuracy", "step", "top")["yAxis"]["min"] == 90


def test_loss_that_runs_away_is_drawn_and_written_in_powers_of_ten() -> None:
    history = grown(10)
    history.append(Step(11, 1, 1e30, 0.5, 0.5, 100, 0.11))
    chart = build_chart(history, "loss", "step")
    assert points(chart, "train")[-1] == [11, pytest.approx(30)]
    assert points(chart, "train")[0] == [1, 0]
    assert chart["yAxis"]["axisLabel"]["formatter"] == "1e{value}"
    assert chart["dataset"][0]["source"][-1][1] == 1e30
    assert chart["tooltip"]["valueFormatter"] == "%.2e"
    history.append(Evaluated(11, 1, 1e30, 0.1, 0.11))
    assert describe_chart(history, "loss").endswith("before training, 1e30 after step 11.")
    assert [format_loss(loss) for loss in (0.29754, 1e30, 2.34e5)] == ["0.2975", "1e30", "2.3e5"]


def test_test_line_has_what_was_measured_between_epochs() -> None:
    history = grown(30)
    history.append(Evaluated(10, 1, 1.5, 0.5, 0.1))
    history.append(Evaluated(30, 1, 1.0, 0.7, 0.3))
    assert points(build_chart(history, "accuracy", "step"), "test") == [[0, 10.0], [10, 50.0], [30, 70.0]]
    assert history.tested_step == 30


@pytest.mark.parametrize("metric", ["loss", "accuracy"])
@pytest.mark.parametrize("axis", ["step", "epoch"])
def test_chart_of_a_very_long_run_stays_small(metric: Metric, axis: Axis) -> None:
    chart = build_chart(grown(20_000, epochs=3000), metric, axis)
    for name in ("train", "test"):
        assert MAX_POINTS / 2 < len(points(chart, name)) <= MAX_POINTS + 1


def test_chart_of_many_epochs_has_one_symbol_a_line_on_the_newest_point() -> None:
    chart = build_chart(grown(2000, epochs=20, total_epochs=MAX_SYMBOLS + 1, validation=0.5), "loss", "step")
    series = {line["name"]: line for line in chart["series"]}
    assert {line["symbol"] for line in series.values()} == {"none"}
    marked = {name: line["markPoint"]["data"] for name, line in series.items()}
    assert marked["train"] == []
    assert [mark["coord"] for mark in marked["test"]] == [(2000, 0.3)]
    assert [mark["coord"] for mark in marked["validation"]] == [(2000, 0.5)]
    assert marked["test"][0]["symbol"] != marked["validation"][0]["symbol"]


def test_chart_of_few_epochs_has_a_symbol_for_each() -> None:
    chart = build_chart(grown(2000, epochs=20, total_epochs=MAX_SYMBOLS), "loss", "step")
    assert [line["symbol"] for line in chart["series"]] == ["none", "circle"]


@pytest.mark.parametrize(("axis", "places"), [("step", [30, 250]), ("epoch", [0.3, 2.5])])
def test_chart_marks_what_was_changed_on_the_way_and_says_so(axis: Axis, places: list[float]) -> None:
    history = grown(300, 3)
    assert "markLine" not in json.dumps(build_chart(history, "loss", axis))
    for change in (Changed(30, 0.3, "learning_rate", 0.05), Changed(30, 0.3, "batch_size", 50.0)):
        history.append(change)
    history.append(Changed(250, 2.5, "weight_decay", 0.001))
    (mark,) = [line["markLine"] for line in build_chart(history, "loss", axis)["series"] if "markLine" in line]
    assert [line["xAxis"] for line in mark["data"]] == places
    assert mark["data"][0]["label"]["formatter"] == "Learning rate 0.05\nBatch size 50"
    assert describe_chart(history, "loss").endswith("Batch size 50 after step 30, Weight decay 0.001 after step 250.")


def test_chart_of_a_run_without_any_event_is_empty_and_can_be_drawn() -> None:
    chart = build_chart(History(), "loss", "step")
    assert points(chart, "train") == points(chart, "test") == []
    assert describe_chart(History(), "loss") == "Loss (cross-entropy): nothing measured yet."


def test_chart_lines_differ_in_more_than_colour() -> None:
    series = build_chart(grown(10, 1, validation=0.5), "loss", "step")["series"]
    assert len({(line["symbol"], line["lineStyle"].get("type")) for line in series}) == 3


def test_chart_is_plain_json_even_where_the_loss_is_infinite() -> None:
    history = grown(10, 1)
    history.append(Step(11, 2, math.inf, 0.5, 0.5, 100, 1.1))
    chart = build_chart(history, "loss", "step")
    json.dumps(chart, allow_nan=False)
    assert points(chart, "train")[-1][0] == 10


def test_description_says_where_the_figure_began_and_where_it_is() -> None:
    text = describe_chart(grown(100, epochs=1), "accuracy")
    assert text == "Accuracy: on the test images 10.0 % before training, 91.4 % after step 100."
