"""Runs that outlive the server, and runs that cannot be opened whole."""

import dataclasses
from typing import Any

import pytest
from streamlit.util import calc_hash

from mnist_demo.jobs.messages import Assignment
from mnist_demo.settings.architectures import ARCHITECTURES
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.ui.resources import job_registry, run_keeper, run_store
from tests.ui.actions import (
    open_page,
    open_runs,
    restart_server,
    texts,
    train,
)

pytestmark = pytest.mark.usefixtures("_own_server")


def test_run_is_listed_opened_after_a_restart_and_trained_further(browser: Any) -> None:
    run_id = train(open_page(), epochs=2, seed=7)
    before = job_registry().get(run_id)
    assert before is not None
    restart_server()

    page = open_runs()
    assert "Linear, with PyTorch" in texts(page)
    page.button(key=f"open-run-{run_id}").click().run()
    assert not page.exception
    job = job_registry().get(run_id)
    assert job is not None
    assert (job.state, job.history.steps) == ("finished", before.history.steps)
    assert page.number_input(key="seed").value == 7
    assert page.query_params["run"] == run_id

    page = open_runs(page)
    page.button(key=f"continue-run-{run_id}").click().run()
    page.number_input(key="more-epochs").set_value(1)
    page.button(key="start-more").click().run()
    assert not page.exception
    longer = job_registry().get(run_id)
    assert longer is not None
    assert longer.wait(60) == "finished"
    assert longer.hyperparameters.epochs == 3
    assert [epoch.epoch for epoch in longer.history.epochs] == [1, 2, 3]

    straight = job_registry().start(Assignment(Hyperparameters(epochs=3, seed=7, shuffle=False), longer.dataset))
    assert straight.wait(60) == "finished"
    assert straight.history.steps["train_loss"] == longer.history.steps["train_loss"]


def test_run_that_trained_when_the_server_went_down_is_stopped_at_its_last_saved_point(browser: Any) -> None:
    page = open_page()
    page.number_input(key="epochs").set_value(1000)
    page.number_input(key="batch-size").set_value(10)
    page.button(key="start-training").click().run()
    job = job_registry().jobs()[-1]
    job.wait_for(lambda: job.history.step_count > 20, 60)
    job.pause(30)
    saved = job.history.step_count
    assert run_keeper().flush()
    assert run_store().get(job.id).step == saved
    # The server dies: nobody tells the keeper that the run has ended.
    run_keeper().release(job.id)
    job._on_saved_point = lambda job: None
    restart_server()

    page = open_page(run=job.id)
    again = job_registry().get(job.id)
    assert again is not None
    assert (again.state, again.history.step_count) == ("stopped", saved)
    assert f"stopped at its last saved point, after step {saved:,}" in texts(page)
    assert page.button(key="pause-training").label == "Train further"
    page.button(key="pause-training").click().run()
    going = job_registry().get(job.id)
    assert going is not None
    assert going.wait_for(lambda: going.history.step_count > saved, 60)
    assert list(going.history.steps["step"][: saved + 1]) == list(range(1, saved + 2))


def test_damaged_run_in_an_address_gives_one_sentence(browser: Any) -> None:
    run_id = train(open_page(), epochs=1)
    restart_server()
    path = run_store().folder / run_id / "history.csv"
    path.write_bytes(path.read_bytes()[:-1] + b"9")
    page = open_page(run=run_id)
    assert any("is damaged and cannot be opened" in warning.value for warning in page.warning)


def test_run_whose_model_has_another_shape_today_opens_with_its_charts_and_says_so(
    browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = train(open_page(), epochs=1)
    restart_server()
    monkeypatch.setitem(ARCHITECTURES, "linear", dataclasses.replace(ARCHITECTURES["mlp"], name="linear"))
    page = open_page(run=run_id)
    assert any("an earlier version of this program saved it" in warning.value for warning in page.warning)
    assert "Test accuracy" in texts(page)
    assert "Read by your run" not in texts(page)
    page._page_hash = calc_hash("look-inside")
    page.run()
    assert not page.exception
    assert any("Inside the starter model" in header.value for header in [*page.header, *page.subheader, *page.title])
    page = open_runs(page)
    page.button(key=f"continue-run-{run_id}").click().run()
    page.button(key="start-more").click().run()
    assert not page.exception
    assert any("cannot be used any more" in warning.value for warning in page.warning)
    assert run_store().get(run_id).state == "finished"
