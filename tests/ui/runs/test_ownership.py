"""Runs of somebody else: seen through their link, and copied."""

import ast
import re
from typing import Any

import pytest

from mnist_demo.jobs.job import Job
from mnist_demo.jobs.observed_run import ObservedRun
from mnist_demo.ui.resources import job_registry, run_store
from tests import ROOT
from tests.ui.actions import (
    open_page,
    open_runs,
    start_long_run,
    texts,
    train,
    wait_until_saved,
)

pytestmark = pytest.mark.usefixtures("_own_server")


def test_run_of_somebody_else_is_seen_through_its_link_only_and_can_only_be_copied(browser: Any) -> None:
    run_id = train(open_page(), epochs=2)
    run_store().rename(run_id, "a *fine* run")
    browser("a stranger")
    assert "No runs yet" in texts(open_runs())
    page = open_page(run=run_id)
    assert "You are watching someone else’s run, “a \\*fine\\* run”" in texts(page)
    assert "copy" not in texts(page)  # it is through: there is nothing to go on with
    assert "pause-training" not in [button.key for button in page.button]
    page.button(key="reset-training").click().run()
    assert job_registry().get(run_id) is not None  # she does not look at it any more; the run is as it was


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
    assert "**Train a copy further** makes a copy of your own" in texts(other)
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
    assert not {"pause-training", "step-training", "stop-training"} & {button.key for button in other.button}
    assert f"speed-of-{job.id}" not in [box.key for box in other.selectbox]
    assert "copy" not in texts(other)
    other.button(key="start-training").click().run()  # her own run, instead of the one she looked at
    assert not job.has_ended


def test_run_of_one_visitor_obeys_both_of_her_tabs(browser: Any) -> None:
    here = open_page()
    job = start_long_run(here)
    there = open_page(run=job.id)
    there.button(key="pause-training").click().run()
    assert job.wait_for(lambda: job.state == "paused", 30)
    here.run()
    here.button(key="pause-training").click().run()  # it says “Resume” now
    assert job.wait_for(lambda: job.state == "running", 30)
    there.run()
    there.button(key="stop-training").click().run()
    assert job.wait(30) == "stopped"
    here.button(key="stop-training").click().run()  # still there, as this tab has not been drawn since
    assert job.state == "stopped"
    for page in (here.run(), there.run()):
        assert "stopped" in texts(page)
        assert not page.exception
        assert not page.error


def test_page_sends_no_command_to_a_run_past_the_check_of_its_owner() -> None:
    commands = {name for name in vars(Job) if not name.startswith("_")} - {*vars(ObservedRun), "ended", "pid"}
    assert commands >= {"pause", "resume", "step", "set_speed", "stop"}
    runs = re.compile(r"(job|other|run|forgotten|current_job\(\)|job_registry\(\)\.get\(.*\))$")
    stores = {
        "job_registry()": {"start", "forget", "close"},
        "run_store()": {"rename", "delete", "undelete", "destroy"},
    }
    found = []
    for path in (ROOT / "mnist_demo" / "ui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                source = ast.unparse(node.value)
                if (node.attr in commands and runs.search(source)) or node.attr in stores.get(source, ()):
                    found.append(f"{path.name}: {ast.unparse(node)}")
    assert found == []
