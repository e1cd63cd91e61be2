"""The page of saved runs, and what else of a run outlives the server, through AppTest."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from mnist_demo.errors import RunError
from mnist_demo.jobs.messages import Assignment
from mnist_demo.models.classifiers import MODELS
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.ui import kept_runs, visitor
from mnist_demo.ui.resources import job_registry, run_keeper, run_store
from tests import ROOT

pytestmark = pytest.mark.usefixtures("_own_server")


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let all pages from here on be opened by the browser that keeps that secret."""

    def use(name: str) -> None:
        monkeypatch.setattr(visitor, "_token", lambda: name)

    use("mine")
    return use


def open_page(**parameters: str) -> AppTest:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for name, value in parameters.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def open_runs(page: AppTest | None = None) -> AppTest:
    opened = page or open_page()
    opened._page_hash = calc_hash("runs")  # AppTest.switch_page knows files only
    opened.run()
    assert not opened.exception
    return opened


def train(page: AppTest, **settings: float) -> str:
    for name, value in settings.items():
        page.number_input(key=name.replace("_", "-")).set_value(value)
    page.button(key="start-training").click().run()
    job = job_registry().jobs()[-1]
    job.wait(60)
    wait_until_saved(job.id, job.state)
    page.run()
    return job.id


def wait_until_saved(run_id: str, state: str) -> None:
    deadline = time.monotonic() + 30
    while (found := run_store().find(run_id)) is None or found.state != state:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def restart_server() -> None:
    """Forget everything that the server has in memory, as a restart does."""
    job_registry().close()
    run_keeper().flush()
    st.cache_resource.clear()


def texts(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error]
    return "\n".join([part.value for part in parts] + [str(getattr(part, "value", "")) for part in page.get("html")])


def test_runs_of_a_new_visitor_are_none(browser: Any) -> None:
    assert "Nothing here yet" in texts(open_runs())


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
    assert page.button(key="pause-training").label == "Go on"
    page.button(key="pause-training").click().run()
    going = job_registry().get(job.id)
    assert going is not None
    assert going.wait_for(lambda: going.history.step_count > saved, 60)
    assert list(going.history.steps["step"][: saved + 1]) == list(range(1, saved + 2))


def test_run_of_somebody_else_is_seen_through_its_link_only_and_can_only_be_copied(browser: Any) -> None:
    run_id = train(open_page(), epochs=2)
    browser("a stranger")
    assert "Nothing here yet" in texts(open_runs())
    page = open_page(run=run_id)
    assert "a run of somebody else" in texts(page)
    page.button(key="reset-training").click().run()
    assert job_registry().get(run_id) is not None  # she does not look at it any more; the run is as it was

    for change in (lambda: kept_runs.rename(run_id, "taken"), lambda: kept_runs.delete(run_store().get(run_id))):
        with pytest.raises(RunError, match="belongs to somebody else"):
            change()
    assert run_store().get(run_id).name == ""


def test_somebody_else_goes_on_with_a_copy_of_a_stopped_run(browser: Any) -> None:
    page = open_page()
    page.number_input(key="epochs").set_value(1000)
    page.button(key="start-training").click().run()
    job = job_registry().jobs()[-1]
    job.wait_for(lambda: job.history.step_count > 20, 60)
    job.stop(30)
    wait_until_saved(job.id, "stopped")
    stopped_at = job.history.step_count
    browser("a stranger")
    other = open_page(run=job.id)
    other.button(key="pause-training").click().run()
    copy = job_registry().jobs()[-1]
    assert copy.id != job.id
    assert other.query_params["run"] == copy.id
    copy.pause(30)
    assert copy.history.steps["train_loss"][:stopped_at] == job.history.steps["train_loss"]
    assert job.history.step_count == stopped_at
    copy.stop(30)
    wait_until_saved(copy.id, "stopped")
    assert run_store().get(copy.id).owner != run_store().get(job.id).owner


