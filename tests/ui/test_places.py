"""Boxes for files keep their place: one that moves is made anew by the browser, and the file in it is gone."""

from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, Node

from mnist_demo.classes.commands import ClassCommands
from mnist_demo.classes.records import HandwritingRun
from mnist_demo.drawing.collection import DrawingCollection
from mnist_demo.saved_runs.visitors import DRAWINGS
from mnist_demo.ui import visitor
from mnist_demo.ui.resources import class_store, visitor_store
from tests.classes.test_classes import drawing, joined
from tests.ui.actions import open_page, start_long_run, the_job
from tests.ui.class_.test_page import open_class_page

pytestmark = pytest.mark.usefixtures("_own_server")


def places_of_files(node: Node, path: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """Yield where each box for a file is: the numbers of the containers that it is in, from the page inwards."""
    if isinstance(node, Block):
        for number, child in node.children.items():
            yield from places_of_files(child, (*path, number))
    elif node.type == "file_uploader":
        yield path[:-1]  # its number in the innermost does not matter: an element has a name


def places_on(page: AppTest) -> list[tuple[int, ...]]:
    assert not page.exception
    return list(places_of_files(page._tree))


def test_box_for_handwriting_stays_whatever_the_class_has(browser: Any) -> None:
    browser("the teacher")
    teacher = ClassCommands(visitor.owner(), class_store())
    code = teacher.create("7b", {}).code
    page = open_class_page(code=code)
    empty = places_on(page)
    assert len(empty) == 1
    for nickname in ("Mina", "Juno"):
        joined(class_store(), code, nickname).add_drawing(code, drawing(3))
    assert places_on(page.run()) == empty
    page.toggle(key="class-how").set_value(False).run()
    assert places_on(page) == empty
    page.button(key="class-train").click().run()
    assert places_on(page) == empty
    assert isinstance(teacher.view(code).handwriting_run, HandwritingRun)  # type: ignore[union-attr]
    page.session_state["drawing-selected"] = next(iter(class_store().drawings(code)))
    assert places_on(page.run()) == empty
    assert page.button(key="take-out-drawing")
    the_job().stop(30)


def test_boxes_beside_the_bench_stay_when_a_run_begins_and_ends(browser: Any) -> None:
    browser("somebody with a drawing")
    visitor_store().add(visitor.owner(), DRAWINGS, DrawingCollection((drawing(7),)).to_bytes())
    page = open_page()
    before = places_on(page)
    assert len(before) == 3  # a picture, a model, drawings
    job = start_long_run(page)
    assert places_on(page) == before
    job.stop(30)
    assert places_on(page.run()) == before
