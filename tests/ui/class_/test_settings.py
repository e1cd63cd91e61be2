"""The settings that a teacher chooses for all, and the pages of her pupils, which obey them."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from mnist_demo.classes.commands import ClassCommands
from mnist_demo.classes.store import ClassStore
from mnist_demo.ui import visitor
from mnist_demo.ui.resources import class_store, job_registry, visitor_store
from tests.ui.actions import open_page, press_start, start_long_run, texts, the_job, train, wait_until_saved

pytestmark = pytest.mark.usefixtures("_own_server")


@pytest.fixture
def teacher() -> ClassCommands:
    return ClassCommands("teacher-of-7b", class_store())


def join(code: str, browser: Callable[[str], None]) -> None:
    browser("a pupil")
    ClassCommands(visitor.owner(), class_store()).join(code, "Mina")
    visitor_store().keep_values(visitor.owner(), "class", {"class-joined": code})


def open_class_page(page: AppTest) -> AppTest:
    page._page_hash = calc_hash("class")  # AppTest.switch_page knows files only
    return page.run()


def test_teacher_locks_and_hides_single_settings_and_changes_them_later(browser: Any) -> None:
    browser("the teacher")
    page = open_page(preset="small-network", epochs="3")
    open_class_page(page)
    page.text_input(key="class-name").set_value("7b")
    page.multiselect(key="class-locked").set_value(["epochs"])
    page.multiselect(key="class-hidden").set_value(["seed"])
    page.button(key="class-create").click().run()
    (record,) = ClassCommands(visitor.owner(), class_store()).taught()
    assert record.link == {"preset": "small-network", "epochs": "3", "locked": "epochs", "hide": "seed"}

    assert page.selectbox(key=f"class-settings{record.code}").value == "chosen"
    assert page.multiselect(key=f"class-locked{record.code}").value == ["epochs"]
    page.multiselect(key=f"class-locked{record.code}").set_value(["epochs", "learning-rate"])
    page.button(key="class-set-link").click().run()
    (record,) = ClassCommands(visitor.owner(), class_store()).taught()
    assert record.link["locked"] == "epochs,learning-rate"
    page.selectbox(key=f"class-settings{record.code}").set_value("locked")
    page.selectbox(key=f"class-language{record.code}").set_value("ko")
    page.button(key="class-set-link").click().run()
    (record,) = ClassCommands(visitor.owner(), class_store()).taught()
    assert (record.link["locked"], record.link["lang"], record.link["epochs"]) == ("1", "ko", "3")
    assert not page.exception


def test_pupils_begin_with_their_teachers_settings_or_do_not_see_them(browser: Any) -> None:
    browser("the teacher")
    teacher = ClassCommands(visitor.owner(), class_store())
    page = open_page(preset="small-network", epochs="3")
    open_class_page(page)
    page.text_input(key="class-name").set_value("7b")
    page.selectbox(key="class-settings").set_value("chosen")
    page.button(key="class-create").click().run()
    (record,) = teacher.taught()
    assert record.link == {"preset": "small-network", "epochs": "3"}
    join(record.code, browser)
    hers = open_page()
    assert (hers.number_input(key="epochs").value, hers.number_input(key="epochs").disabled) == (3, False)

    browser("the teacher")
    page.selectbox(key=f"class-settings{record.code}").set_value("hidden")
    page.button(key="class-set-link").click().run()
    (record,) = teacher.taught()
    assert record.link == {"preset": "small-network", "epochs": "3", "locked": "1", "hide": "settings"}
    assert page.selectbox(key=f"class-settings{record.code}").value == "hidden"
    browser("a pupil")
    hers = open_page(epochs="7")
    assert "epochs" not in [field.key for field in hers.number_input]
    assert "preset" not in [field.key for field in hers.selectbox]
    press_start(hers)
    assert the_job().hyperparameters.epochs == 3
    assert not page.exception


def test_pupil_has_what_is_locked_or_hidden_whatever_the_address_asks_for(browser: Any, teacher: ClassCommands) -> None:
    link = {"preset": "small-network", "epochs": "1", "locked": "epochs,learning-rate", "hide": "seed"}
    join(teacher.create("7b", link).code, browser)
    page = open_page(epochs="7", seed="5", locked="0", hide="", **{"batch-size": "50", "learning-rate": "3"})
    assert "The address asks for other settings than those of your class" in texts(page)
    assert "The teacher of your class has chosen for all: Learning rate, Epochs." in texts(page)
    assert (page.number_input(key="epochs").value, page.number_input(key="epochs").disabled) == (1, True)
    assert not page.number_input(key="batch-size").disabled
    assert "seed" not in [field.key for field in page.number_input]
    train(page)
    trained = the_job().hyperparameters
    assert (trained.epochs, trained.learning_rate, trained.seed, trained.batch_size) == (1, 0.001, 0, 50)
    page = open_page()  # a plain address asks for nothing
    assert "The address asks" not in texts(page)


def test_pupil_sees_the_preset_of_a_class_whose_settings_are_all_locked(browser: Any, teacher: ClassCommands) -> None:
    join(teacher.create("7b", {"preset": "small-network", "locked": "1"}).code, browser)
    page = open_page()
    assert (page.selectbox(key="preset").value, page.selectbox(key="preset").disabled) == ("small-network", True)


def test_pupil_trains_no_copy_of_a_run_with_other_settings(browser: Any, teacher: ClassCommands) -> None:
    browser("somebody else")
    job = start_long_run(open_page())
    job.wait_for(lambda: job.history.step_count > 20, 60)
    job.stop(30)
    wait_until_saved(job.id, "stopped")
    join(teacher.create("7b", {"preset": "tutorial-pytorch", "epochs": "1", "locked": "epochs"}).code, browser)
    page = open_page(run=job.id)
    assert page.number_input(key="epochs").value == 1
    page.button(key="pause-training").click().run()  # “Train a copy further”
    assert "The teacher of your class has chosen one value for all: Epochs." in texts(page)
    assert job_registry().jobs() == [job]


def test_page_of_a_pupil_follows_what_her_teacher_changes(browser: Any, teacher: ClassCommands) -> None:
    code = teacher.create("7b", {}).code
    join(code, browser)
    page = open_page(epochs="4")
    assert (page.number_input(key="epochs").value, page.number_input(key="epochs").disabled) == (4, False)
    teacher.set_link(code, {"preset": "tutorial-pytorch", "epochs": "1", "locked": "epochs"})
    page.run()
    assert (page.number_input(key="epochs").value, page.number_input(key="epochs").disabled) == (1, True)
    press_start(page)
    assert the_job().hyperparameters.epochs == 1
    ClassCommands(visitor.owner(), ClassStore()).leave(code, with_things=False)
    page.run()
    assert not page.number_input(key="epochs").disabled