def test_running_run_of_somebody_else_cannot_be_stopped(browser: Any) -> None:
    page = open_page()
    page.number_input(key="epochs").set_value(1000)
    page.button(key="start-training").click().run()
    job = job_registry().jobs()[-1]
    browser("a stranger")
    other = open_page(run=job.id)
    for button in ("pause-training", "step-training", "stop-training"):
        assert other.button(key=button).disabled
    other.button(key="start-training").click().run()  # her own run, instead of the one she looked at
    assert not job.has_ended


def test_run_is_named_found_deleted_and_brought_back(browser: Any) -> None:
    page = open_page()
    ids = [train(page, epochs=1, seed=seed) for seed in range(4)]
    page = open_runs(page)
    page.button(key=f"rename-run-{ids[0]}").click().run()
    page.text_input(key="run-name").set_value("../../the <b>first</b>")
    page.button(key="save-name").click().run()
    assert run_store().get(ids[0]).name == "../../the <b>first</b>"
    assert "../../the &lt;b&gt;first&lt;/b&gt;" in texts(page)

    page.text_input(key="search-runs").set_value("first").run()
    assert [button.key for button in page.button if (button.key or "").startswith("open-run")] == [f"open-run-{ids[0]}"]
    page.button(key=f"delete-run-{ids[0]}").click().run()
    assert run_store().find(ids[0]) is None
    assert "can be brought back for a day" in texts(page)
    page.button(key="undo-delete").click().run()
    assert run_store().get(ids[0]).name == "../../the <b>first</b>"
    assert "can be brought back" not in texts(page)


def test_saved_run_is_exported_in_a_format_that_is_chosen(browser: Any) -> None:
    run_id = train(open_page(), epochs=1)
    restart_server()
    page = open_runs()
    page.button(key=f"export-run-{run_id}").click().run()
    page.radio(key="run-format").set_value("history-csv").run()
    assert not page.exception
    assert not page.error
    assert page.get("download_button")


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
    monkeypatch.setitem(MODELS, "linear", MODELS["mlp"])
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


def test_home_that_cannot_be_written_is_said_and_the_run_goes_on(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("not a folder")
    page = open_page()
    page.number_input(key="epochs").set_value(1)
    page.button(key="start-training").click().run()
    job = job_registry().jobs()[-1]
    assert job.wait(60) == "finished"
    deadline = time.monotonic() + 30
    while not run_keeper().problem(job.id):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    page.run()
    assert any("cannot be saved in" in warning.value for warning in page.warning)
    (tmp_path / "runs").unlink()
    page.button(key="try-saving").click().run()
    wait_until_saved(job.id, "finished")


def test_link_shares_the_settings_as_they_stand_in_the_form(browser: Any) -> None:
    page = open_page()
    page.number_input(key="epochs").set_value(9)
    page.button(key="share-settings").click().run()
    link = page.code[-1].value
    assert "preset=tutorial-pytorch&epochs=9" in link
    page.toggle(key="share-locked").set_value(True).run()
    assert "locked=1" in page.code[-1].value


def test_locked_link_opens_the_page_with_its_settings_locked_also_on_the_next_page(browser: Any) -> None:
    page = open_page(preset="small-network", epochs="3", locked="1")
    assert page.number_input(key="epochs").value == 3
    assert page.number_input(key="epochs").disabled
    assert page.selectbox(key="preset").disabled
    assert not page.button(key="start-training").disabled
    page = open_runs(page)
    assert page.query_params["locked"] == "1"
    assert page.query_params["epochs"] == "3"
    assert page.number_input(key="epochs").disabled


def test_link_that_hides_the_settings_starts_with_them(browser: Any) -> None:
    page = open_page(preset="small-network", epochs="1", hide="settings")
    assert not page.selectbox
    assert [field.key for field in page.number_input] == []
    page.button(key="start-training").click().run()
    assert job_registry().jobs()[-1].hyperparameters.epochs == 1
    assert job_registry().jobs()[-1].hyperparameters.model == "mlp"
