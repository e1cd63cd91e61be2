"""Whatever happens while a run trains and is saved, it is whole afterwards or absent, and says one sentence.

Each fault happens at a random moment. ``--tries 20`` tries each twenty times, which takes minutes, instead of once.
"""

import contextlib
import multiprocessing
import multiprocessing.forkserver
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import torch

from mnist_demo.data.cache import store_mnist
from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import is_lack_of_memory
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment, Weights
from mnist_demo.jobs.observed_run import new_job_id
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.saved_runs.keeper import RunKeeper
from mnist_demo.saved_runs.store import RunStore
from tests import ROOT
from tests.data.fake_mnist_servers import expected_of
from tests.deploy.container import UNSHARE
from tests.faults.runs import SETTINGS, SETTINGS_TYPED, assert_whole_or_absent, save_all_the_time, train_undisturbed
from tests.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux’s signals and /proc")
LACKS_MEMORY = "There was not enough memory to train: choose a smaller batch size or smaller hidden layers."
YEAR = 365 * 24 * 60 * 60
Fault = Callable[[Job, Path, random.Random], contextlib.AbstractContextManager[object]]


@pytest.fixture(scope="module")
def undisturbed(builtin: DigitDataset) -> Weights | None:
    registry = JobRegistry(slots=1)
    weights = train_undisturbed(registry, builtin)
    registry.close()
    return weights


@contextlib.contextmanager
def worker_killed(job: Job, home: Path, rng: random.Random) -> Iterator[None]:
    job.kill()
    yield


@contextlib.contextmanager
def fork_server_killed(job: Job, home: Path, rng: random.Random) -> Iterator[None]:
    os.kill(multiprocessing.forkserver._forkserver._forkserver_pid, signal.SIGKILL)  # type: ignore[attr-defined]
    yield


@contextlib.contextmanager
def home_deleted(job: Job, home: Path, rng: random.Random) -> Iterator[None]:
    while home.exists():  # what is just being renamed is not found, and stays
        shutil.rmtree(home, ignore_errors=True)
    yield


@contextlib.contextmanager
def home_unwritable(job: Job, home: Path, rng: random.Random) -> Iterator[None]:
    # As for a user who may not write there; who may do all, root, finds a file where the folder was.
    aside = home.with_name("aside")
    home.rename(aside)
    while not home.is_file():  # a folder, where a run was just being saved and has made it anew
        shutil.rmtree(home, ignore_errors=True)
        with contextlib.suppress(IsADirectoryError, FileExistsError):
            home.touch(exist_ok=False)
    yield
    home.unlink()
    aside.rename(home)


