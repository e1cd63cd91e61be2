import importlib.util
import multiprocessing.forkserver
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from mnist_demo import processes
from mnist_demo.data.dataset import DigitDataset
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.processes import (
    TRAINING_NICENESS,
    ChildProcess,
    let_threads_sleep,
    let_threads_take_turns,
    process_context,
    warm_up_processes,
)
from mnist_demo.settings.hyperparameters import Hyperparameters
from tests import ROOT
from tests.jobs.test_job import exists
from tests.waiting import say_hello, wait_for_ever, wait_until


def test_threads_sleep_unless_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    let_threads_sleep()
    assert os.environ["GOMP_SPINCOUNT"] == "30000"
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    let_threads_sleep()
    assert os.environ["GOMP_SPINCOUNT"] == "7"


def test_threads_take_turns_sooner_than_python_has_them() -> None:
    before = sys.getswitchinterval()
    try:
        sys.setswitchinterval(0.005)
        let_threads_take_turns()
        assert sys.getswitchinterval() <= 0.001
    finally:
        sys.setswitchinterval(before)


def answer_of_a_new_process(
    target: Callable[[bool, Connection], None], setting: bool, context: BaseContext | None = None
) -> Any:
    ours, theirs = multiprocessing.Pipe()
    process = (context or process_context()).Process(  # type: ignore[attr-defined]
        target=target, args=(setting, theirs)
    )
    process.start()
    answer = ours.recv()
    process.join()
    return answer


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="asks the system for a process's environment")
def test_worker_is_born_with_threads_that_sleep(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    job = registry.start(Assignment(endless, builtin))
    wait_until(lambda: job.pid is not None and job.history.step_count > 0)
    assert b"GOMP_SPINCOUNT=" in Path(f"/proc/{job.pid}/environ").read_bytes()


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="the system does not share cores by session")
def test_runs_give_way_to_other_sessions_too_even_when_they_start_at_the_same_moment(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    jobs = [registry.start(Assignment(endless, builtin)) for _ in range(2)]
    wait_until(lambda: all(job.pid is not None and job.history.step_count > 0 for job in jobs))
    sessions = {os.getsid(job.pid or 0) for job in jobs}
    assert len(sessions | {os.getsid(0)}) == 3
    for job in jobs:
        assert Path(f"/proc/{job.pid}/autogroup").read_text().endswith(f"nice {TRAINING_NICENESS}\n")


def echo(connection: Connection, greeting: str) -> None:
    connection.send(greeting)
    while True:
        connection.send(connection.recv())


def die(connection: Connection) -> None:
    os._exit(3)


def test_child_process_is_talked_to_and_gone_afterwards() -> None:
    with ChildProcess(echo, "hello", name="echo") as child:
        assert child.connection.recv() == "hello"
        child.connection.send(7)
        assert child.connection.recv() == 7
        assert "echo" in [other.name for other in multiprocessing.active_children()]
    assert not child.process.is_alive()
    assert child.connection.closed
    assert "echo" not in [other.name for other in multiprocessing.active_children()]


def test_child_process_is_gone_after_an_error_too() -> None:
    with pytest.raises(ZeroDivisionError), ChildProcess(echo, "hello") as child:
        _never = 1 / 0
    assert not child.process.is_alive()
    assert child.connection.closed


def test_child_process_that_dies_ends_the_pipe_and_leaves_its_exit_code() -> None:
    with ChildProcess(die, answers_only=True) as child:
        with pytest.raises(EOFError):
            child.connection.recv()
        child.process.join()
        assert child.process.exitcode == 3


def test_child_process_that_cannot_be_started_leaves_no_pipe_open(monkeypatch: pytest.MonkeyPatch) -> None:
    pipes: list[Connection] = []
    pipe = process_context().Pipe

    def note_pipe(duplex: bool = True) -> tuple[Connection, Connection]:
        pipes.extend(pipe(duplex))
        return pipes[0], pipes[1]

    def fail(process: object) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(process_context(), "Pipe", note_pipe)
    monkeypatch.setattr(processes, "start_process", fail)
    with pytest.raises(OSError, match="no more processes"):
        ChildProcess(echo, "hello")
    assert [end.closed for end in pipes] == [True, True]


def test_program_that_ends_while_a_child_starts_gives_it_all_that_it_needs(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        dedent(
            """
            import threading
            import time
            from mnist_demo.processes import process_context, start_process

            if __name__ == "__main__":
                first = process_context().Process(target=len, args=("",))
                start_process(first)
                first.join()
                child = process_context().Process(target=len, args=(bytes(200_000_000),), daemon=True)
                threading.Thread(target=start_process, args=(child,), daemon=True).start()
                time.sleep(0.12)
            """
        )
    )
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    ended = subprocess.run(
        [sys.executable, program], env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.skipif(os.name != "posix", reason="only there are processes started through sockets in the file system")
@pytest.mark.parametrize("has_any", [True, False], ids=["a long name", "none at all"])
def test_process_starts_whatever_the_folder_for_temporary_files(tmp_path: Path, has_any: bool) -> None:
    folder = tmp_path / ("long-" * 30)
    folder.mkdir()
    none = "import tempfile; tempfile._candidate_tempdir_list = lambda: ['/nowhere']\n"
    program = (
        f"{'' if has_any else none}from mnist_demo import processes\n"
        "from tests.waiting import say_hello\n"
        "processes.PRELOADED_MODULES = []\n"
        "with processes.ChildProcess(say_hello) as child: print(child.connection.recv())"
    )
    environment = {**os.environ, "TMPDIR": str(folder)}
    command = [sys.executable, "-c", program]
    finished = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert finished.stdout == "hello\n", finished.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such containers")
def test_cores_are_those_that_a_container_may_use() -> None:
    program = dedent(
        """
        import builtins, io, os
        exists, real = os.path.exists, builtins.open
        limit = "/sys/fs/cgroup/cpu.max"
        os.path.exists = lambda path: path == limit or exists(path)
        builtins.open = lambda file, *rest, **more: (
            io.StringIO("100000 100000") if file == limit else real(file, *rest, **more))
        from mnist_demo.processes import core_count
        print(core_count())
        """
    )
    finished = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert finished.stdout == "1\n"


@pytest.mark.skipif(os.name != "posix", reason="elsewhere everybody has a home")
def test_user_without_a_home_keeps_runs_among_the_temporary_files(tmp_path: Path) -> None:
    program = (
        "import pwd; pwd.getpwuid = {}.__getitem__\n"
        "from mnist_demo.data.cache import home_folder\n"
        "from mnist_demo.saved_runs.places import runs_folder\n"
        "print(home_folder(), runs_folder(), sep='\\n')"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HOME", "XDG_", "MNIST_"))}
    environment["TMPDIR"] = str(tmp_path)
    command = [sys.executable, "-c", program]
    finished = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    own = tmp_path / f"mnist-demo-{os.getuid()}"
    assert finished.stdout.splitlines() == [str(own), str(own / "runs")]
    assert own.stat().st_mode & 0o077 == 0


@pytest.fixture
def fork_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[multiprocessing.forkserver.ForkServer]:
    """A fork server that may die: another one than that of the other tests, and one that loads nothing beforehand."""
    process_context()
    server = multiprocessing.forkserver.ForkServer()
    monkeypatch.setattr(server, "_preload_modules", [])
    for name in ("ensure_running", "connect_to_new_process"):
        monkeypatch.setattr(multiprocessing.forkserver, name, getattr(server, name))
    yield server
    server._stop()  # type: ignore[attr-defined]


def kill_fork_server(server: multiprocessing.forkserver.ForkServer) -> None:
    os.kill(server._forkserver_pid, signal.SIGKILL)  # type: ignore[attr-defined]


@pytest.mark.skipif(os.name != "posix", reason="only there is a fork server")
def test_process_is_started_although_what_forks_them_has_just_died(
    fork_server: multiprocessing.forkserver.ForkServer,
) -> None:
    warm_up_processes()
    for _try in range(3):
        kill_fork_server(fork_server)
        with ChildProcess(say_hello, answers_only=True) as child:
            assert child.connection.recv() == "hello"


@pytest.mark.skipif(os.name != "posix", reason="only there is a fork server")
def test_process_whose_fork_server_has_died_can_still_be_ended(
    fork_server: multiprocessing.forkserver.ForkServer,
) -> None:
    warm_up_processes()
    child = ChildProcess(wait_for_ever)
    assert child.connection.recv() == "begun"
    kill_fork_server(fork_server)
    wait_until(lambda: child.process.exitcode is not None)  # as Python has it
    assert exists(child.process.pid or 0)
    child.end()
    wait_until(lambda: not exists(child.process.pid or 0))


def test_modules_that_a_fork_server_loads_beforehand_are_there() -> None:
    # It says nothing of one that is not: every start would be as slow as without it.
    assert [name for name in processes.PRELOADED_MODULES if importlib.util.find_spec(name) is None] == []


def test_processes_are_prepared_once_though_threads_begin_at_the_same_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, barrier = list[int](), threading.Barrier(4)

    def hold() -> None:
        begun.append(threading.get_ident())
        time.sleep(0.05)

    def ask() -> None:
        barrier.wait()
        process_context()

    monkeypatch.setattr(processes, "_hold_folder_of_sockets", hold)
    processes._make_context.cache_clear()
    threads = [threading.Thread(target=ask) for _thread in range(barrier.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == 1
