"""The queue: runs that may compute now, that wait, and that nobody looks at any more."""

import contextlib
import dataclasses
import os
import signal
import time
from collections.abc import Iterator

import pytest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import HyperparameterError, JobError
from mnist_demo.jobs import room
from mnist_demo.jobs.job import STOP_SECONDS, Job
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.observed_run import JobSnapshot
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.jobs.room import MAX_JOBS
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.history import History
from tests.jobs.test_job import exists, started
from tests.waiting import PATIENCE, Clock, wait_until


@pytest.fixture
def one_core() -> Iterator[JobRegistry]:
    """A registry that lets one job compute at a time."""
    registry = JobRegistry(slots=1)
    yield registry
    registry.close()


def test_jobs_beyond_the_free_cores_wait_in_their_order(
    one_core: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    first, second, third = (one_core.start(Assignment(endless, builtin)) for _ in range(3))
    assert (first.state, second.state, third.state) == ("running", "queued", "queued")
    assert (len(one_core.jobs_before(second)), len(one_core.jobs_before(third))) == (0, 1)
    first.stop(PATIENCE)
    wait_until(lambda: second.state == "running")
    assert third.state == "queued"


def test_first_figures_are_waited_for_while_a_run_starts_but_not_while_it_queues(
    one_core: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    running, queued = one_core.start(Assignment(endless, builtin)), one_core.start(Assignment(endless, builtin))
    running.wait_for_first_metrics(PATIENCE)
    assert running.history.started is not None
    began = time.monotonic()
    queued.wait_for_first_metrics(PATIENCE)
    assert time.monotonic() - began < PATIENCE
    assert queued.state == "queued"


def test_queued_job_is_stopped_without_ever_having_run(
    one_core: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    one_core.start(Assignment(endless, builtin))
    waiting = one_core.start(Assignment(endless, builtin))
    waiting.stop()
    assert waiting.state == "stopped"
    assert waiting.history.step_count == 0


def test_paused_job_gives_its_core_to_the_next_and_waits_when_resumed(
    one_core: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    first = started(one_core, endless, builtin)
    second = one_core.start(Assignment(endless, builtin))
    first.pause()
    wait_until(lambda: second.state == "running")
    first.resume()
    assert first.state == "queued"
    second.stop(PATIENCE)
    wait_until(lambda: first.state == "running")


def test_visitor_with_one_run_waits_for_none_of_the_many_of_another(
    endless: Hyperparameters, builtin: DigitDataset
) -> None:
    registry = JobRegistry(slots=2)
    try:
        many = [registry.start(Assignment(endless, builtin), visitor="many") for _run in range(4)]
        assert [job.state for job in many] == ["running", "running", "queued", "queued"]
        wait_until(lambda: many[1].history.step_count > 0)
        one = registry.start(Assignment(endless, builtin), visitor="one")
        assert len(registry.jobs_before(one)) == 0
        wait_until(lambda: one.state == "running")
        assert [job.state for job in many] == ["running", "queued", "queued", "queued"]
        assert [len(registry.jobs_before(job)) for job in many[1:]] == [0, 1, 2]
        # With one run each, nobody gives way: the second one of "one" comes after the next of "many".
        more = registry.start(Assignment(endless, builtin), visitor="one")
        third = registry.start(Assignment(endless, builtin), visitor="third")
        assert (len(registry.jobs_before(third)), len(registry.jobs_before(more))) == (0, 2)
        given_up = many[1].history.step_count
        third.stop()
        one.stop(PATIENCE)
        # Of two who have none that computes, whoever came first; the run that gave way goes on where it was.
        wait_until(lambda: more.state == "running")
        many[0].stop(PATIENCE)
        wait_until(lambda: many[1].history.step_count > given_up)
    finally:
        registry.close()


def test_more_runs_than_a_server_keeps_are_refused_together(
    one_core: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    one_core.start(Assignment(endless, builtin))
    one_core.require_room(MAX_JOBS - 1)
    with pytest.raises(JobError, match=f"{MAX_JOBS} more are too many now"):
        one_core.require_room(MAX_JOBS)


def test_ended_runs_make_room_on_a_full_server_if_they_are_saved(
    monkeypatch: pytest.MonkeyPatch, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    monkeypatch.setattr(room, "MAX_ENDED", 3)
    monkeypatch.setattr(room, "MAX_JOBS", 1)
    saved = {"0", "2", "3", "5"}
    registry = JobRegistry(slots=1, is_saved=lambda job: job.id in saved)
    with contextlib.closing(registry):
        assignment, snapshot = Assignment(endless, builtin), JobSnapshot("stopped", "", "cpu", History(), None, None)
        for number in range(6):
            registry.restore(Job.ended(assignment, str(number), snapshot))
        registry.require_room()
        assert [job.id for job in registry.jobs()] == ["1", "4", "5"]
        # Those that are nowhere else stay, and count.
        saved.clear()
        registry.restore(Job.ended(assignment, "6", snapshot))
        with pytest.raises(JobError, match="already keeps 1 runs"):
            registry.require_room()


@pytest.mark.parametrize("limit", ["MAX_BYTES", "MAX_BYTES_IN_MEMORY"])
def test_large_ended_runs_make_room_on_a_full_server_the_oldest_first(
    limit: str, monkeypatch: pytest.MonkeyPatch, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    monkeypatch.setattr(room, limit, 2500)
    registry = JobRegistry(slots=1, is_saved=lambda job: job.id != "0")
    with contextlib.closing(registry):
        assignment = Assignment(endless, builtin)
        for number in range(5):
            snapshot = JobSnapshot("stopped", "", "cpu", History(), None, bytes(1000))
            registry.restore(Job.ended(assignment, str(number), snapshot))
        registry.require_room()
        # What is nowhere else stays, and counts.
        assert [job.id for job in registry.jobs()] == ["0", "4"]


def test_unfinished_runs_that_take_all_room_are_the_last_until_one_is_stopped(
    monkeypatch: pytest.MonkeyPatch, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    with contextlib.closing(JobRegistry(slots=1)) as registry:
        mine = registry.start(Assignment(endless, builtin), visitor="me")
        wait_until(lambda: mine.history.step_count > 0)
        mine.pause(30)  # a saved point
        for limit, sentence in (
            ("MAX_BYTES_OF_VISITOR", "Your unfinished runs take"),
            ("MAX_STEPS_OF_VISITOR", "Your unfinished runs take"),
            ("MAX_BYTES", "have no room for another"),
            ("MAX_BYTES_IN_MEMORY", "have no room for another"),
            ("MAX_STEPS_KEPT", "have no room for another"),
        ):
            with monkeypatch.context() as smaller:
                smaller.setattr(room, limit, 0)
                with pytest.raises(JobError, match=sentence):
                    registry.start(Assignment(endless, builtin), visitor="me")
        mine.stop(30)
        monkeypatch.setattr(room, "MAX_BYTES_OF_VISITOR", 0)
        assert registry.start(Assignment(endless, builtin), visitor="me").state in ("queued", "running")


def test_run_of_more_steps_than_are_kept_is_refused_in_a_sentence(builtin: DigitDataset) -> None:
    with contextlib.closing(JobRegistry(slots=1)) as registry:
        endless = Hyperparameters(batch_size=1, epochs=1000)
        registry.start(Assignment(endless, builtin)).stop()  # 1,437,000 steps
        pixels, labels = builtin.train_pixels.repeat(2, 0), builtin.train_labels.repeat(2)
        doubled = dataclasses.replace(builtin, train_pixels=pixels, train_labels=labels)
        with pytest.raises(HyperparameterError, match="would have 2,874,000 steps, but at most 2,000,000"):
            registry.start(Assignment(endless, doubled))


@pytest.fixture
def visitors() -> set[str]:
    """The sessions that are connected."""
    return set()


@pytest.fixture
def leasing(clock: Clock, visitors: set[str]) -> Iterator[JobRegistry]:
    """A registry with leases of 200 seconds by `clock`, which looks every now and then."""
    registry = JobRegistry(2, visitors.__contains__, lease_seconds=200.0, reap_seconds=0.02, clock=clock)
    yield registry
    registry.close()


def test_job_that_nobody_watches_any_more_is_stopped_and_forgotten(
    leasing: JobRegistry, clock: Clock, visitors: set[str], endless: Hyperparameters, builtin: DigitDataset
) -> None:
    visitors.add("here")
    watched = leasing.start(Assignment(endless, builtin), watcher="here")
    left = leasing.start(Assignment(endless, builtin), watcher="gone")
    unwatched = leasing.start(Assignment(endless, builtin))
    clock.now = 199.0
    leasing.reap()
    assert leasing.jobs() == [watched, left, unwatched]
    clock.now = 201.0
    wait_until(lambda: leasing.get(left.id) is None)
    wait_until(lambda: left.has_ended)
    assert leasing.jobs() == [watched, unwatched]
    assert watched.state == "running"
    visitors.clear()
    clock.now += 201.0
    wait_until(lambda: leasing.jobs() == [unwatched])


def test_visitor_who_reloads_within_the_lease_keeps_the_run(
    leasing: JobRegistry, clock: Clock, visitors: set[str], endless: Hyperparameters, builtin: DigitDataset
) -> None:
    job = leasing.start(Assignment(endless, builtin), watcher="before the reload")
    clock.now += 150
    leasing.reap()
    visitors.add("after the reload")
    job.watch("after the reload")
    clock.now += 1000
    leasing.reap()
    assert leasing.get(job.id) is job
    assert job.state == "running"


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="has no way to stop a process for a while")
def test_worker_that_does_not_obey_a_stop_is_ended_when_patience_is_over(
    leasing: JobRegistry, clock: Clock, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    job = started(leasing, endless, builtin)
    assert job.pid is not None
    os.kill(job.pid, signal.SIGSTOP)
    job.stop(timeout=0.0)
    clock.now += STOP_SECONDS - 1
    leasing.reap()
    assert exists(job.pid)
    clock.now += 2
    assert job.wait(PATIENCE) == "stopped"


def test_forgotten_job_frees_its_process(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    job = started(registry, endless, builtin)
    pid = job.pid
    assert pid is not None
    registry.forget(job)
    assert registry.get(job.id) is None
    wait_until(lambda: not exists(pid))


def test_queued_run_that_is_stopped_is_known_to_have_ended_by_whoever_keeps_runs(
    endless: Hyperparameters, builtin: DigitDataset
) -> None:
    told: list[Job] = []
    registry = JobRegistry(slots=1, on_saved_point=told.append)
    registry.start(Assignment(endless, builtin))
    waiting = registry.start(Assignment(endless, builtin))
    waiting.stop()
    registry.close()
    assert waiting in told


def test_runs_are_looked_after_again_after_an_error(
    clock: Clock, endless: Hyperparameters, builtin: DigitDataset, caplog: pytest.LogCaptureFixture
) -> None:
    failures = iter([OSError("the first time")])

    def raise_once(_job_id: str, _seconds: float) -> bool:
        if failure := next(failures, None):
            raise failure
        return False

    registry = JobRegistry(1, lambda _watcher: False, is_followed=raise_once, reap_seconds=0.02, clock=clock)
    job = registry.start(Assignment(endless, builtin), watcher="gone")
    clock.now += 1000
    wait_until(lambda: job.has_ended)
    assert "the first time" in caplog.text
    registry.close()
