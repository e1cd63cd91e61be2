"""The class of a visitor on the other pages: its settings, and what joins it."""

import html
import os
import re
import time
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from mnist_demo.classes.commands import ClassCommands
from mnist_demo.classes.store import EXPIRY_SECONDS, writer_of
from mnist_demo.classes.tries import MAX_WRONG
from mnist_demo.data.dataset import DigitDataset
from mnist_demo.jobs.computing import Here
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.observed_run import new_job_id
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.ui import kept_runs, keys, visitor
from mnist_demo.ui.class_.pictures import pupils_html, qr_code
from mnist_demo.ui.class_.runs import find_run, pupils
from mnist_demo.ui.resources import class_store, job_registry, run_store, visitor_store
from tests.classes.test_classes import drawing, joined, view
from tests.ui.actions import document_of, open_page, press_start, restart_server, texts, the_job, train
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("_own_server")


def open_class_page(**parameters: str) -> AppTest:
    page = open_page(**parameters)
    page._page_hash = calc_hash("class")  # AppTest.switch_page knows files only
    page.run()
    assert not page.exception
    return page


def test_pupil_reads_the_language_of_her_class(browser: Any) -> None:
    code = ClassCommands("teacher-of-7b", class_store()).create("7b", {"lang": "ko"}).code
    browser("a pupil")
    ClassCommands(visitor.owner(), class_store()).join(code, "Mina")
    visitor_store().keep_values(visitor.owner(), "class", {"class-joined": code})
    assert open_page().segmented_control(key="language").value == "ko"


def test_qr_code_is_that_of_the_link_that_is_shown(browser: Any) -> None:
    browser("the teacher")
    code = ClassCommands(visitor.owner(), class_store()).create("7b", {"lang": "ko"}).code
    document = document_of(open_class_page(code=code), "class-join")
    link = html.unescape(document.partition('class="link">')[2].partition("<")[0])
    assert code in link
    assert html.escape(qr_code(link)) in document


def test_click_trains_on_the_drawings_of_those_who_are_not_held_out(browser: Any) -> None:
    browser("the teacher")
    teacher = ClassCommands(visitor.owner(), class_store())
    code = teacher.create("7b", {}).code
    for nickname, label in (("Mina", 3), ("Juno", 5)):
        joined(class_store(), code, nickname).add_drawing(code, drawing(label))
    page = open_class_page(code=code)
    page.button(key="class-train").click().run()
    assert not page.exception
    trained = view(teacher, code).handwriting_run
    assert trained is not None
    assert trained.run == the_job().id
    held_out = {
        kept.label for name, kept in class_store().drawings(code).items() if writer_of(name) in trained.held_out
    }
    assert (len(held_out), {*the_job().extra.labels}) == (1, {3, 5} - held_out)
    the_job().stop(30)


def test_what_the_form_complained_of_is_not_said_any_more_once_it_is_mended() -> None:
    page = open_class_page()
    page.button(key="class-create").click().run()
    assert len(page.warning) == 1
    page.text_input(key="class-name").set_value("7b")
    page.button(key="class-create").click().run()
    assert not page.warning
    assert not page.exception
    assert "## 7b" in [text.value for text in page.markdown]


def test_deleted_class_can_be_brought_back_after_a_reload_and_a_restart_of_the_server(browser: Any) -> None:
    browser("the teacher")
    code = ClassCommands(visitor.owner(), class_store()).create("7b", {}).code
    page = open_class_page(code=code)
    page.button(key="delete-class").click().run()
    assert "The class “7b” is deleted" in texts(page)
    restart_server()
    browser("somebody else")
    assert f"undo-delete-class-{code}" not in [button.key for button in open_class_page().button]
    browser("the teacher")
    page = open_class_page()
    page.button(key=f"undo-delete-class-{code}").click().run()
    assert "## 7b" in [text.value for text in page.markdown]
    assert "The class “7b” is deleted" not in texts(page)