@contextlib.contextmanager
def disk_full(job: Job, home: Path, rng: random.Random) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (rng.randrange(200_000), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def no_more_files(job: Job, home: Path, rng: random.Random) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.closing(os.scandir("/dev/fd")) as files:
        open_now = max(int(file.name) for file in files)
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_now + rng.randrange(3), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def clock_set(job: Job, home: Path, rng: random.Random) -> Iterator[None]:
    # Everything on the disk is a year older or younger than it was, as when the clock is set forward or back.
    moment = time.time() + rng.choice((-YEAR, YEAR))
    for path in [home, *home.rglob("*")]:
        with contextlib.suppress(FileNotFoundError):
            os.utime(path, (moment, moment))
    yield


@contextlib.contextmanager
def digits_removed(job: Job, home: Path, rng: random.Random) -> Iterator[None]:
    shutil.rmtree(home.with_name("digits"))
    yield


FAULTS: tuple[Fault, ...] = (
    worker_killed,
    fork_server_killed,
    home_deleted,
    home_unwritable,
    disk_full,
    no_more_files,
    clock_set,
    digits_removed,
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_run_is_whole_or_absent_after_a_fault_while_it_is_saved(
    fault: Fault, tries: int, tmp_path: Path, builtin: DigitDataset, undisturbed: Weights | None
) -> None:
    rng = random.Random(fault.__name__)
    registry = JobRegistry(slots=2)
    for attempt in range(tries):
        home = tmp_path / str(attempt) / "home"
        home.mkdir(parents=True)
        dataset = store_mnist(builtin, home.with_name("digits"), expected_of(builtin))  # in a file, as MNIST is
        keeper = RunKeeper(RunStore(home / "runs"))
        server = JobRegistry(slots=1, on_saved_point=keeper.note)
        run_id = new_job_id()
        keeper.expect(run_id, "me")
        job = server.start(Assignment(SETTINGS, dataset), job_id=run_id)
        job.wait_for(lambda job=job: job.history.step_count > 0, PATIENCE)  # type: ignore[misc]
        until = time.monotonic() + rng.uniform(0, 0.3)
        while time.monotonic() < until:
            job.pause()
            job.resume()
        with fault(job, home, rng):
            until = time.monotonic() + rng.uniform(0, 0.2)
            while time.monotonic() < until and not job.has_ended:
                job.pause()
                job.resume()
        # Nobody is left to notice that a home is gone which had all of the run.
        too_late = fault is home_deleted and job.has_ended
        save_all_the_time(job)
        wait_until(lambda keeper=keeper: not keeper._claims)  # type: ignore[misc]
        keeper.flush()
        # What the visitor reads is one sentence, or nothing where nothing is lost.
        for sentence in (job.detail, keeper.problem(run_id)):
            assert "\n" not in sentence
            assert "Traceback" not in sentence
        server.close()
        # What could not be removed is so at the next write: here there is none after one that failed.
        was_saved = assert_whole_or_absent(home, run_id, registry, dataset, undisturbed, bool(keeper.problem(run_id)))
        assert was_saved or job.detail or keeper.problem(run_id) or too_late
    registry.close()


def test_run_is_whole_or_absent_after_its_server_was_told_to_end_while_it_was_saved(
    tries: int, tmp_path: Path, builtin: DigitDataset, undisturbed: Weights | None
) -> None:
    rng = random.Random(0)
    registry = JobRegistry(slots=2)
    for attempt in range(tries):
        home, run_id = tmp_path / str(attempt), new_job_id()
        with started(home, "tests.faults.serving", str(home), run_id) as server:
            wait_into_training(server, rng)
            server.terminate()
            server.wait(PATIENCE)
        wait_until(lambda home=home: not processes_with(home))  # type: ignore[misc]
        assert_whole_or_absent(home, run_id, registry, builtin, undisturbed, may_leave_unfinished=True)
    registry.close()


def test_run_is_trained_and_saved_though_there_is_no_shared_memory_left(
    tries: int, tmp_path: Path, builtin: DigitDataset, undisturbed: Weights | None
) -> None:
    full = "mount -t tmpfs -o size=4k,nr_inodes=1 tmpfs /dev/shm"  # its one file is its folder
    # Where nobody may give a program another folder, it has the one that is there.
    can = shutil.which("unshare") and subprocess.run([*UNSHARE, full], check=False).returncode == 0
    prefix = (*UNSHARE, f'{full}; exec "$@"', "sh") if can else ()
    registry = JobRegistry(slots=2)
    for attempt in range(tries):
        home, run_id = tmp_path / str(attempt), new_job_id()
        with started(home, "tests.faults.serving", str(home), run_id, prefix=prefix) as server:
            assert server.wait(2 * PATIENCE) == 0
        assert assert_whole_or_absent(home, run_id, registry, builtin, undisturbed)
    registry.close()


def test_runs_of_two_servers_and_a_command_in_one_home_are_whole_though_one_server_is_killed(
    tries: int, tmp_path: Path, builtin: DigitDataset, undisturbed: Weights | None
) -> None:
    rng = random.Random(0)
    registry = JobRegistry(slots=2)
    for attempt in range(tries):
        home = tmp_path / str(attempt)
        killed, kept = new_job_id(), new_job_id()
        programs = (
            ["tests.faults.serving", str(home), killed],
            ["tests.faults.serving", str(home), kept],
            ["mnist_demo", "train", "--data", "builtin", *SETTINGS_TYPED.split()],
        )
        with contextlib.ExitStack() as stack:
            first, second, by_hand = (stack.enter_context(started(home, *program)) for program in programs)
            wait_into_training(first, rng)
            first.kill()
            assert (second.wait(4 * PATIENCE), by_hand.wait(4 * PATIENCE)) == (0, 0)
        wait_until(lambda home=home: not processes_with(home))  # type: ignore[misc]
        saved = {record.id for record in RunStore(home / "runs").runs()}
        assert kept in saved
        assert len(saved - {killed}) == 2
        for run_id in {killed, *saved}:
            assert_whole_or_absent(home, run_id, registry, builtin, undisturbed, may_leave_unfinished=True)
    registry.close()


def test_run_without_memory_says_so_and_goes_on_from_its_saved_point_where_there_is_some(
    tries: int, tmp_path: Path, builtin: DigitDataset
) -> None:
    rng, registry = random.Random(0), JobRegistry(slots=2)
    # A small one finds room in what it has already.
    settings = SETTINGS.replace(hidden_sizes=(1024, 1024))
    undisturbed = registry.start(Assignment(settings, builtin))
    assert undisturbed.wait(PATIENCE) == "finished"
    for attempt in range(tries):
        home, run_id = tmp_path / str(attempt), new_job_id()
        home.mkdir()
        keeper = RunKeeper(RunStore(home / "runs"))
        server = JobRegistry(slots=1, on_saved_point=keeper.note)
        keeper.expect(run_id, "me")
        job = server.start(Assignment(settings, builtin), job_id=run_id)
        job.wait_for(lambda job=job: job.history.step_count > 0, PATIENCE)  # type: ignore[misc]
        job.pause(PATIENCE)  # a saved point
        job.resume()
        job.wait(rng.uniform(0, 0.2))
        assert job.pid is not None
        resource.prlimit(job.pid, resource.RLIMIT_AS, (4096, resource.RLIM_INFINITY))
        save_all_the_time(job)
        assert (job.state, job.detail) == ("failed", LACKS_MEMORY)
        keeper.flush()
        server.close()
        assert assert_whole_or_absent(home, run_id, registry, builtin, undisturbed.weights, settings=settings)
    registry.close()


def test_worker_tells_a_lack_of_memory_from_a_fault_of_its_own() -> None:
    with pytest.raises(RuntimeError, match="allocate memory") as lack:
        torch.empty(2**50)
    assert is_lack_of_memory(lack.value)
    assert is_lack_of_memory(MemoryError())
    assert not is_lack_of_memory(RuntimeError("shapes cannot be multiplied"))


def started(home: Path, module: str, *arguments: str, prefix: Sequence[str] = ()) -> "subprocess.Popen[str]":
    """Run a module as a program with that ``MNIST_DEMO_HOME``; a command that runs others may stand before it."""
    environment = {**os.environ, "MNIST_DEMO_HOME": str(home)}
    command = [*prefix, sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def wait_into_training(server: "subprocess.Popen[str]", rng: random.Random) -> None:
    """Wait until the run of ``tests.faults.serving`` has begun, and a random moment more."""
    assert server.stdout is not None
    assert server.stdout.readline() == "begun\n"
    time.sleep(rng.uniform(0, 0.3))


def processes_with(home: Path) -> list[int]:
    """Return the processes that were started with that ``MNIST_DEMO_HOME``."""
    mark, found = f"MNIST_DEMO_HOME={home}\0".encode(), []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark in environment.read_bytes() + b"\0":
                found.append(int(environment.parent.name))
    return found
