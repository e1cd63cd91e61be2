"""Runs on a real Dask scheduler with two real worker processes."""

import contextlib
import dataclasses
import json
import multiprocessing
import os
import random
import signal
from collections.abc import Iterator

import pytest
from distributed import Client

import mnist_demo.jobs.cluster
from benchmarks.drivers.dask_processes import DaskProcesses
from mnist_demo.cli.main import main
from mnist_demo.data.dataset import DigitDataset
from mnist_demo.files import SMALL_BYTES
from mnist_demo.jobs import cluster_run
from mnist_demo.jobs.cluster import CANNOT_BE_REACHED, Cluster
from mnist_demo.jobs.cluster_task import Versions, Work, versions
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import TURN_SECONDS, JobRegistry
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.variations import vary
from tests.waiting import Clock, wait_until

pytestmark = pytest.mark.timeout(300)
PATIENCE = 60.0
LONG = Hyperparameters(batch_size=10, epochs=40, learning_rate=0.01)
# Steps a second: on a quick machine such a run would be over before it is known that it has begun.
PACE = 1000.0


@pytest.fixture(scope="module")
def dask() -> Iterator[DaskProcesses]:
    processes = DaskProcesses(2)
    yield processes
    processes.close()


@pytest.fixture
def cluster(dask: DaskProcesses) -> Iterator[Cluster]:
    found = Cluster(dask.address)
    wait_until(lambda: found.cores == 2 and not found.problem, PATIENCE)
    yield found
    found.close()


@pytest.fixture
def remote(cluster: Cluster) -> Iterator[JobRegistry]:
    jobs = JobRegistry(computing=cluster)
    cluster.on_change = jobs.schedule
    yield jobs
    jobs.close()


def worker_of(job: Job, client: Client) -> str:
    address: str
    (address,) = [address for address, tasks in client.processing().items() if any(job.id in task for task in tasks)]
    return address


def kill_worker_of(job: Job, dask: DaskProcesses) -> None:
    with Client(dask.address, set_as_default=False) as client:
        address = worker_of(job, client)
        os.kill(client.run(os.getpid, workers=[address])[address], signal.SIGKILL)


def weights_of(job: Job) -> bytes:
    assert job.weights is not None
    return job.weights.content


def test_run_obeys_and_ends_as_one_on_this_machine(
    remote: JobRegistry, registry: JobRegistry, builtin: DigitDataset, quick: Hyperparameters
) -> None:
    here, there = (jobs.start(Assignment(quick, builtin, threads=1)) for jobs in (registry, remote))
    assert [job.wait(PATIENCE) for job in (here, there)] == ["finished", "finished"]
    assert weights_of(here) == weights_of(there)
    assert here.history.steps["train_loss"] == there.history.steps["train_loss"]
    assert here.history.test_accuracy == there.history.test_accuracy

    # Its weights are large enough to go by files.
    job = remote.start(Assignment(LONG.replace(model="mlp", hidden_sizes=(256,)), builtin))
    job.set_speed(PACE)
    job.wait_for(lambda: job.weights is not None and job.weights.step > 0, PATIENCE)  # for the drawing beside it
    assert len(weights_of(job)) > SMALL_BYTES
    job.pause(PATIENCE)
    done = job.history.step_count
    job.step(PATIENCE)
    assert (job.state, job.history.step_count) == ("paused", done + 1)
    job.wait_for(lambda: job.step_detail is not None and job.step_detail.step == done + 1, PATIENCE)
    job.change("learning_rate", 0.02)
    job.resume()
    job.wait_for(lambda: job.history.step_count > done + 1 and bool(job.history.changes), PATIENCE)
    job.stop(PATIENCE)
    assert (job.state, job.pid) == ("stopped", None)


def test_paused_runs_leave_their_workers_to_others(
    remote: JobRegistry,
    dask: DaskProcesses,
    builtin: DigitDataset,
    quick: Hyperparameters,
    endless: Hyperparameters,
) -> None:
    first, second = (remote.start(Assignment(settings, builtin)) for settings in (LONG.replace(epochs=20), endless))
    for job in (first, second):
        job.set_speed(PACE)
        job.wait_for(lambda job=job: job.history.step_count > 0, PATIENCE)  # type: ignore[misc]
        job.pause(PATIENCE)
    assert remote.start(Assignment(quick, builtin)).wait(PATIENCE) == "finished"
    assert [job.state for job in (first, second)] == ["paused", "paused"]
    second.resume()
    third = remote.start(Assignment(endless, builtin))
    third.wait_for(lambda: third.history.step_count > 0, PATIENCE)
    with Client(dask.address, set_as_default=False) as client:
        assert worker_of(third, client) == worker_of(first, client) != worker_of(second, client)
    for job in (second, third):
        job.stop(PATIENCE)
    first.set_speed(None)
    first.resume()
    assert first.wait(PATIENCE) == "finished"


