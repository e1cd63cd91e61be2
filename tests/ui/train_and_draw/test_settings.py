"""The form of settings: presets, bounds, Start."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.presets import PRESETS
from mnist_demo.ui import keys
from mnist_demo.ui.form import state as form_state
from mnist_demo.ui.resources import job_registry
from mnist_demo.ui.train_and_draw import settings
from tests.ui.actions import press_start, texts, the_job

pytestmark = pytest.mark.usefixtures("_own_server")


def test_page_opens_with_the_tutorial_preset_and_nothing_running(page: AppTest) -> None:
    assert page.selectbox(key="preset").value == "tutorial-pytorch"
    assert page.selectbox(key="model").value == "linear"
    assert page.selectbox(key="optimizer").value == "sgd"
    assert page.number_input(key="learning-rate").value == 0.5
    assert page.number_input(key="batch-size").value == 100
    assert page.number_input(key="epochs").value == 5
    assert page.number_input(key="seed").value == 0
    assert page.toggle(key="shuffle").value is False
    assert job_registry().jobs() == []
    assert not page.error


def test_wrong_setting_is_said_once_while_the_settings_are_shared(page: AppTest) -> None:
    page.number_input(key="learning-rate").set_value(None)
    page.button(key="share-settings").click().run()
    assert len(page.error) == 1  # why there is no link
    press_start(page)
    assert len(page.error) == 1


def test_start_trains_with_the_settings_of_the_form(page: AppTest) -> None:
    page.selectbox(key="model").select("mlp")
    page.text_input(key="hidden-sizes").set_value("32, 16")
    page.number_input(key="learning-rate").set_value(0.25)
    page.number_input(key="training-size").set_value(500)
    press_start(page)
    hyperparameters = the_job().hyperparameters
    assert (hyperparameters.model, hyperparameters.hidden_sizes, hyperparameters.learning_rate) == (
        "mlp",
        (32, 16),
        0.25,
    )
    assert hyperparameters.training_size == 500
    assert the_job().wait(60) == "finished"


def test_changed_settings_start_nothing_until_start_is_pressed(page: AppTest) -> None:
    page.number_input(key="epochs").set_value(7).run()
    page.selectbox(key="preset").select("small-network").run()
    assert job_registry().jobs() == []


def test_preset_is_empty_once_a_value_of_it_is_changed_and_there_again_with_its_values(page: AppTest) -> None:
    for learning_rate, preset in ((50.0, None), (0.5, "tutorial-pytorch")):
        page.number_input(key="learning-rate").set_value(learning_rate)
        page.button(key="share-settings").click().run()  # the form is sent
        assert page.selectbox(key="preset").value == preset
    page.number_input(key="epochs").set_value(1)
    press_start(page)
    assert page.selectbox(key="preset").value is None
    assert "Your own settings, or those of the run on this page." in texts(page)
    assert the_job().wait(60) == "finished"


def test_preset_of_a_browser_that_has_not_heard_that_it_has_left_the_form_fills_in_nothing(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.number_input(key="learning-rate").set_value(50.0)
    page.button(key="share-settings").click().run()
    page.selectbox(key="preset").select("tutorial-pytorch").run()
    assert (page.selectbox(key="preset").value, page.number_input(key="learning-rate").value) == (None, 50)
    monkeypatch.setattr(form_state, "DELIVERY_SECONDS", 0.0)
    page.selectbox(key="preset").select("tutorial-pytorch").run()
    assert (page.selectbox(key="preset").value, page.number_input(key="learning-rate").value) == (
        "tutorial-pytorch",
        0.5,
    )


def test_choosing_a_preset_fills_in_the_form(page: AppTest) -> None:
    page.selectbox(key="preset").select("convnet-in-seconds").run()
    assert page.selectbox(key="model").value == "convnet"
    assert page.selectbox(key="optimizer").value == "adamw"
    assert page.toggle(key="one-cycle").value is True
    page.selectbox(key="preset").select("tutorial-scratch").run()
    assert page.selectbox(key="model").value == "scratch-linear"
    assert page.toggle(key="one-cycle").value is False


def test_preset_is_filled_in_also_when_the_run_of_the_script_is_cut_short(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as cut_short:
        cut_short.setattr(settings, "_render_preset", lambda _link: st.stop())
        page.selectbox(key="preset").select("small-network").run()
    page.session_state["learning-rate"] = 0.5  # what the browser still has
    page.run()
    assert page.number_input(key="learning-rate").value == 0.001
    page.session_state["learning-rate"] = 0.25  # from then on, what the visitor types holds
    page.run()
    assert page.number_input(key="learning-rate").value == 0.25


def test_preset_is_filled_in_once_more_where_the_page_has_itself_drawn_anew(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw_anew_once() -> None:
        answers = iter([["a drawing that is gone when it is looked for again"]])
        monkeypatch.setattr("mnist_demo.ui.train_and_draw.page.my_drawings", lambda: next(answers, []))
        page.run()

    before = {key: page.session_state[key] for key in map(keys.widget_key, FIELDS)}
    page.selectbox(key="preset").select("small-network").run()
    for key, value in before.items():
        page.session_state[key] = value  # what a browser still has that never got the new ones
    draw_anew_once()
    assert page.number_input(key="learning-rate").value == 0.001
    page.session_state["epochs"] = 30  # what the visitor has typed meanwhile holds
    draw_anew_once()
    assert page.number_input(key="epochs").value == 30


def test_start_pressed_before_the_browser_has_got_the_preset_trains_with_the_preset(page: AppTest) -> None:
    before = {key: page.session_state[key] for key in map(keys.widget_key, FIELDS)}
    page.selectbox(key="preset").select("small-network").run()
    for key, value in before.items():
        page.session_state[key] = value
    press_start(page)
    assert the_job().hyperparameters == PRESETS["small-network"].hyperparameters
    assert page.selectbox(key="preset").value == "small-network"


def test_start_with_a_setting_out_of_bounds_says_so_and_starts_nothing(page: AppTest) -> None:
    for key, value, sentence in (
        ("learning-rate", -1.0, "Learning rate must be a number from"),
        ("learning-rate", 0.0, "Learning rate must be a number from"),
        ("learning-rate", 1e31, "Learning rate must be a number from"),
        ("batch-size", 20_000, "Batch size must be a whole number from 1 to 10,000, but is “20000”."),
        ("batch-size", 0, "Batch size must be a whole number from 1 to 10,000, but is “0”."),
        ("epochs", 5000, "Epochs must be a whole number from 1 to 1,000, but is “5000”."),
        ("epochs", -1, "Epochs must be a whole number from 1 to 1,000, but is “-1”."),
        ("training-size", 5000, "has 1,437 training images"),
        ("validation-size", 1437, "has 1,437 training images"),
        ("batch-size", 2.5, "Batch size must be a whole number from 1 to 10,000, but is “2.5”."),
        ("epochs", 1e20, "Epochs must be a whole number from 1 to 1,000, but is “1e+20”."),
        ("momentum", None, "Momentum must be a number from 0 to 0.999, but is empty."),
    ):
        before = page.number_input(key=key).value
        page.number_input(key=key).set_value(value)
        press_start(page)
        assert len(page.error) == 1
        assert sentence in page.error[0].value
        assert job_registry().jobs() == []
        assert not page.exception
        page.number_input(key=key).set_value(before)
    page.text_input(key="hidden-sizes").set_value("many")
    press_start(page)
    assert "1 to 5 whole numbers from 1 to 2,048" in page.error[0].value
