"""Things kept for a visitor: here again after a reload and a restart, hers alone, and deleted with one button."""

import contextlib
import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnist_demo.drawing.collection import DrawingCollection, LabelledDrawing
from mnist_demo.jobs.errand import core
from mnist_demo.lesson.parts import PARTS
from mnist_demo.models.checkpoints import STARTER_PATH
from mnist_demo.saved_runs.visitors import DRAWINGS
from mnist_demo.ui import visitor
from mnist_demo.ui.resources import errand_queue, job_registry, run_keeper, run_store, visitor_store
from mnist_demo.ui.server import errands
from tests.ui.actions import open_page, open_runs, restart_server, texts, train
from tests.ui.conftest import page_alone

pytestmark = pytest.mark.usefixtures("_own_server")


def bench() -> None:
    """Draw buttons that keep a drawing, and the gallery."""
    import numpy as np
    import streamlit as st

    from mnist_demo.data.builtin_digits import load_builtin
    from mnist_demo.ui import state, visitor
    from mnist_demo.ui.drawing import state as drawing_state
    from mnist_demo.ui.drawing.corrections import render_my_drawings
    from mnist_demo.ui.drawing.opened_models import render_opened_models
    from mnist_demo.ui.drawing.readers import read_readers
    from mnist_demo.ui.ownership import perform
    from mnist_demo.ui.widgets.notices import render_notices

    if not state.has_dataset():
        state.choose_dataset(load_builtin())
    for label in (3, 8):
        stroke = np.array([[60.0 + label, 40.0], [200.0, 40.0], [120.0, 240.0]])
        st.button(f"{label}", key=f"keep-{label}", on_click=perform, args=(drawing_state.keep_drawing, [stroke], label))
    st.text_input("Language", value=visitor.read_preference("language") or "en", key="language")
    st.button("Choose", key="choose", on_click=lambda: visitor.keep_preference("language", st.session_state.language))
    render_my_drawings()
    render_opened_models()
    st.caption(", ".join(str(label) for label in drawing_state.my_drawings().labels()))
    st.caption(f"Read by {read_readers()[0].title}.")
    render_notices()


def open_bench() -> AppTest:
    # Guarded: training and analyses are processes, which import the script that ran last again.
    script = f'{inspect.getsource(bench)}\n\nif __name__ == "__main__":\n    bench()\n'
    page = AppTest.from_string(script, default_timeout=60).run()
    assert not page.exception
    return page


def labels(page: AppTest) -> str:
    return page.run().caption[-2].value


def test_drawings_of_two_tabs_are_in_both_and_here_again_after_a_restart_for_their_visitor_alone(browser: Any) -> None:
    one, other = open_bench(), open_bench()
    one.button(key="keep-3").click().run()
    other.button(key="keep-8").click().run()
    one.button(key="keep-3").click().run()  # the same once more is none
    assert labels(one) == labels(other) == "3, 8"
    browser("a stranger")
    assert labels(open_bench()) == ""
    restart_server()
    assert labels(open_bench()) == ""
    browser("mine")
    again = open_bench()
    assert labels(again) == "3, 8"
    assert "My drawings: 2" in [expander.label for expander in open_page().expander]
    again.button(key="forget-drawings").click().run()
    assert labels(one) == labels(open_bench()) == ""


def test_opened_model_and_preferences_are_here_again_after_a_restart(browser: Any) -> None:
    page = open_bench()
    page.file_uploader(key="model-file").upload("<b>.safetensors", STARTER_PATH.read_bytes(), "text/plain").run()
    page.button(key="opened-models-answer-0").click().run()
    reader = page.caption[-1].value
    assert "<b>.safetensors" in reader
    page.text_input(key="language").set_value("ko").run()
    page.button(key="choose").click().run()
    restart_server()
    again = open_bench()
    assert again.caption[-1].value == reader
    assert again.text_input(key="language").value == "ko"
    browser("a stranger")
    assert "Starter model" in open_bench().caption[-1].value
    browser("mine")
    again.button(key="opened-models-close-0").click().run()
    assert "Starter model" in open_bench().caption[-1].value