def test_several_values_of_a_setting_are_tried_side_by_side(
    remote: JobRegistry, dask: DaskProcesses, builtin: DigitDataset, endless: Hyperparameters
) -> None:
    tried = [
        remote.start(Assignment(settings, builtin), visitor="one")
        for settings in vary(endless, {"learning_rate": [0.1, 0.2]})
    ]
    wait_until(lambda: all(job.history.step_count for job in tried), PATIENCE)
    with Client(dask.address, set_as_default=False) as client:
        assert len({worker_of(job, client) for job in tried}) == 2
    for job in tried:
        job.stop(PATIENCE)


def test_visitors_of_a_cluster_take_turns(cluster: Cluster, builtin: DigitDataset, endless: Hyperparameters) -> None:
    clock = Clock()
    jobs = JobRegistry(computing=cluster, clock=clock)
    try:
        long = [jobs.start(Assignment(endless, builtin), visitor=name) for name in ("one", "two")]
        wait_until(lambda: all(job.history.step_count for job in long), PATIENCE)
        others = [jobs.start(Assignment(endless, builtin), visitor=name) for name in ("three", "four")]
        # Each gets a turn, and those who gave theirs up get another one. Both turns end at once, as both began so.
        for coming in (others, long):
            done = [job.history.step_count for job in coming]
            clock.now += TURN_SECONDS
            jobs.reap()
            for job, before in zip(coming, done, strict=True):
                wait_until(lambda job=job, before=before: job.history.step_count > before, PATIENCE)  # type: ignore[misc]
    finally:
        jobs.close()


