"""What is brief is let through at once, and no run loses its turn by that."""

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.jobs.errand import core
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import TURN_SECONDS, JobRegistry
from mnist_demo.jobs.waiting import Wait, beside
from mnist_demo.settings.hyperparameters import Hyperparameters
from tests.jobs.test_job import started
from tests.waiting import Clock, wait_until


def test_run_that_gave_way_to_something_brief_goes_on_with_its_turn_before_newcomers_begin(
    one_core: JobRegistry, clock: Clock, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    begun = started(one_core, endless, builtin)
    newcomer = one_core.start(Assignment(endless, builtin), visitor="newcomer")
    clock.now = TURN_SECONDS - 1
    with core(one_core, "other"):
        wait_until(lambda: begun.state == "queued")
        assert [len(one_core.jobs_before(job)) for job in (begun, newcomer)] == [0, 1]
        # The errand takes about 2 s, and of the turn 1 s is left.
        assert one_core.wait_of(newcomer, {begun: 500.0}.get) == Wait(2, 3.0)
        done = begun.history.step_count
    wait_until(lambda: begun.history.step_count > done)
    assert newcomer.history.step_count == 0
    # It has not won a new turn by that.
    clock.now = TURN_SECONDS
    one_core.reap()
    wait_until(lambda: newcomer.state == "running" and begun.state == "queued")


def test_runs_of_all_make_room_for_what_is_brief_in_turn(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    runs = [registry.start(Assignment(endless, builtin), visitor=name) for name in ("one", "another")]
    wait_until(lambda: all(job.history.step_count > 0 for job in runs))
    made_room = []
    for visitor in ("third", "fourth"):
        with core(registry, visitor):
            made_room += [job for job in runs if job.state == "queued"]
        wait_until(lambda: all(job.state == "running" for job in runs))
    assert made_room == runs


def test_visitor_who_asks_for_one_brief_thing_after_another_of_whatever_kind_keeps_no_run_from_its_core(
    one_core: JobRegistry, clock: Clock, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    run = started(one_core, endless, builtin)
    with core(one_core, "busy"):
        clock.now += 5  # so long it takes, and so long it has to leave the core to the run
    wait_until(lambda: run.state == "running")
    lesson = one_core.start(Assignment(endless, builtin), visitor=beside("lesson", "busy"), is_brief=True)
    clock.now += 4
    one_core.reap()
    assert (lesson.state, run.state) == ("queued", "running")
    with core(one_core, "somebody else"):
        pass
    clock.now += 1.5
    wait_until(lambda: lesson.state == "running")
