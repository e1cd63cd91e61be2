"""The page through Streamlit's AppTest: quick, without a browser."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mnist_demo.ui.resources import job_registry
from mnist_demo.ui.state import MAX_EARLIER_RUNS
from tests import ROOT
from tests.ui.actions import (
    document_of,
    open_page,
    press_start,
    start_long_run,
    texts,
    the_job,
)

pytestmark = pytest.mark.usefixtures("_own_server")


def test_a_refused_start_leaves_the_run_before_untouched(page: AppTest) -> None:
    job = start_long_run(page)
    page.number_input(key="epochs").set_value(0)
    press_start(page)
    assert the_job() is job
    assert not job.has_ended


def test_a_new_start_shows_the_new_run_and_stops_the_one_before(page: AppTest) -> None:
    first = start_long_run(page)
    press_start(page)
    assert the_job() is first  # a second click on the button
    page.number_input(key="seed").set_value(1)
    press_start(page)
    assert the_job() is not first
    assert page.query_params["run"] in (the_job().id, [the_job().id])
    assert first.wait(60) == "stopped"


def test_earlier_runs_are_kept_up_to_a_number(page: AppTest) -> None:
    page.number_input(key="epochs").set_value(1)
    for _run in range(MAX_EARLIER_RUNS + 3):
        press_start(page)
        assert the_job().wait(60) == "finished"
    assert len(job_registry().jobs()) == MAX_EARLIER_RUNS + 1


@pytest.mark.usefixtures("_own_server")
def test_first_run_is_slow_enough_to_be_watched_and_the_next_goes_at_full_speed() -> None:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert page.selectbox(key="start-speed").value == "rising"
    assert page.button(key="start-training").label == "Train my first model, about 4 s"  # 75 steps, 20 a second
    page.button(key="start-training").click().run()
    job = job_registry().jobs()[-1]
    assert job.speed == "rising"
    assert page.selectbox(key="start-speed").value == "full"
    assert job.wait(60) == "finished"
    assert len(job.history.measured_points("test_accuracy")) >= 10


@pytest.mark.usefixtures("_own_server")
def test_link_to_a_speed_that_is_none_says_so() -> None:
    page = open_page(speed="warp")
    assert any("the speed “warp”" in str(getattr(notice, "value", "")) for notice in [*page.warning, *page.info])
    assert page.selectbox(key="start-speed").value == "rising"


def test_a_session_that_opens_the_address_of_a_run_sees_it(page: AppTest) -> None:
    page.number_input(key="learning-rate").set_value(0.125)
    press_start(page)
    job = the_job()
    job.wait(60)
    again = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    again.query_params["run"] = job.id
    again.run()
    assert not again.exception
    assert again.number_input(key="learning-rate").value == 0.125
    assert re.search(r"<dt>Test accuracy</dt><dd>\d+\.\d\d %</dd>", document_of(again, "run-figures"))


def test_from_scratch_run_explains_its_log_softmax_with_the_code_that_runs(page: AppTest) -> None:
    page.selectbox(key="preset").select("tutorial-scratch").run()
    press_start(page)
    assert the_job().wait(60) == "finished"
    assert "shifted = logits - logits.detach().amax" in page.code[0].value
    assert any("$e^{89}$" in text.value for text in page.markdown)


def test_text_that_somebody_typed_is_not_read_as_markdown(page: AppTest) -> None:
    page.text_input(key="hidden-sizes").set_value("![x](http://localhost/a.png)")
    press_start(page)
    assert "!\\[x\\]" in page.error[0].value


def test_address_with_settings_is_what_the_large_button_starts() -> None:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.query_params["learning-rate"] = "0.125"
    page.run()
    assert page.selectbox(key="preset").value is None
    page.button(key="start-training").click().run()
    assert the_job().hyperparameters.learning_rate == 0.125


def test_reload_of_a_run_shows_the_preset_that_it_was_started_with(page: AppTest) -> None:
    page.selectbox(key="preset").select("small-network").run()
    press_start(page)
    again = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    again.query_params["run"] = the_job().id
    again.run()
    assert again.selectbox(key="preset").value == "small-network"


def test_address_with_settings_out_of_bounds_takes_the_nearest_and_says_so() -> None:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.query_params["learning-rate"] = "-5"
    page.query_params["seed"] = "12"
    page.query_params["preset"] = "magic"
    page.run()
    assert page.number_input(key="learning-rate").value == 1e-9
    assert page.number_input(key="seed").value == 12
    said = " ".join(warning.value for warning in page.warning)
    assert "“-5”" in said
    assert "“magic”" in said


def test_address_sets_settings_and_says_which_cannot_be_used_and_that_its_run_is_gone() -> None:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for name, value in {"learning-rate": "0.125", "epochs": "many", "model": "mlp", "run": "nobody-knows"}.items():
        page.query_params[name] = value
    page.run()
    assert page.number_input(key="learning-rate").value == 0.125
    assert page.selectbox(key="model").value == "mlp"
    assert page.number_input(key="epochs").value == 5
    said = texts(page)
    assert "Epochs: the address says “many”, which cannot be used" in said
    assert "The run in this address is no longer kept" in said
    assert job_registry().jobs() == []


def test_data_folder_that_is_missing_is_named_and_the_builtin_digits_stand_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MNIST_DEMO_DATA", str(tmp_path / "nowhere"))
    page = open_page()
    press_start(page)
    assert the_job().wait(60) == "finished"
    # It goes on being said: the next click must not hide that these are not the digits that were asked for.
    (said,) = [caption.value for caption in page.caption if "Built-in digits" in caption.value]
    assert "used instead of yours" in said
    assert "nowhere" in said