def test_ten_runs_on_two_workers_all_finish_with_the_figures_of_this_machine(
    remote: JobRegistry,
    registry: JobRegistry,
    builtin: DigitDataset,
    quick: Hyperparameters,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pixels_sent: list[int] = []

    def send(work: Work, known: tuple[str, ...]) -> Work:
        sent = as_sent(work, known)
        pixels_sent.append(sent.assignment.dataset.train_pixels.size)
        return sent

    as_sent = cluster_run._without_known_pixels
    monkeypatch.setattr(cluster_run, "_without_known_pixels", send)
    settings = [quick.replace(seed=seed, epochs=6) for seed in range(10)]
    runs = [remote.start(Assignment(each, builtin), visitor=f"visitor {each.seed % 4}") for each in settings]
    slowed, paused = runs[:4], runs[1:4]
    for job in slowed:
        job.set_speed(20.0)
    for job in paused:
        job.wait_for(lambda job=job: job.history.step_count > 0, PATIENCE)  # type: ignore[misc]
        job.pause(PATIENCE)
        assert job.state == "paused"
    assert [job.wait(PATIENCE) for job in runs[4:]] == ["finished"] * 6
    for job in slowed:
        job.set_speed(None)
        job.resume()
    assert [job.wait(PATIENCE) for job in runs] == ["finished"] * 10
    assert len(pixels_sent) >= 10
    assert sum(size > 0 for size in pixels_sent) <= 2  # once to each worker, not with each run
    for number in (0, 1, 9):
        here = registry.start(Assignment(settings[number], builtin, threads=1))
        assert here.wait(PATIENCE) == "finished"
        assert weights_of(runs[number]) == weights_of(here)


def test_run_whose_worker_dies_goes_on_elsewhere_bit_for_bit(
    remote: JobRegistry, registry: JobRegistry, dask: DaskProcesses, builtin: DigitDataset, tries: int
) -> None:
    rng = random.Random(0)
    undisturbed = registry.start(Assignment(LONG, builtin, threads=1))
    for _try in range(tries):
        job = remote.start(Assignment(LONG, builtin))
        job.set_speed(PACE)
        for least, most in ((0, 1000), (1200, 2500)):
            steps = rng.randint(least, most)
            job.wait_for(lambda job=job, steps=steps: job.history.step_count > steps, PATIENCE)  # type: ignore[misc]
            kill_worker_of(job, dask)
        job.set_speed(None)
        assert job.wait(2 * PATIENCE) == undisturbed.wait(PATIENCE) == "finished"
        assert weights_of(job) == weights_of(undisturbed)
        assert job.history.steps["train_loss"] == undisturbed.history.steps["train_loss"]


def test_run_whose_worker_is_told_to_end_goes_on_elsewhere(
    remote: JobRegistry, dask: DaskProcesses, builtin: DigitDataset
) -> None:
    job = remote.start(Assignment(LONG.replace(epochs=20), builtin))
    job.set_speed(PACE)
    job.wait_for(lambda: job.history.step_count > 0, PATIENCE)
    with Client(dask.address, set_as_default=False) as client:
        address = worker_of(job, client)
        dask.replace_worker(client.run(os.getppid, workers=[address])[address])
    job.set_speed(None)
    assert job.wait(PATIENCE) == "finished", job.detail


def test_run_whose_process_dies_on_a_worker_fails_in_a_sentence(
    remote: JobRegistry, dask: DaskProcesses, builtin: DigitDataset, endless: Hyperparameters
) -> None:
    job = remote.start(Assignment(endless, builtin))
    job.wait_for(lambda: job.history.step_count > 0, PATIENCE)
    with Client(dask.address, set_as_default=False) as client:
        for pids in client.run(lambda: [child.pid for child in multiprocessing.active_children()]).values():
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
    assert job.wait(PATIENCE) == "failed"
    assert "SIGKILL" in job.detail


def test_run_waits_while_the_scheduler_is_dead_and_goes_on_bit_for_bit_when_it_is_back(
    remote: JobRegistry,
    registry: JobRegistry,
    dask: DaskProcesses,
    builtin: DigitDataset,
    tries: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mnist_demo.jobs.cluster, "CONNECT_SECONDS", 1.0)  # it is on this machine
    rng = random.Random(1)
    settings = LONG.replace(epochs=8)
    undisturbed = registry.start(Assignment(settings, builtin, threads=1))
    for _try in range(tries):
        job = remote.start(Assignment(settings, builtin))
        job.set_speed(PACE / 2)
        steps = rng.randint(0, 600)
        job.wait_for(lambda job=job, steps=steps: job.history.step_count > steps, PATIENCE)  # type: ignore[misc]
        job.set_speed(20)  # that it does not end before it is known that the scheduler has
        dask.kill_scheduler()
        wait_until(lambda: remote.computing.problem == CANNOT_BE_REACHED, PATIENCE)
        assert job.wait_for(lambda job=job: job.state == "queued", PATIENCE)  # type: ignore[misc]
        job.set_speed(None)
        dask.start_again()
        assert job.wait(2 * PATIENCE) == undisturbed.wait(PATIENCE) == "finished"
        assert weights_of(job) == weights_of(undisturbed)
        assert job.history.steps["train_loss"] == undisturbed.history.steps["train_loss"]


def test_check_says_what_it_found(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cluster", "check", cluster.address, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["workers"], found["usable_workers"], found["cores"], found["refused"]) == (2, 2, 2, [])
    assert found["seconds_a_step"] > 0
    assert list(found["versions"].values()) == [dataclasses.asdict(versions())] * 2
    assert main(["cluster", "check", cluster.address]) == 0
    said = capsys.readouterr().out
    assert f"2 of 2 workers can be used (mnist-demo {versions().program}, torch {versions().torch})" in said
    assert "steps per second" in said


def test_workers_with_other_versions_get_no_run(
    dask: DaskProcesses, builtin: DigitDataset, quick: Hyperparameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = versions()
    monkeypatch.setattr(mnist_demo.jobs.cluster, "versions", lambda: Versions(theirs.program, "1.0"))
    with contextlib.closing(Cluster(dask.address)) as found:
        wait_until(lambda: f"torch {theirs.torch}" in found.problem, PATIENCE)
        with contextlib.closing(JobRegistry(computing=found)) as jobs:
            job = jobs.start(Assignment(quick, builtin))
            assert job.wait(2.0) in ("queued", "running")
            assert job.history.started is None
