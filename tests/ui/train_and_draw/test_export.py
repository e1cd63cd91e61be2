"""Exports and opened models on the page, through Streamlit's AppTest."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.drawing.collection import DrawingCollection, LabelledDrawing
from mnist_demo.exports import formats
from mnist_demo.exports.formats import EXPORTS
from mnist_demo.models.checkpoints import STARTER_PATH
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.ui.export import state
from mnist_demo.ui.resources import job_registry
from tests.exports.exported_runs import train_run
from tests.ui.actions import STROKE, wait_until_made

LOOK_INSIDE = """
if __name__ == "__main__":
    import streamlit as st

    from mnist_demo.ui.frame import build_pages, render_frame
    from mnist_demo.ui.drawing.opened_models import render_opened_models
    from mnist_demo.ui.look_inside.subjects import look_at_current

    pages = list(build_pages().values())
    st.navigation(pages)
    render_frame(pages, pages[1])
    render_opened_models()
    st.title(look_at_current().title)
"""
pytestmark = pytest.mark.usefixtures("_own_server")


def train_to_the_end(page: AppTest) -> None:
    page.number_input(key="epochs").set_value(1)
    page.button(key="start-training").click().run()
    job_registry().jobs()[-1].wait(60)
    page.run()


def choose_format(page: AppTest, name: str) -> None:
    """Choose a format, and wait until its file is made."""
    page.selectbox(key="export-format").set_value(name).run()
    wait_until_made(page)


def open_file(page: AppTest, name: str, content: bytes) -> None:
    page.file_uploader(key="model-file").upload(name, content, "application/octet-stream").run()
    assert not page.exception


def test_export_without_a_run_is_not_offered(page: AppTest) -> None:
    assert "export-format" not in [box.key for box in page.selectbox]


def test_export_is_not_made_before_a_format_is_chosen(page: AppTest) -> None:
    train_to_the_end(page)

    assert page.selectbox(key="export-format").options == [export.title for export in EXPORTS.values()]
    assert not page.get("download_button")


def test_export_of_a_chosen_format_is_a_file_to_save_with_its_size(page: AppTest) -> None:
    train_to_the_end(page)

    choose_format(page, "safetensors")

    (button,) = page.get("download_button")
    assert button.proto.label == "Save model.safetensors, 32 KB"
    assert "The run as it was after step 15." in [caption.value for caption in page.caption]


def test_export_waits_where_the_files_of_all_visitors_take_too_much_room(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnist_demo.ui.export.state.MAX_EXPORT_BYTES", 1)
    train_to_the_end(page)
    choose_format(page, "safetensors")
    assert not page.get("download_button")
    assert any("Others are saving large files here" in error.value for error in page.error)


def test_export_of_a_heavy_format_is_made_beside_the_page(page: AppTest) -> None:
    train_to_the_end(page)

    choose_format(page, "chart-svg")

    assert [button.proto.label.partition(",")[0] for button in page.get("download_button")] == ["Save charts.svg"]


def test_export_of_a_large_model_or_of_a_long_run_is_made_beside_the_page_whatever_its_format(
    quick: Hyperparameters, builtin: DigitDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train_run(quick, builtin)

    def made(name: str) -> bytes:
        return state._build(lambda: run, name, "en", lambda _run, _name: b"beside")

    assert made("history-csv").startswith(b"event,step,")
    monkeypatch.setattr(formats, "QUICK_STEPS", 1)
    assert made("history-csv") == b"beside"
    assert made("script") == b"beside"
    monkeypatch.setattr(formats, "QUICK_STEPS", 1000)
    monkeypatch.setattr(formats, "QUICK_BYTES", 1000)
    assert made("safetensors") == b"beside"


def test_export_of_a_run_that_drawings_were_mixed_into_has_no_script(page: AppTest) -> None:
    train_to_the_end(page)
    job_registry().jobs()[-1].extra = object()  # type: ignore[assignment]

    choose_format(page, "script")

    assert any("learned from drawings" in error.value for error in page.error)
    assert not page.get("download_button")


def test_model_that_was_saved_here_is_opened_measured_and_reads_along(page: AppTest) -> None:
    open_file(page, "mine*.safetensors", STARTER_PATH.read_bytes())

    texts = [text.value for text in page.markdown]
    assert any(r"**mine\*.safetensors**: Deeper convolutional network. Reads" in text for text in texts)
    assert any("of 360 test images correctly" in text for text in texts)


def test_file_that_is_no_model_gives_one_sentence_and_opens_nothing(page: AppTest) -> None:
    open_file(page, "wrong.safetensors", b"\x80\x04harmful")

    (error,) = [error.value for error in page.error]
    assert error.startswith("wrong.safetensors is not a checkpoint that can be loaded.")
    assert not [button for button in page.button if (button.key or "").startswith("opened-models")]


def test_opened_model_answers_when_it_is_let_and_is_gone_when_it_is_closed(page: AppTest) -> None:
    page.session_state["canvas"] = {"drawing": {"raw": {"objects": [STROKE], "background": "#ffffff"}, "data": None}}
    open_file(page, "other.safetensors", STARTER_PATH.read_bytes())

    page.button(key="opened-models-answer-0").click().run()
    assert "Read by the model that you opened from other.safetensors." in captions(page)

    page.button(key="opened-models-close-0").click().run()
    assert not any("other.safetensors" in text for text in captions(page))
    assert any("Read by the starter model" in text for text in captions(page))


def test_opened_model_that_is_let_answer_is_the_one_to_look_inside() -> None:
    page = AppTest.from_string(LOOK_INSIDE, default_timeout=60).run()
    open_file(page, "other.safetensors", STARTER_PATH.read_bytes())
    assert page.title[0].value == "Inside the starter model"

    page.button(key="opened-models-answer-0").click().run()

    assert page.title[0].value == "Inside the model that you opened from other.safetensors"


def test_file_of_drawings_is_added_once_however_often_it_is_opened(page: AppTest) -> None:
    drawings = DrawingCollection((LabelledDrawing((np.array([[10.0, 10.0], [10.0, 90.0]]),), 1),))
    page.file_uploader(key="import-drawings").upload("d.json", drawings.to_bytes(), "application/json").run()

    page.button(key="add-drawings").click().run()
    page.button(key="add-drawings").click().run()

    assert not page.exception
    assert "My drawings: 1" in [expander.label for expander in page.expander]


def test_file_that_is_no_drawings_gives_one_sentence_and_adds_nothing(page: AppTest) -> None:
    page.file_uploader(key="import-drawings").upload("d.json", b"[1, 2", "application/json").run()

    page.button(key="add-drawings").click().run()

    assert [error.value for error in page.error] == ["This is not a file of drawings, or it is damaged: it is no JSON."]
    assert "My drawings: 0" in [expander.label for expander in page.expander]


def captions(page: AppTest) -> list[str]:
    return [caption.value for caption in page.caption]
