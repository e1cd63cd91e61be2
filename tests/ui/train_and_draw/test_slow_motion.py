"""Slow motion on the page, through AppTest."""

from typing import Any

from streamlit.testing.v1 import AppTest

from tests import ROOT
from tests.ui.actions import press_start, the_job
from tests.waiting import wait_until


def start_and_see_a_step(page: AppTest, model: str = "linear") -> Any:
    page.selectbox(key="model").select(model)
    page.number_input(key="batch-size").set_value(1)
    page.number_input(key="epochs").set_value(1000)
    press_start(page)
    job = the_job()
    wait_until(lambda: job.history.step_count > 0)
    return job


def documents_of(page: AppTest) -> str:
    return "".join(str(getattr(text, "value", "")) for text in page.get("html"))


def test_speed_chosen_on_the_page_slows_the_run_and_lays_its_steps_open(page: AppTest) -> None:
    job = start_and_see_a_step(page)
    assert not page.header
    page.selectbox(key=f"speed-of-{job.id}").select(2).run()
    assert job.speed == 2
    wait_until(lambda: job.step_detail is not None)
    before = job.step_detail.step
    page.run()
    possible = [f"Step {step:,} in detail" for step in range(before, job.step_detail.step + 1)]
    assert [text.value for text in page.header if text.value in possible]
    assert "Gradient, the way the loss rises" in documents_of(page)
    assert "−\N{THIN SPACE}η\N{THIN SPACE}∂L/∂W" in documents_of(page)
    page.selectbox(key=f"speed-of-{job.id}").select(0).run()
    assert job.speed is None
    assert not page.exception


def test_paused_run_invites_to_step_and_shows_the_step(page: AppTest) -> None:
    job = start_and_see_a_step(page, "mlp")
    page.button(key="pause-training").click().run()
    wait_until(lambda: job.state == "paused")
    page.run()
    assert any("Press **Step**" in caption.value for caption in page.caption)
    page.button(key="step-training").click().run()
    page.run()
    assert f"Step {job.history.step_count:,} in detail" in [text.value for text in page.header]
    assert documents_of(page).count('<th scope="row">Linear') == 4
    assert not page.exception


def test_reload_finds_the_run_at_the_speed_it_was_given(browser: Any, page: AppTest) -> None:
    job = start_and_see_a_step(page)
    page.selectbox(key=f"speed-of-{job.id}").select(5).run()
    again = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    again.query_params["run"] = job.id
    again.run()
    assert again.selectbox(key=f"speed-of-{job.id}").value == 5