def test_after_too_many_wrong_codes_the_right_one_waits_too_but_not_for_who_is_in_the_class(
    browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # AppTest makes up another one at every run.
    monkeypatch.setattr(type(st.context), "ip_address", property(lambda _context: "192.0.2.7"))
    browser("the teacher")
    code = ClassCommands(visitor.owner(), class_store()).create("7b", {}).code
    browser("a stranger")
    page = open_class_page()

    def type_code(typed: str) -> str:
        page.text_input(key="class-code").set_value(typed)
        page.button(key="go-to-class").click().run()
        return texts(page)

    for number in range(MAX_WRONG - 1):
        assert "There is no class with this code" in type_code(f"aaaaa-bbb{number:02}")
    page.run()  # a page that refreshes tries nothing anew
    assert "## Join the class “7b”" in texts(open_class_page(code=code))
    type_code("ccccc-ccccc")
    assert "Too many wrong codes came from your network: try again in ten minutes." in type_code(code)
    assert "## Join the class “7b”" not in texts(page)
    browser("the teacher")
    assert "## 7b" in texts(open_class_page(code=code))


def test_server_that_starts_deletes_classes_whose_time_is_over_whatever_page_is_opened() -> None:
    store = class_store()
    teacher = ClassCommands("teacher-of-7b", store)
    kept, expired, deleted = (teacher.create(name, {}).code for name in ("kept", "expired", "deleted"))
    teacher.delete(deleted)
    long_ago = time.time() - EXPIRY_SECONDS - 1
    os.utime(store.folder / expired / "class.json", (long_ago, long_ago))
    os.utime(store.folder / f".deleted-{deleted}", (long_ago, long_ago))
    restart_server()
    open_page()
    wait_until(lambda: {path.name for path in store.folder.iterdir() if path.is_dir()} == {kept})


def test_pupil_who_waits_reads_when_it_is_her_turn_and_the_class_sees_it(
    browser: Any, builtin: DigitDataset, endless: Hyperparameters
) -> None:
    code = ClassCommands("teacher-of-7b", class_store()).create("7b", {}).code
    browser("a pupil")
    ClassCommands(visitor.owner(), class_store()).join(code, "Mina")
    visitor_store().keep_values(visitor.owner(), "class", {"class-joined": code})
    registry = job_registry()
    registry.computing = Here(1)
    computing, waiting = (registry.start(Assignment(endless, builtin), visitor=name) for name in ("Juno", "Ari"))
    wait_until(lambda: computing.history.step_count > 0)
    page = open_page()
    press_start(page)
    (said,) = (str(part.text) for part in page.get("progress"))
    assert re.search(r"2 runs ahead of you, about \d+ (min|s)", said)
    record = ClassCommands("teacher-of-7b", class_store()).view(code)
    assert record is not None
    assert "waits, 2 runs ahead" in pupils_html(pupils(record, set(), {}))
    computing.stop(30)
    waiting.stop(30)
    wait_until(lambda: the_job().state == "running")


def test_run_that_waits_under_another_server_is_in_the_list_of_the_class(browser: Any) -> None:
    code = ClassCommands("teacher-of-7b", class_store()).create("7b", {}).code
    run_id = new_job_id()
    joined(class_store(), code, "Mina").add_run(code, run_id)
    claim = run_store().claim(run_id)  # as the other server does when its visitor presses Start
    assert claim is not None
    record = view(ClassCommands("teacher-of-7b", class_store()), code)
    assert "queued" in pupils_html(pupils(record, set(), {}))
    run_store().give_up(claim)
    assert find_run(run_id) is None


def test_pupil_has_the_settings_of_her_class_and_her_runs_join_it(browser: Any) -> None:
    teacher = ClassCommands("teacher-of-7b", class_store())
    code = teacher.create("7b", {"preset": "tutorial-pytorch", "epochs": "2", "locked": "1"}).code
    browser("a pupil")
    ClassCommands(visitor.owner(), class_store()).join(code, "Mina")
    visitor_store().keep_values(visitor.owner(), "class", {"class-joined": code})
    page = open_page()
    assert page.number_input(key="epochs").value == 2
    assert page.number_input(key="epochs").disabled
    run_id = train(page)
    record = teacher.view(code)
    assert record is not None
    assert list(record.runs) == [run_id]
    trained = find_run(run_id)
    restart_server()  # or another server that asks for it
    saved = find_run(run_id)
    assert trained is not None
    assert saved is not None
    assert (saved.state, saved.accuracy, len(saved.points) > 1) == ("finished", trained.accuracy, True)
    assert saved.points[-1] == trained.points[-1]
    assert kept_runs.bytes_kept() > 0
    ClassCommands(visitor.owner(), class_store()).forget_everything()
    record = ClassCommands("teacher-of-7b", class_store()).view(code)
    assert record is not None
    assert not record.runs
    assert not record.members


def test_file_of_handwriting_that_takes_too_long_is_given_up_and_the_page_says_so(
    browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnist_demo.ui.class_.handwriting.IMPORT_SECONDS", 0.0)
    monkeypatch.setattr("mnist_demo.jobs.errand.LOOK_SECONDS", 0.0)
    browser("the teacher")
    code = ClassCommands(visitor.owner(), class_store()).create("7b", {}).code
    page = open_class_page(code=code)
    page.file_uploader(key=keys.CLASS_IMPORT).upload("7b.json", b"[]", "application/json").run()
    page.button(key=keys.CLASS_ADD_FILE).click().run()
    assert "This takes too long here, and was ended" in texts(page)
