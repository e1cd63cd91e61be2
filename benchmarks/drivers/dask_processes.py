"""A Dask scheduler and its workers on this machine, each in a process of its own."""

import subprocess
import sys

from tests.browser.server import free_port


class DaskProcesses:
    """A scheduler, and so many workers of one thread that come to it; each can be killed, and started anew."""

    def __init__(self, workers: int) -> None:
        self.port = free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self._running: list[subprocess.Popen[bytes]] = []
        self._start_all(workers)

    def kill_scheduler(self) -> None:
        """Kill the scheduler; Dask's workers then end by themselves."""
        self.scheduler.kill()
        self.scheduler.wait()

    def start_again(self) -> None:
        """Start a scheduler at the same address and as many workers, as what keeps services running does."""
        for worker in self.workers:
            worker.wait(20)
        self._start_all(len(self.workers))

    def replace_worker(self, pid: int) -> None:
        """Tell the worker with that process id to end, and start another one."""
        (number,) = [number for number, worker in enumerate(self.workers) if worker.pid == pid]
        self.workers[number].terminate()
        self.workers[number].wait(20)
        self.workers[number] = self._start_worker()

    def _start_all(self, workers: int) -> None:
        self.scheduler = self.start("dask_scheduler", "--port", str(self.port))
        self.workers = [self._start_worker() for _worker in range(workers)]

    def _start_worker(self) -> "subprocess.Popen[bytes]":
        return self.start("dask_worker", self.address, "--nthreads", "1")

    def start(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start ``dask_scheduler`` or ``dask_worker``."""
        command = [sys.executable, "-m", f"distributed.cli.{program}", *arguments, "--host", "127.0.0.1"]
        process = subprocess.Popen([*command, "--no-dashboard"], stderr=subprocess.DEVNULL)
        self._running.append(process)
        return process

    def close(self) -> None:
        """End all of them, the scheduler last: a worker that is told to end looks for one that has gone for 8 s."""
        for process in reversed(self._running):
            process.terminate()
            process.wait(20)
