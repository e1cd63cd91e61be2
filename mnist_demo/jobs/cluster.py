"""Runs that are computed by the workers of a Dask scheduler, each as by a process of this machine.

This server chooses a worker for a run, as it alone knows which of its runs are paused, and Dask starts a small task
there (`mnist_demo.jobs.cluster_task`), which connects to this server by itself: commands and reports go straight
between the two, not through the scheduler. Both sides prove that they know a secret which is new for each server and
travels in the task, so whoever can read what goes between Dask's own processes could read this too.

This module needs Dask's ``distributed`` (``pip install mnist-demo[cluster]``) and is imported only where a cluster is
asked for.
"""

import contextlib
import dataclasses
import logging
import queue
import secrets
import socket
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection, Listener, answer_challenge, deliver_challenge
from typing import Any

from distributed import Client

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.devices import CPU
from mnist_demo.jobs.cluster_run import ClusterComputation, ClusterTask
from mnist_demo.jobs.cluster_task import Hello, Versions, Work, compute_for_page, prepare_worker, versions
from mnist_demo.jobs.computing import InterruptedComputationError
from mnist_demo.jobs.estimate import Rates, received_rates
from mnist_demo.jobs.messages import Assignment
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.translation import N_, _

LOOK_SECONDS, CONNECT_SECONDS = 2.0, 5.0
MEASURE_SECONDS = 60.0
CANNOT_BE_REACHED = N_(
    "The cluster cannot be reached at the moment. Runs wait, and go on from their last saved points."
)
HAS_NO_WORKERS = N_("The cluster has no workers at the moment. Runs wait until there are some.")
_logger = logging.getLogger(__name__)


