"""The diagnosis of a run that goes wrong, through AppTest."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mnist_demo.insight import diagnosis
from mnist_demo.ui.resources import job_registry
from mnist_demo.ui.train_and_draw import diagnosis as panel
from tests.ui.actions import open_page, start_long_run
from tests.waiting import wait_until


def the_job() -> Any:
    return job_registry().jobs()[-1]


def shows_remedy(page: AppTest) -> bool:
    return any(button.key == "start-remedy" for button in page.button)


def train_with(page: AppTest, learning_rate: float) -> Any:
    page.number_input(key="learning-rate").set_value(learning_rate)
    page.button(key="start-training").click().run()
    job = the_job()
    assert job.wait(60) == "finished"
    page.run()
    return job


def test_run_that_went_well_is_not_diagnosed(page: AppTest) -> None:
    train_with(page, 0.5)
    assert not shows_remedy(page)


def test_remedy_starts_the_run_with_the_change_and_fills_in_the_form(page: AppTest) -> None:
    slow = train_with(page, 1e-6)
    assert any("Learning rate far too small" in text.value for text in page.markdown)
    page.button(key="start-remedy").click().run()
    remedied = the_job()
    assert remedied is not slow
    assert remedied.hyperparameters == slow.hyperparameters.replace(learning_rate=0.5)
    assert page.number_input(key="learning-rate").value == 0.5
    assert page.selectbox(key="preset").value == "tutorial-pytorch"
    assert remedied.wait(60) == "finished"
    page.run()
    assert not shows_remedy(page)
    assert not page.exception


@pytest.mark.usefixtures("_own_server")
def test_remedy_that_a_shared_link_has_locked_is_advice_only() -> None:
    page = open_page(locked="learning-rate", **{"learning-rate": "0.000001"})
    page.button(key="start-training").click().run()
    assert the_job().wait(60) == "finished"
    page.run()
    assert any("Learning rate far too small" in text.value for text in page.markdown)
    assert not shows_remedy(page)


def test_what_was_found_stays_while_the_run_goes_on_and_is_judged_anew_at_its_end(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def finds(kind: str | None) -> None:
        found = diagnosis._build(kind, job.history, job.hyperparameters) if kind else None  # type: ignore[arg-type]
        monkeypatch.setattr(panel, "diagnose", lambda _history, _hyperparameters: found)
        page.run()

    page.number_input(key="batch-size").set_value(50)
    job = start_long_run(page)
    wait_until(lambda: len(job.history.epochs) > 1)
    finds(None)
    assert not shows_remedy(page)
    finds("overfitting")
    assert shows_remedy(page)
    finds(None)
    assert shows_remedy(page)
    job.stop()
    assert job.wait(60) == "stopped"
    finds(None)
    assert not shows_remedy(page)
