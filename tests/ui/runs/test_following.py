"""A run that another page server trains, which has the same folder: seen here as it goes on, and left alone."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from mnist_demo.data.builtin_digits import load_builtin
from mnist_demo.errors import RunError
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.saved_runs import following
from mnist_demo.saved_runs import keeper as keeping
from mnist_demo.saved_runs.commands import RunCommands
from mnist_demo.saved_runs.folders import CLAIM_PREFIX
from mnist_demo.saved_runs.keeper import RunKeeper
from mnist_demo.saved_runs.store import RunStore
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.ui import visitor
from mnist_demo.ui.class_.runs import find_run
from mnist_demo.ui.ownership import owns, run_commands
from mnist_demo.ui.resources import job_registry
from tests.ui.actions import document_of, open_page, open_runs, texts
from tests.waiting import Clock, wait_until

pytestmark = pytest.mark.usefixtures("_own_server")


@pytest.fixture
def elsewhere(browser: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Job]:
    """A run of this visitor that another server trains; it has a saved point whenever it is paused."""
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.0)
    # Where the libraries that write the first saved point are loaded for it, the next comes half a minute later.
    monkeypatch.setattr(keeping, "COMPUTING_SHARE", 0.0)
    keeper = RunKeeper(RunStore())
    registry = JobRegistry(slots=1, on_saved_point=keeper.note)
    settings = Hyperparameters(batch_size=10, epochs=1000, learning_rate=0.01)
    job = RunCommands(visitor.owner(), registry, keeper).start(
        "run-elsewhere", Assignment(settings, load_builtin()), ""
    )
    save(job, keeper)
    yield job
    registry.close()
    keeper.flush()


def save(job: Job, keeper: RunKeeper | None = None, steps: int = 20) -> int:
    """Have the run do some steps and be saved; return how many it has done then."""
    done = job.history.step_count
    job.resume()
    assert job.wait_for(lambda: job.history.step_count >= done + steps, 60)
    job.pause(30)
    if keeper is not None:
        keeper.flush()
    wait_until(lambda: (found := RunStore().find(job.id)) is not None and found.step == job.history.step_count)
    return job.history.step_count


def shown_step(page: Any) -> str:
    return next(str(part.text) for part in page.get("progress") if "step" in part.text)


def test_page_follows_a_run_of_another_server_to_its_end_and_can_then_go_on_with_it(elsewhere: Job) -> None:
    page = open_page(run=elsewhere.id)
    assert "Another server trains this run." in texts(page)
    assert f"step {elsewhere.history.step_count}" in shown_step(page)
    assert not {"pause-training", "stop-training"} & {button.key for button in page.button}
    done = save(elsewhere)
    page.run()
    assert f"step {done} of" in shown_step(page).replace(",", "")
    seen = find_run(elsewhere.id)
    assert seen is not None
    assert (seen.state, seen.steps_done) == ("running", done)
    elsewhere.resume()
    elsewhere.stop(30)
    wait_until(lambda: not RunStore().is_trained_now(elsewhere.id))
    page.run()
    assert "Another server" not in texts(page)
    here = job_registry().get(elsewhere.id)
    assert here is not None
    assert (here.state, here.history.step_count) == ("stopped", elsewhere.history.step_count)
    page.button(key="pause-training").click().run()  # “Train further”
    going_on = job_registry().get(elsewhere.id)
    assert going_on is not None
    assert going_on.wait_for(lambda: going_on.history.step_count > elsewhere.history.step_count, 60)


def test_run_of_another_server_takes_no_commands_and_is_not_started_twice(elsewhere: Job) -> None:
    page = open_page(run=elsewhere.id)
    assert owns(elsewhere.id)
    for command in (run_commands().pause, run_commands().resume, run_commands().stop):
        with pytest.raises(RunError, match="Another server trains this run"):
            command(elsewhere.id)
    here = job_registry().get(elsewhere.id)
    assert here is not None
    with pytest.raises(RunError, match="Another process is training this run"):
        run_commands().start(elsewhere.id, Assignment(here.hyperparameters, here.dataset), "")
    assert "running" in document_of(open_runs(), "run-card")
    page.button(key="reset-training").click().run()
    assert job_registry().get(elsewhere.id) is None
    assert elsewhere.state == "paused"


@pytest.mark.parametrize("years", [0, 1, -1], ids=["", "clock set forward", "clock set back"])
def test_run_whose_visitor_has_come_to_another_server_is_kept_while_she_looks_at_it(
    browser: Any, monkeypatch: pytest.MonkeyPatch, years: int
) -> None:
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.0)
    clock = Clock()
    keeper = RunKeeper(RunStore(), clock)
    registry = JobRegistry(
        slots=1,
        is_watcher_alive=lambda session: False,
        lease_seconds=1000.0,
        reap_seconds=1000.0,  # when this test says so
        on_saved_point=keeper.note,
        is_followed=keeper.is_followed,
        clock=clock,
    )
    settings = Hyperparameters(batch_size=10, epochs=1000, learning_rate=0.01)
    commands = RunCommands(visitor.owner(), registry, keeper)
    job = commands.start("run-followed", Assignment(settings, load_builtin()), "her session there, which has ended")
    save(job, keeper)
    try:
        open_page(run=job.id)  # here
        set_to = time.time() + years * 365 * 24 * 60 * 60
        monkeypatch.setattr(time, "time", lambda: set_to)
        for moment in (2000.0, 2999.0):
            clock.now = moment
            registry.reap()
            assert registry.get(job.id) is job
        clock.now = 3000.0
        registry.reap()
        assert registry.get(job.id) is None
    finally:
        registry.close()
        keeper.flush()


def test_run_whose_server_dies_is_seen_as_stopped_at_its_last_saved_point(elsewhere: Job) -> None:
    page = open_page(run=elsewhere.id)
    (RunStore().folder / f"{CLAIM_PREFIX}{elsewhere.id}").unlink()  # what is left of it when its process has died
    page.run()
    assert "The server went down while this run was training." in texts(page)
