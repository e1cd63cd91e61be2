"""A run that a cluster computes, seen from this server: the task of Dask's, and the connection that it opens."""

import contextlib
import dataclasses
import os
import queue
import socket
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import numpy as np

from mnist_demo.jobs.cluster_task import Gone, Hello, Work
from mnist_demo.jobs.computing import InterruptedComputationError
from mnist_demo.jobs.messages import Command, Report, Rest, receive_report
from mnist_demo.jobs.outbox import Outbox
from mnist_demo.translation import _

if TYPE_CHECKING:
    from distributed import Future

# So often the task is asked whether a worker will come at all.
ARRIVAL_SECONDS = 0.2


class ClusterTask:
    """One task on the cluster, and the connection that it opens to this server.

    Parameters
    ----------
    worker
        The address of the worker that it is for.
    cores_used
        Tells how many cores it keeps busy there.
    may_come
        Tells whether that worker is still there: one that was started anew has another address, and Dask waits for the
        old one for good.
    """

    def __init__(
        self,
        future: "Future[None]",
        work: Work,
        arrivals: "queue.Queue[tuple[Connection, Hello]]",
        worker: str,
        cores_used: Callable[[], int],
        forget: Callable[[], object],
        may_come: Callable[[], bool],
    ) -> None:
        self._future, self._work, self._arrivals = future, work, arrivals
        self.worker, self.cores_used = worker, cores_used
        self._forget, self._may_come = forget, may_come
        self._connection: Connection | None = None
        self._is_closed = False

    def connection(self, timeout: float | None = None) -> Connection:
        """Wait for the worker, and give it its work; raise OSError or EOFError when none comes."""
        while self._connection is None:
            try:
                self._connection, hello = self._arrivals.get(timeout=ARRIVAL_SECONDS)
            except queue.Empty:
                is_over = self._future.status in ("error", "cancelled", "lost")
                if self._is_closed or is_over or not self._may_come():
                    raise EOFError(self.failure()) from None
                if timeout is not None and (timeout := timeout - ARRIVAL_SECONDS) <= 0:
                    raise OSError("no worker came") from None
            else:
                self._connection.send(_without_known_pixels(self._work, hello.digests))
        return self._connection

    def failure(self) -> str:
        """Return why the task failed, empty where it did not."""
        return repr(self._future.exception()) if self._future.status == "error" else ""

    def hang_up(self) -> None:
        """Break the connection, which ends what computes at its other end; whoever waits for a message finds out."""
        self._is_closed = True
        with contextlib.suppress(Exception):  # its scheduler may be gone, and Dask then raises many kinds
            self._future.cancel()
        if self._connection is not None:
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Free what it held."""
        self.hang_up()
        self._forget()
        if self._connection is not None:
            self._connection.close()


class ClusterComputation:
    """A run on the cluster. See `Computation`.

    `problem` says in a sentence why the cluster computes nothing, while that is so; `on_loss` is called when the
    connection to the worker broke.
    """

    pid = None

    def __init__(self, task: ClusterTask, problem: Callable[[], str], on_loss: Callable[[], None]) -> None:
        self._task, self._problem, self._on_loss = task, problem, on_loss
        self._outbox: Outbox | None = None
        self._early: list[Command] = []  # before the worker has come
        self._lock = threading.Lock()
        self._reason = ""
        self._is_killed = False

    def send(self, command: Command) -> None:
        if isinstance(command, Rest):
            return  # the page answers on a core of its own
        with self._lock:
            if self._outbox is None:
                self._early.append(command)
            else:
                self._outbox.put(command)

    def receive(self) -> Report:
        try:
            connection = self._task.connection()
            self._begin_to_send(connection)
            report = receive_report(connection)
        except (EOFError, OSError) as error:
            self._reason = self._task.failure()
            if self._is_killed or (self._reason and "KilledWorker" not in self._reason):
                raise EOFError from error
            self._on_loss()
            why = _("What computed this run is gone: it goes on from its last saved point as soon as it can.")
            raise InterruptedComputationError(self._problem() or why) from error
        if isinstance(report, Gone):
            self._reason = report.reason
            raise EOFError
        return report

    def kill(self) -> None:
        self._is_killed = True
        self._task.hang_up()

    def end(self, timeout: float | None) -> str:
        if self._outbox is not None:
            self._outbox.close()
        self._task.close()
        return self._reason

    def _begin_to_send(self, connection: Connection) -> None:
        with self._lock:
            if self._outbox is None:
                self._outbox = Outbox(connection, "commands")
                for command in self._early:
                    self._outbox.put(command)


def _without_known_pixels(work: Work, digests: tuple[str, ...]) -> Work:
    """Return `work` for another machine: with the pixels themselves, not the name of a file, or without any."""
    dataset = work.assignment.dataset
    if dataset.digest in digests:
        none = np.zeros((0, *dataset.train_pixels.shape[1:]), np.uint8)
        labels = np.zeros(0, np.int64)
        sent = dataclasses.replace(
            dataset, train_pixels=none, test_pixels=none, train_labels=labels, test_labels=labels
        )
    else:
        sent = dataclasses.replace(
            dataset, train_pixels=np.array(dataset.train_pixels), test_pixels=np.array(dataset.test_pixels)
        )
    return dataclasses.replace(work, assignment=dataclasses.replace(work.assignment, dataset=sent))
