"""Drawings on the page: who reads them, how they are prepared, and training on them."""

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from mnist_demo.drawing.collection import DrawingCollection, LabelledDrawing
from mnist_demo.jobs.job import Job
from mnist_demo.saved_runs.visitors import DRAWINGS
from mnist_demo.ui import visitor
from mnist_demo.ui.drawing.dataset_images import image_of
from mnist_demo.ui.resources import visitor_store
from tests.ui.actions import (
    document_of,
    draw,
    moved,
    press_start,
    the_job,
)

pytestmark = pytest.mark.usefixtures("_own_server")


def test_canvas_has_training_rest_as_soon_as_the_server_hears_of_a_stroke(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from streamlit_drawable_canvas import st_canvas  # can be imported only now that a page has run

    told: list[Callable[[], None]] = []

    def note(**settings: Any) -> Any:
        told.append(settings["on_change"])
        return st_canvas(**settings)

    monkeypatch.setattr("mnist_demo.ui.drawing.canvas.st_canvas", note)
    press_start(page)
    rested: list[Job] = []
    monkeypatch.setattr(Job, "rest", lambda job: rested.append(job))
    monkeypatch.setattr(st, "context", SimpleNamespace(ip_address=None))
    told[-1]()
    assert rested == [the_job()]


def test_drawing_before_any_training_is_read_by_the_starter_model(page: AppTest) -> None:
    draw(page)
    assert not page.exception
    assert any("Read by the starter model" in caption.value for caption in page.caption)


def test_stages_of_the_preparation_turned_off_change_what_the_model_sees(page: AppTest) -> None:
    draw(page, moved(120))  # at the border
    before = document_of(page, "digit-bars")
    page.session_state["preparation"] = True
    page.run()
    page.pills(key="stages-off").set_value(["crop", "pen", "fit", "centre"]).run()
    assert not page.exception
    assert document_of(page, "digit-bars") != before
    page.pills(key="stages-off").set_value([]).run()
    assert document_of(page, "digit-bars") == before


def test_drawing_after_two_runs_is_read_by_all_side_by_side(page: AppTest) -> None:
    for _run in range(2):
        press_start(page)
        assert the_job().wait(60) == "finished"
    draw(page)
    table = document_of(page, "readings")
    assert table.count("<tr") == 3
    assert "Starter model" in table
    assert table.count("Linear, with PyTorch") == 2


def test_image_in_the_place_of_the_drawing_is_called_one_where_models_are_compared(page: AppTest) -> None:
    press_start(page)
    assert the_job().wait(60) == "finished"
    draw(page)
    assert "How each model reads this drawing" in document_of(page, "readings")
    page.session_state["image-inspected"] = image_of(the_job().dataset, "test", 0)
    page.run()
    assert "How each model reads this image" in document_of(page, "readings")


def test_drawing_is_read_by_the_newest_weights(page: AppTest) -> None:
    press_start(page)
    the_job().wait(60)
    draw(page)
    assert not page.exception
    assert any("Read by your run of “Linear, with PyTorch”" in caption.value for caption in page.caption)
    assert not page.button(key="undo-drawing").disabled


def test_training_some_more_on_my_drawings_starts_from_the_weights_that_answered(browser: Any, page: AppTest) -> None:
    press_start(page)
    first = the_job()
    assert first.wait(60) == "finished"
    drawing = LabelledDrawing((np.array([[60.0, 40.0], [200.0, 40.0], [120.0, 240.0]]),), 7)
    visitor_store().add(visitor.owner(), DRAWINGS, DrawingCollection((drawing,)).to_bytes())
    page.run()
    page.button(key="train-on-drawings").click().run()
    assert not page.exception
    more = the_job()
    assert more is not first
    assert more.wait(60) == "finished"
    assert more.extra.labels.tolist() == [7]
    assert more.history.started.test_accuracy == pytest.approx(first.history.test_accuracy)
    page.run()
    assert any(re.search(r"My drawings read correctly: \d+ % before, \d+ % now", text.value) for text in page.markdown)
    # However soon it was over, the browser is led to what it gave.
    assert any("drawings-gain" in html.proto.body and more.id in html.proto.body for html in page.get("html"))


def answer_on(page: AppTest) -> str:
    """Return what is written large beside the canvas."""
    documents = "".join(str(getattr(text, "value", "")) for text in page.get("html"))
    found = re.search(r'<span class="answer[^"]*">([^<]*)</span>', documents)
    return found[1] if found else ""


def test_digits_side_by_side_are_read_as_a_number_of_which_one_is_explained(page: AppTest) -> None:
    draw(page)
    alone = document_of(page, "digit-bars")
    assert answer_on(page) == "1"
    zero = {**moved(80), "path": [["M", 220, 60], ["Q", 160, 140, 220, 220], ["Q", 270, 140, 220, 60], ["L", 220, 60]]}
    zero |= {"left": 215}
    draw(page, zero, moved(-80))
    assert not page.exception
    assert answer_on(page) == "10"
    assert document_of(page, "digit-bars") == alone
    # What a click on the second one tells the server.
    page.session_state["digit-of-the-number"] = 1
    page.run()
    assert answer_on(page) == "10"
    assert document_of(page, "digit-bars") != alone


def test_what_spoke_for_a_digit_is_drawn_when_asked_for(page: AppTest) -> None:
    draw(page)
    page.session_state["reasons"] = True
    page.run()
    assert not page.exception
