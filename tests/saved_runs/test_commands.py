"""Commands to runs: obeyed for the owner of the run, refused for everybody else."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import HyperparameterError, RunError
from mnist_demo.jobs import room
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.observed_run import new_job_id
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.saved_runs.commands import RunCommands
from mnist_demo.saved_runs.keeper import RunKeeper
from mnist_demo.saved_runs.records import RunContent
from mnist_demo.saved_runs.store import RunStore
from mnist_demo.settings.hyperparameters import Hyperparameters
from tests.saved_runs.records import record, short_history
from tests.waiting import wait_until


@pytest.fixture
def keeper(tmp_path: Path) -> RunKeeper:
    return RunKeeper(RunStore(tmp_path / "runs", limit_bytes=10**9))


@pytest.fixture
def registry(keeper: RunKeeper) -> Iterator[JobRegistry]:
    jobs = JobRegistry(slots=2, on_saved_point=keeper.note)
    yield jobs
    jobs.close()


@pytest.fixture
def owner(registry: JobRegistry, keeper: RunKeeper) -> RunCommands:
    return RunCommands("the owner", registry, keeper)


@pytest.fixture
def job(owner: RunCommands, endless: Hyperparameters, builtin: DigitDataset) -> Job:
    started = owner.start(new_job_id(), Assignment(endless, builtin), "session")
    assert started.wait_for(lambda: started.history.step_count > 5, 60)
    return started


ACTIONS: dict[str, Callable[[RunCommands, Job], object]] = {
    "forget_brief": lambda commands, job: commands.forget_brief(job),
    "start": lambda commands, job: commands.start(job.id, Assignment(job.hyperparameters, job.dataset), "session"),
    "pause": lambda commands, job: commands.pause(job.id),
    "resume": lambda commands, job: commands.resume(job.id),
    "step": lambda commands, job: commands.step(job.id),
    "set_speed": lambda commands, job: commands.set_speed(job.id, 1),
    "change": lambda commands, job: commands.change(job.id, "learning_rate", 0.001),
    "stop": lambda commands, job: commands.stop(job.id),
    "forget": lambda commands, job: commands.forget(job.id),
    "save_now": lambda commands, job: commands.save_now(job.id),
    "rename": lambda commands, job: commands.rename(job.id, "taken"),
    "delete": lambda commands, job: commands.delete(job.id),
    "undelete": lambda commands, job: commands.undelete(job.id),
}


def test_batch_size_that_would_give_a_run_more_steps_than_are_kept_is_refused_in_a_sentence(
    owner: RunCommands, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MAX_STEPS", 2 * job.history.total_steps)
    with pytest.raises(HyperparameterError, match="This run would have"):
        owner.change(job.id, "batch_size", 1)
    assert job.settings_now == job.hyperparameters
    owner.change(job.id, "batch_size", job.hyperparameters.batch_size - 1)
    wait_until(lambda: len(job.history.changes) == 1)


def test_every_command_of_somebody_else_is_refused_and_changes_nothing(
    job: Job, registry: JobRegistry, keeper: RunKeeper
) -> None:
    others = {name for name in vars(RunCommands) if not name.startswith("_")} - {
        "owns",
        "destroy_all",
        "start_brief",  # a new run of her own
    }
    assert set(ACTIONS) == others, "a command that this test does not try"
    stranger = RunCommands("a stranger", registry, keeper)
    for action in ACTIONS.values():
        with pytest.raises(RunError, match="belongs to someone else"):
            action(stranger, job)
    stranger.destroy_all()
    assert registry.get(job.id) is job
    assert job.state == "running"
    assert job.speed is None
    before = job.history.step_count
    assert job.wait_for(lambda: job.history.step_count > before, 60)


def test_run_whose_owner_is_not_known_is_nobodys(owner: RunCommands, registry: JobRegistry, job: Job) -> None:
    unowned = registry.start(Assignment(job.hyperparameters, job.dataset))
    with pytest.raises(RunError, match="belongs to someone else"):
        owner.stop(unowned.id)


def test_owner_is_obeyed_before_and_after_a_restart(owner: RunCommands, job: Job, keeper: RunKeeper) -> None:
    owner.set_speed(job.id, 5)
    assert job.speed == 5
    owner.pause(job.id)
    assert job.wait_for(lambda: job.state == "paused", 60)
    owner.stop(job.id)
    assert job.wait(60) == "stopped"
    assert keeper.flush()
    again = RunCommands("the owner", JobRegistry(slots=1), RunKeeper(RunStore(keeper.store.folder)))
    again.rename(job.id, "mine")
    again.delete(job.id)
    assert keeper.store.find(job.id) is None
    again.undelete(job.id)
    assert keeper.store.get(job.id).name == "mine"
    with pytest.raises(RunError, match="not on this server any more"):
        again.pause(job.id)


def test_server_forgets_what_it_knew_of_a_run_with_the_run_and_its_owner_is_obeyed_all_the_same(
    owner: RunCommands, keeper: RunKeeper, registry: JobRegistry, quick: Hyperparameters, builtin: DigitDataset
) -> None:
    ended, here = (
        owner.start(new_job_id(), Assignment(quick, builtin), "session", is_repeatable=False) for _run in range(2)
    )
    assert (ended.wait(60), here.wait(60)) == ("finished", "finished")
    assert keeper.flush()
    owner.forget(ended.id)
    newest = owner.start(new_job_id(), Assignment(quick, builtin), "session")
    known = {*keeper._owners, *keeper._created, *keeper._single, *keeper._problems, *keeper._next_saving}
    assert known == {here.id, newest.id}
    stranger = RunCommands("a stranger", registry, keeper)
    with pytest.raises(RunError, match="belongs to someone else"):
        stranger.delete(ended.id)
    owner.delete(ended.id)
    with pytest.raises(RunError, match="belongs to someone else"):
        stranger.undelete(ended.id)
    keeper.store.destroy([ended.id])
    with pytest.raises(RunError, match="removed to make room"):
        owner.undelete(ended.id)


def test_all_runs_of_a_visitor_are_destroyed_also_those_that_train_are_deleted_or_damaged(
    owner: RunCommands, job: Job, registry: JobRegistry, keeper: RunKeeper
) -> None:
    store = keeper.store
    for number, whose in enumerate(["the owner", "the owner", "the owner", "a stranger"]):
        store.save(record(number, owner=whose), RunContent(short_history(), model=b"weights"))
    store.delete(record(1).id)
    (store.folder / record(2).id / "model.safetensors").write_bytes(b"shorter"[:3])
    owner.destroy_all()
    assert registry.get(job.id) is None
    assert job.wait(60) == "stopped"
    assert keeper.flush()  # what is told of its end is not written any more
    assert [found.owner for found in store.runs()] == ["a stranger"]
    assert store.all_of("the owner") == set()
    assert not store.undelete(record(1).id)
    (kept,) = {path.parent.name for path in store.folder.rglob("*.*") if path.is_file()} - {"runs"}
    assert kept == record(3).id