def test_opened_model_is_tried_in_the_queue_and_not_for_a_visitor_who_has_left(
    browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_bench()
    with contextlib.ExitStack() as others:
        for number in range(errand_queue().slots):
            others.enter_context(core(errand_queue(), f"another {number}"))
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(errands, "has_left", lambda session: True)
            page.file_uploader(key="model-file").upload(
                "mine.safetensors", STARTER_PATH.read_bytes(), "text/plain"
            ).run()
    assert [error.value for error in page.error] == ["Nobody is waiting for this any more."]
    assert not [button for button in page.button if button.key == "opened-models-answer-0"]


def test_guess_its_answer_and_the_place_in_the_lesson_are_here_again_after_a_restart(browser: Any) -> None:
    lesson = AppTest.from_string(page_alone("lesson"), default_timeout=60)
    lesson.query_params["part"] = "4"
    lesson.run()
    lesson.radio(key="guess-likelihood").set_value("20").run()
    lesson.button(key="run-guess-likelihood").click().run()
    assert "Not as you guessed" in lesson.warning[0].value
    restart_server()
    again = AppTest.from_string(page_alone("lesson"), default_timeout=60).run()
    assert again.query_params["part"] in ("4", ["4"])
    assert "Not as you guessed" in again.warning[0].value
    again.segmented_control(key="lesson-page").set_value(len(PARTS) + 1).run()
    assert "**0 of 1 guess was right.**" in texts(again)
    again.button(key="lesson-again").click().run()
    fresh = AppTest.from_string(page_alone("lesson"), default_timeout=60).run()
    assert f"# {PARTS[0].title}" in texts(fresh)
    assert fresh.radio(key=f"guess-{PARTS[0].name}").value is None


def test_guess_is_in_all_tabs_and_in_none_once_one_of_them_deleted_everything(browser: Any) -> None:
    browser("mine")
    tabs = [AppTest.from_string(page_alone("lesson"), default_timeout=60) for _tab in range(2)]
    for tab in tabs:
        tab.query_params["part"] = "4"
        tab.run()
    tabs[0].radio(key="guess-likelihood").set_value("20").run()
    tabs[0].button(key="run-guess-likelihood").click().run()
    assert "Not as you guessed" in tabs[1].run().warning[0].value
    open_runs(open_page()).button(key="delete-all-now").click().run()
    for tab in tabs:
        tab.run()
        assert not tab.exception
        assert not tab.warning
        assert tab.radio(key="guess-likelihood").value is None
    assert visitor_store().size(visitor.owner()) == 0


def test_one_button_deletes_everything_kept_about_a_visitor_and_nothing_of_another(
    browser: Any, tmp_path: Path
) -> None:
    drawing = LabelledDrawing((np.array([[60.0, 40.0], [200.0, 240.0]]),), 7)
    runs = {}
    for name in ("mine", "a stranger"):
        browser(name)
        visitor_store().add(visitor.owner(), DRAWINGS, DrawingCollection((drawing,)).to_bytes())
        runs[name] = train(open_page(), epochs=1)
    browser("mine")
    page = open_page(run=runs["mine"])
    open_runs(page).button(key="delete-all-now").click().run()
    assert not page.exception
    assert "Everything that this server kept about you has been deleted." in texts(page)
    assert "No runs yet" in texts(page)
    assert not [button for button in page.button if button.key == "delete-all-now"]
    assert "run" not in page.query_params
    assert run_keeper().flush()
    assert [record.id for record in run_store().runs()] == [runs["a stranger"]]
    assert [job.id for job in job_registry().jobs()] == [runs["a stranger"]]
    owner = visitor.owner()
    assert not [
        path for path in tmp_path.rglob("*") if path.is_file() and owner in (path.read_bytes().decode("latin1"))
    ]
    assert not [path for path in tmp_path.rglob("*") if owner in path.name]
    browser("a stranger")
    assert visitor_store().size(visitor.owner()) > 0


def test_drawing_that_the_disk_refuses_stays_in_its_tab_and_that_is_said(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "visitors").write_text("not a folder")
    page = open_bench()
    page.button(key="keep-3").click().run()
    said = "".join(warning.value for warning in page.warning)
    assert "could not keep what you made" in said
    assert str(tmp_path) not in said
    page.button(key="keep-8").click().run()
    assert labels(page) == "3, 8"
    assert labels(open_bench()) == ""


def test_damaged_drawing_is_said_in_one_sentence_and_the_others_are_there(browser: Any) -> None:
    page = open_bench()
    page.button(key="keep-3").click().run()
    page.button(key="keep-8").click().run()
    folder = visitor_store().folder / visitor.owner() / "drawings"
    min(folder.iterdir()).write_bytes(b"{}")
    again = open_bench()
    assert labels(again) == "8"
    assert sum("is damaged" in warning.value for warning in again.warning) == 1
    assert len(open_bench().warning) == 0
