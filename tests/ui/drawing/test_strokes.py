from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from mnist_demo.drawing.collection import MAX_STROKES
from mnist_demo.ui.drawing.strokes import MAX_COMMANDS, drawn_in, objects_of, strokes_of


def path(*commands: list[Any], **placed: Any) -> dict[str, Any]:
    """Return a path object as Fabric.js writes it: unless `placed` elsewhere, where it was drawn."""
    ends = np.array([command[-2:] for command in commands], dtype=float)
    middle = (ends.min(axis=0) + ends.max(axis=0)) / 2
    where = {"originX": "center", "originY": "center", "left": middle[0], "top": middle[1]}
    return {"type": "Path", "path": list(commands), **where, **placed}


CORNER = (["M", 10, 20], ["L", 10, 60], ["L", 50, 60])


def test_strokes_of_a_path_go_through_its_points() -> None:
    (stroke,) = strokes_of((path(*CORNER),))
    assert stroke.tolist() == [[10, 20], [10, 60], [50, 60]]


def test_strokes_of_a_curve_lie_on_the_curve() -> None:
    (stroke,) = strokes_of((path(["M", 0, 0], ["Q", 50, 100, 100, 0], left=50, top=25),))
    assert stroke[0].tolist() == [0, 0]
    assert stroke[-1].tolist() == [100, 0]
    # this quadratic Bézier curve is the parabola y = 2x − x²/50
    np.testing.assert_allclose(stroke[:, 1], 2 * stroke[:, 0] - stroke[:, 0] ** 2 / 50, atol=1e-9)


def test_strokes_come_in_the_order_in_which_they_were_drawn() -> None:
    first, second = path(*CORNER), path(["M", 0, 0], ["L", 1, 1])
    assert [len(stroke) for stroke in strokes_of((first, second))] == [3, 2]


def test_strokes_of_a_drawing_that_nobody_has_drawn_by_hand_are_cut_off() -> None:
    long = path(*[["L", x % 280, x % 270] for x in range(100_000)])
    strokes = strokes_of((path(*CORNER), long, path(*CORNER)))
    assert [len(stroke) for stroke in strokes] == [3, MAX_COMMANDS - 3]
    assert len(strokes_of((path(*CORNER),) * 5000)) == MAX_STROKES


def test_what_a_browser_says_is_on_its_canvas_is_cut_off_before_it_is_looked_at() -> None:
    class Counted(list[Any]):
        looked_at = 0

        def __iter__(self) -> Iterator[Any]:
            for command in super().__iter__():
                Counted.looked_at += 1
                yield command

        def __getitem__(self, place: Any) -> Any:
            return Counted(super().__getitem__(place)) if isinstance(place, slice) else super().__getitem__(place)

    short = {"path": [*CORNER]}
    drawn = drawn_in({"objects": [short, {"path": Counted([["L", 1, 1]] * 100_000)}, *[short] * 10_000]})
    assert [len(item["path"]) for item in drawn] == [3, MAX_COMMANDS - 3]
    assert Counted.looked_at <= MAX_COMMANDS
    assert len(drawn_in({"objects": [short] * 10_000})) == MAX_STROKES


@pytest.mark.parametrize(
    ("placed", "expected"),
    [
        ({"left": 130, "top": 140}, [[110, 120], [110, 160], [150, 160]]),
        ({"scaleX": 2, "scaleY": 0.5}, [[-10, 30], [-10, 50], [70, 50]]),
        ({"angle": 90}, [[50, 20], [10, 20], [10, 60]]),
        ({"flipX": True}, [[50, 20], [50, 60], [10, 60]]),
    ],
    ids=["moved", "scaled", "turned", "mirrored"],
)
def test_strokes_of_an_edited_path_are_where_it_is_seen(placed: dict[str, Any], expected: list[list[float]]) -> None:
    (stroke,) = strokes_of((path(*CORNER, **placed),))
    np.testing.assert_allclose(stroke, expected, atol=1e-9)


def test_strokes_of_an_empty_canvas_are_none() -> None:
    assert strokes_of(()) == []


def test_strokes_leave_out_what_is_no_path() -> None:
    assert strokes_of(({"type": "Rect", "left": 1, "top": 1}, {"type": "Path", "path": []})) == []


def test_objects_of_strokes_give_the_strokes_back_and_lie_where_they_were() -> None:
    drawn = [np.array([[10.0, 20.0], [10.0, 60.0], [50.0, 60.0]]), np.array([[100.0, 30.0], [120.0, 90.0]])]
    objects = objects_of(drawn, "#123456", 16)
    for stroke, back in zip(drawn, strokes_of(objects), strict=True):
        np.testing.assert_allclose(back, stroke)
    assert [(item["left"], item["top"], item["stroke"], item["strokeWidth"]) for item in objects] == [
        (30, 40, "#123456", 16),
        (110, 60, "#123456", 16),
    ]
