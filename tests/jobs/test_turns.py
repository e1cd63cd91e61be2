"""No visitor keeps the others waiting: not by many runs, nor by slow motion, nor by a long run, nor by commands."""

import contextlib
import os
import signal
import threading

import pytest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import JobError
from mnist_demo.jobs import room
from mnist_demo.jobs.computing import LocalComputation
from mnist_demo.jobs.errand import Errand, core
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import TURN_SECONDS, JobRegistry
from mnist_demo.jobs.room import MAX_JOBS_OF_VISITOR
from mnist_demo.jobs.waiting import Wait
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.events import Step
from tests.jobs.test_job import started
from tests.waiting import PATIENCE, Clock, wait_until


def computing(jobs: list[Job]) -> list[Job]:
    return [job for job in jobs if job.state == "running" and job.cores_used]


def test_runs_that_leave_slow_motion_together_wait_for_a_core_like_any_other(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    many = [registry.start(Assignment(endless, builtin), visitor="many") for _run in range(6)]
    for job in many:
        job.set_speed(1.0)
    wait_until(lambda: all(job.state == "running" for job in many))
    hers = registry.start(Assignment(endless, builtin), visitor="one")
    wait_until(lambda: hers.history.step_count > 0)
    for job in many:
        job.set_speed(None)
    wait_until(lambda: len(computing(many)) == 1 and sum(job.state == "queued" for job in many) == 5)
    assert hers.state == "running"
    # Those that wait go on where they were, each when it is its turn.
    next(iter(computing(many))).stop(PATIENCE)
    wait_until(lambda: len(computing(many)) == 1)


def test_run_that_leaves_slow_motion_while_a_file_is_made_waits_for_its_core(
    one_core: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    job = one_core.start(Assignment(endless, builtin), visitor="one")
    job.set_speed(1.0)
    wait_until(lambda: job.state == "running" and not job.cores_used)
    with core(one_core, "other"):
        job.set_speed(None)
        wait_until(lambda: job.state == "queued")
    wait_until(lambda: job.state == "running" and job.cores_used > 0)


def test_runs_in_slow_motion_have_a_few_processes_of_a_visitor_and_a_share_of_the_cores(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MAX_SLOW_OF_VISITOR", 2)
    many = []
    for _run in range(4):
        many.append(registry.start(Assignment(endless, builtin), visitor="many"))
        many[-1].set_speed(1.0)
    hers = registry.start(Assignment(endless, builtin), visitor="one")
    hers.set_speed(1.0)

    def running() -> list[Job]:
        return [job for job in many if job.state == "running"]

    wait_until(lambda: len(running()) == 2 and hers.history.step_count > 1)
    assert {job.state for job in many} == {"running", "queued"}
    running()[0].stop(PATIENCE)
    wait_until(lambda: len(running()) == 2)

    # A share of the cores that one of them reaches alone.
    monkeypatch.setattr(room, "MAX_SLOW_SHARE", 1e-9)
    registry.schedule()
    wait_until(lambda: not running() and hers.state == "queued")
    monkeypatch.setattr(room, "MAX_SLOW_SHARE", 0.5)
    registry.schedule()
    wait_until(lambda: len(running()) == 2 and hers.state == "running")


def test_slow_motion_with_steps_that_take_long_keeps_its_cores_busy(
    endless: Hyperparameters, builtin: DigitDataset
) -> None:
    slow = Job(Assignment(endless, builtin))
    slow.set_speed(5.0)
    for step, seconds in enumerate((0.01, 0.02, 0.03), start=1):
        slow.history.append(Step(step, 1, 2.3, 0.1, 0.5, 10, seconds))
    assert slow.cores_used == 0
    slow.history.append(Step(4, 1, 2.3, 0.1, 0.5, 10, 1.0))
    assert slow.cores_used == slow.threads


def test_long_run_gives_its_core_up_to_who_has_none_when_its_turn_is_over(
    one_core: JobRegistry, clock: Clock, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    long, hers_too = (one_core.start(Assignment(endless, builtin), visitor="long") for _run in range(2))
    wait_until(lambda: long.history.step_count > 0)
    short = one_core.start(Assignment(endless, builtin), visitor="short")
    # Whoever had a turn comes after who had none, however early she has clicked.
    assert [len(one_core.jobs_before(job)) for job in (short, hers_too)] == [0, 1]
    left = {long: 500.0, hers_too: 10.0}
    assert one_core.wait_of(short, left.get) == Wait(1, TURN_SECONDS)
    clock.now = TURN_SECONDS - 1
    one_core.reap()
    assert one_core.wait_of(short, left.get) == Wait(1, 1.0)
    assert long.state == "running"
    clock.now = TURN_SECONDS
    one_core.reap()
    wait_until(lambda: short.state == "running")
    wait_until(lambda: long.state == "queued")
    done = long.history.step_count
    left[short] = 4.0
    assert one_core.wait_of(long, left.get) == Wait(1, 4.0)
    assert one_core.wait_of(hers_too, left.get) == Wait(2, 504.0)
    assert one_core.wait_of(hers_too, {short: 4.0}.get) == Wait(2, None)
    long.pause()
    wait_until(lambda: long.state == "paused")
    long.resume()
    short.stop(PATIENCE)
    wait_until(lambda: long.history.step_count > done)


def test_brief_run_is_let_through_at_once(
    one_core: JobRegistry, endless: Hyperparameters, quick: Hyperparameters, builtin: DigitDataset
) -> None:
    long = started(one_core, endless, builtin)
    brief = one_core.start(Assignment(quick, builtin), visitor="lesson", is_brief=True)
    assert brief.wait(PATIENCE) == "finished"
    wait_until(lambda: long.state == "running")


def test_visitor_has_so_many_runs_at_most_and_old_ones_make_room(
    one_core: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    many = [one_core.start(Assignment(endless, builtin), visitor="many") for _run in range(MAX_JOBS_OF_VISITOR)]
    with pytest.raises(JobError, match="stop some of them first"):
        one_core.start(Assignment(endless, builtin), visitor="many")
    one_core.start(Assignment(endless, builtin), visitor="another")
    many[3].stop()
    one_core.start(Assignment(endless, builtin), visitor="many")
    assert one_core.get(many[3].id) is None


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="has no way to stop a process for a while")
def test_single_steps_of_many_paused_runs_take_the_core_one_after_the_other(
    one_core: JobRegistry, clock: Clock, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    many = []
    for _run in range(3):
        many.append(one_core.start(Assignment(endless, builtin), visitor="many"))
        wait_until(lambda: many[-1].history.step_count > 0)
        many[-1].pause(PATIENCE)
    done = [job.history.step_count for job in many]
    pid = many[0].pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)  # as a step of a huge batch
    for job in many * 2:
        job.step(timeout=0)
    hers = one_core.start(Assignment(endless, builtin), visitor="one")
    assert [job.steps.state for job in many] == ["running", "queued", "queued"]
    assert hers.state == "queued"
    many[2].resume()  # what it has not begun is no longer waited for
    clock.tick = 0.01  # so that what they owe is paid
    os.kill(pid, signal.SIGCONT)
    wait_until(
        lambda: [job.history.step_count - before for job, before in zip(many[:2], done[:2], strict=True)] == [2, 2]
    )
    wait_until(lambda: hers.history.step_count > 0)
    wait_until(lambda: [job.steps.state for job in many] == ["paused"] * 3)


def test_single_step_is_let_through_at_once(
    one_core: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    paused = started(one_core, endless, builtin)
    paused.pause(PATIENCE)
    done, long = paused.history.step_count, started(one_core, endless, builtin)
    paused.step(PATIENCE)
    assert paused.history.step_count == done + 1
    wait_until(lambda: long.state == "running")


def test_steps_that_are_asked_for_without_end_leave_the_run_of_another_most_of_the_core(
    endless: Hyperparameters, builtin: DigitDataset
) -> None:
    with contextlib.closing(JobRegistry(slots=1)) as registry:
        paused = started(registry, endless, builtin)
        paused.pause(PATIENCE)
        hers = started(registry, endless, builtin)
        pressed = threading.Event()
        before = {job: (job.history.step_count, job.history.seconds) for job in (paused, hers)}  # that these took

        def computed(job: Job) -> tuple[int, float]:
            return job.history.step_count - before[job][0], job.history.seconds - before[job][1]

        def has_most() -> bool:
            (pressed_steps, pressed_seconds), (steps, seconds) = computed(paused), computed(hers)
            return steps > 40 and pressed_steps > 1 and seconds > pressed_seconds

        def press() -> None:
            while not pressed.wait(0.001):
                paused.step(timeout=0)

        pressing = threading.Thread(target=press, daemon=True)
        pressing.start()
        wait_until(has_most)
        pressed.set()
        pressing.join()


def test_who_asks_for_one_brief_computation_after_the_other_waits_as_long_as_the_last_one_took(
    one_core: JobRegistry, clock: Clock, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    long = started(one_core, endless, builtin)
    first, second, hers = Errand("many"), Errand("many"), Errand("another")
    with one_core.queued(first):
        wait_until(lambda: first.state == "running")
        clock.now += 10.0
    with one_core.queued(second):
        wait_until(lambda: long.state == "running")
        with one_core.queued(hers):  # who owes nothing is let through
            wait_until(lambda: hers.state == "running")
            clock.now += 100.0
        wait_until(lambda: long.state == "running")
        clock.now += 9.0
        one_core.reap()
        assert (long.gives_way, second.state) == (False, "queued")
        clock.now += 1.0
        one_core.reap()
        wait_until(lambda: second.state == "running")


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="has no way to stop a process for a while")
def test_commands_to_a_worker_that_reads_none_hold_nobody_up_and_the_last_counts(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    busy, other = started(registry, endless, builtin), started(registry, endless, builtin)
    assert busy.pid is not None
    os.kill(busy.pid, signal.SIGSTOP)  # as a step of a huge batch

    def command() -> None:
        for number in range(3000):
            busy.set_speed(float(20 + number))
            busy.change("learning_rate", 0.001 * (1 + number % 7))
            busy.rest()
        busy.set_speed(None)
        busy.change("learning_rate", 0.25)

    commanding = threading.Thread(target=command, daemon=True)
    commanding.start()
    commanding.join(PATIENCE)
    assert not commanding.is_alive()
    assert isinstance(busy._computation, LocalComputation)
    assert len(busy._computation._outbox) <= 3
    other.pause(PATIENCE)
    assert other.state == "paused"
    os.kill(busy.pid, signal.SIGCONT)
    wait_until(lambda: busy.history.changes != [] and busy.history.changes[-1].value == 0.25)
    busy.pause(PATIENCE)
    assert busy.state == "paused"