class Cluster:
    """The workers of the scheduler at `address`, such as ``tcp://host:8786``, as a `Computing`.

    `on_change` is called, from a thread of its own, when workers have come or gone.
    """

    shares_cores_with_page = False

    def __init__(self, address: str, on_change: Callable[[], None] = lambda: None) -> None:
        self.address = address
        self.on_change = on_change
        self.cores, self.threads = 1, 1
        self.problem = CANNOT_BE_REACHED
        self.workers: Mapping[str, Versions | Exception] = {}
        self._cores_of: Mapping[str, int] = {}  # by workers
        self._tasks_on: Mapping[str, int] = {}  # of all servers, when it was last looked
        self._key = secrets.token_bytes(32)
        self._arrivals: dict[str, queue.Queue[tuple[Connection, Hello]]] = {}
        self._tasks: dict[str, ClusterTask] = {}
        self._client: Client | None = None
        self._listener: Listener | None = None
        self._closed = threading.Event()
        threading.Thread(target=self._look_forever, name="cluster", daemon=True).start()

    def compute(self, assignment: Assignment, job_id: str, cores_used: Callable[[], int]) -> ClusterComputation:
        threads = min(assignment.threads, self.threads)
        task = self.submit(Work(dataclasses.replace(assignment, threads=threads)), job_id, cores_used)
        return ClusterComputation(task, lambda: _(self.problem), lambda: self._leave_out(task.worker))

    def measure_rates(
        self,
        hyperparameters: Hyperparameters,
        dataset: DigitDataset,
        device: str = CPU,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> Rates:
        """Do what `mnist_demo.jobs.estimate.measure_rates` does, errors included, on the machine of a worker."""
        work = Work(Assignment(hyperparameters, dataset, device=device), is_measured=True)
        try:
            task = self.submit(work, "measurement")
        except InterruptedComputationError as error:
            raise OSError(str(error)) from error
        with contextlib.closing(task):
            return received_rates(task.connection(MEASURE_SECONDS), MEASURE_SECONDS, is_wanted)

    def submit(self, work: Work, name: str, cores_used: Callable[[], int] = lambda: 1) -> ClusterTask:
        """Have the worker with most free cores do `work`; raise InterruptedComputationError while there is none."""
        client, listener = self._client, self._listener
        worker = self._freest_worker()
        if client is None or listener is None or client.status != "running" or worker is None:
            raise InterruptedComputationError(_(self.problem or HAS_NO_WORKERS))
        token = secrets.token_hex(16)
        arrivals = self._arrivals[token] = queue.Queue()
        future = client.submit(
            compute_for_page,
            listener.address,
            self._key,
            token,
            key=f"mnist-demo-{name}-{token}",
            workers=[worker],
            pure=False,
        )
        task = self._tasks[token] = ClusterTask(
            future,
            work,
            arrivals,
            worker,
            cores_used,
            forget=lambda: self._forget(token),
            may_come=lambda: worker in self.workers,
        )
        return task

    def _freest_worker(self) -> str | None:
        """Return the worker on which fewest runs of this server compute, for its cores; of several, the emptiest one.

        Dask does not tell which tasks of other servers compute, only how many there are.
        """
        busy: Counter[str] = Counter()
        for task in list(self._tasks.values()):
            busy[task.worker] += task.cores_used()
        fit = [address for address, found in self.workers.items() if found == versions()]
        cores_of, tasks_on = self._cores_of, self._tasks_on
        return max(fit, key=lambda one: (cores_of.get(one, 0) - busy[one], -tasks_on.get(one, 0)), default=None)

    def _leave_out(self, worker: str) -> None:
        """Give `worker` nothing to do until Dask says again that it is there: Dask may not know yet that it is gone."""
        self.workers = {address: found for address, found in self.workers.items() if address != worker}

    def _forget(self, token: str) -> None:
        self._arrivals.pop(token, None)
        self._tasks.pop(token, None)

    def close(self) -> None:
        self._closed.set()
        if self._listener is not None:
            self._listener.close()
        self._leave()

    def _leave(self) -> None:
        """Close the connection to the scheduler, which may be gone."""
        if self._client is not None:
            with contextlib.suppress(Exception):  # Dask raises many kinds where the other side is gone
                self._client.close(timeout=CONNECT_SECONDS)

    def _look_forever(self) -> None:
        while not self._closed.is_set():
            before = self.problem, self.cores, set(self.workers)
            try:
                self._look()
            except Exception as error:  # Dask raises many kinds where a connection breaks
                _logger.warning("The cluster at %s cannot be reached: %s", self.address, error)
                self.problem = CANNOT_BE_REACHED
                self._interrupt_if_lost()
            if (self.problem, self.cores, set(self.workers)) != before:
                self.on_change()
            self._closed.wait(LOOK_SECONDS)

    def _interrupt_if_lost(self) -> None:
        """Have all runs wait where the scheduler is gone.

        Its workers end then, each when what it computes has, or after half a minute: none comes back before.
        """
        if self._client is None or self._client.status != "running":
            for task in list(self._tasks.values()):
                task.hang_up()

    def _look(self) -> None:
        """Connect where there is no connection, and find out which workers there are."""
        if self._client is None or self._client.status != "running":
            self._leave()
            self._client = Client(self.address, timeout=CONNECT_SECONDS, set_as_default=False, name="mnist-demo")
        if self._listener is None:
            self._listener = Listener((_own_address(self.address), 0), backlog=50)
            threading.Thread(target=self._welcome_forever, args=(self._listener,), name="workers", daemon=True).start()
        there: Mapping[str, Any] = self._client.scheduler_info()["workers"]
        # Dask lets a worker that lacks memory, or is about to end, begin nothing.
        cores_of = {address: worker["nthreads"] for address, worker in there.items() if worker["status"] == "running"}
        known = self.workers
        new = [address for address in cores_of if address not in known]
        answers = self._client.run(prepare_worker, workers=new, on_error="return") if new else {}
        self._tasks_on = {address: len(tasks) for address, tasks in self._client.processing().items()}
        self._cores_of = cores_of
        self.workers = {address: answers.get(address) or known[address] for address in cores_of}
        threads = [cores_of[address] for address, have in self.workers.items() if have == versions()]
        self.cores, self.threads = sum(threads) or 1, max(threads, default=1)
        self.problem = "" if threads else self._why_none_is_fit()

    def _why_none_is_fit(self) -> str:
        return HAS_NO_WORKERS if not self.workers else refusals(self.workers)[0]

    def _welcome_forever(self, listener: Listener) -> None:
        while not self._closed.is_set():
            try:
                connection = listener.accept()
            except OSError:
                if self._closed.is_set():
                    return
                continue
            threading.Thread(target=self._welcome, args=(connection,), name="welcome", daemon=True).start()

    def _welcome(self, connection: Connection) -> None:
        """Hand a worker's connection to the task that waits for it; one that does not know the secret is refused."""
        try:
            deliver_challenge(connection, self._key)
            answer_challenge(connection, self._key)
            hello: Hello = connection.recv()
            self._arrivals[hello.token].put((connection, hello))
        except Exception:  # a stranger, who may send whatever he likes, or a task that nobody waits for any more
            connection.close()


def refusals(workers: Mapping[str, Versions | Exception]) -> list[str]:
    """Return a sentence for each worker that cannot compute for this program."""
    ours, sentences = versions(), []
    for address, found in workers.items():
        if isinstance(found, Exception):
            sentence = _(
                "The worker at {address} has no mnist-demo that can be used: install this version there ({ours})."
            )
        elif found != ours:
            sentence = _(
                "The worker at {address} has mnist-demo {program} and torch {torch}, and this server {ours}: runs need "
                "the same on both."
            )
        else:
            continue
        theirs = dataclasses.asdict(found) if isinstance(found, Versions) else {}
        sentences.append(sentence.format(address=address, ours=in_words(ours), **theirs))
    return sentences


def in_words(found: Versions) -> str:
    return _("mnist-demo {program}, torch {torch}").format(program=found.program, torch=found.torch)


def _own_address(scheduler: str) -> str:
    """Return the address of this machine from which `scheduler` is reached: workers most likely reach it there."""
    host, _colon, port = scheduler.rpartition("://")[2].rpartition(":")
    with socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS) as line:
        address: str = line.getsockname()[0]
        return address
