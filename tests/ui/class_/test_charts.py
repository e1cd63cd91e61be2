"""The chart of a class and the order of the list beside it; without a page."""

from typing import Any

import pytest

from mnist_demo.translation import format_percent
from mnist_demo.ui.class_.charts import MAX_NAMES, Line, build_class_chart, describe_class_chart
from mnist_demo.ui.class_.pictures import COLOURS, style_of
from mnist_demo.ui.class_.runs import ClassRun, Pupil, in_order


def line(name: str, place: int, *points: tuple[float, float]) -> Line:
    return name, place, points


def pupil(nickname: str, accuracy: float | None, on_handwriting: float | None, has_run: bool = True) -> Pupil:
    run = ClassRun("run-00001", "Softmax", "finished", accuracy, None, (), 1, lambda: None)
    return Pupil("0123abcd", 0, nickname, True, run if has_run else None, on_handwriting)


def names(option: dict[str, Any]) -> list[str]:
    return [series["name"] for series in option["series"]]


def test_every_run_is_a_line_of_its_points_in_the_style_of_who_joined_at_that_place() -> None:
    lines = [line("Mina", 9, (0, 10), (1.5, 91.25)), line("Juno", 0, (0, 12)), line("Ari", 1)]
    option = build_class_chart(lines)
    assert names(option) == ["Mina", "Juno", "Ari"]
    mina, juno, ari = option["series"]
    assert (mina["data"], juno["data"], ari["data"]) == ([[0, 10], [1.5, 91.25]], [[0, 12]], [])
    assert (mina["color"], mina["lineStyle"]["type"]) == style_of(9) == (COLOURS[1], "dashed")
    assert (ari["color"], ari["lineStyle"]["type"]) == (COLOURS[1], "solid")
    assert [series["showSymbol"] for series in option["series"]] == [False, True, False]  # one point is no line
    assert option["xAxis"]["max"] == 1.5


@pytest.mark.parametrize(
    ("ends", "floor"),
    [
        ([], 0),
        ([10], 0),
        ([54], 0),
        ([55], 50),
        ([98, 99], 90),
        ([94, 94, 99, 99], 80),
        ([11, 97, 98, 98], 90),  # a quarter may be below, not more
        ([11, 12, 98, 98], 0),
    ],
)
def test_axis_begins_where_the_ends_of_most_runs_can_be_told_apart(ends: list[float], floor: int) -> None:
    option = build_class_chart([line(f"Pupil {end}", 0, (0, 5), (1, end)) for end in ends])
    assert (option["yAxis"]["min"], option["yAxis"]["max"]) == (floor, 100)


def test_names_stand_at_the_ends_of_lines_while_they_are_few() -> None:
    for count, with_names in ((MAX_NAMES, True), (MAX_NAMES + 1, False)):
        option = build_class_chart([line(f"Pupil {place}", place, (0, 10)) for place in range(count)])
        assert {series["endLabel"]["show"] for series in option["series"]} == {with_names}


def test_chart_without_a_run_is_one_all_the_same() -> None:
    option = build_class_chart([])
    assert option["series"] == []
    assert option["xAxis"]["max"] > 0
    assert describe_class_chart([]) == "Accuracy on the test images: no run yet."
    assert describe_class_chart([line("Mina", 0, (0, 10), (1, 91.25)), line("Ari", 1)]) == (
        f"Accuracy on the test images: Mina at {format_percent(0.9125, digits=1)}."
    )


def test_list_has_the_best_first_and_those_without_a_figure_last() -> None:
    everybody = [
        pupil("Ari", None, None, has_run=False),
        pupil("Bo", 0.91, 0.5),
        pupil("Juno", 0.97, None),
        pupil("Mina", 0.97, 0.75),
        pupil("Tam", None, 0.25),
    ]
    orders = {
        "name": ["Ari", "Bo", "Juno", "Mina", "Tam"],
        "accuracy": ["Juno", "Mina", "Bo", "Ari", "Tam"],
        "handwriting": ["Mina", "Bo", "Tam", "Ari", "Juno"],
    }
    for order, expected in orders.items():
        assert [found.nickname for found in in_order(everybody, order)] == expected
