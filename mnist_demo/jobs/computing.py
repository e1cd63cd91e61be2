"""The seam between a run and what computes it: processes on this machine, or a cluster (`mnist_demo.jobs.cluster`)."""

from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Protocol

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import JobError
from mnist_demo.jobs.endings import could_not_be_started, describe_end
from mnist_demo.jobs.estimate import Rates, measure_rates
from mnist_demo.jobs.messages import Assignment, Command, Report, receive_report
from mnist_demo.jobs.outbox import Outbox
from mnist_demo.processes import ChildProcess, core_count, kill
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.translation import _


class InterruptedComputationError(JobError):
    """What computed a run is gone through no fault of the run, which can go on elsewhere from its last saved point."""


class Computation(Protocol):
    """A run that is being computed; from its assignment on it obeys commands and reports."""

    @property
    def pid(self) -> int | None:
        """The id of its process, where that is one of this machine."""

    def send(self, command: Command) -> None:
        """Have the command obeyed after those before it; returns at once, and never fails."""

    def receive(self) -> Report:
        """Return the next report, and wait for it.

        Raises
        ------
        EOFError, OSError
            When the process that computes has ended without its last report.
        InterruptedComputationError
            When it may be begun again elsewhere.
        """

    def kill(self) -> None:
        """End it, whatever it does."""

    def end(self, timeout: float | None) -> str:
        """Wait until it has ended, at most `timeout` seconds; free what it held, and return how it ended, in words."""


class Computing(Protocol):
    """A place where runs are computed."""

    @property
    def cores(self) -> int:
        """How many cores there are for runs, at the moment."""

    @property
    def problem(self) -> str:
        """Why no run can begin at the moment, a message for people, or empty."""

    @property
    def shares_cores_with_page(self) -> bool:
        """Whether a run takes cores that the page needs for its answers."""

    def compute(self, assignment: Assignment, job_id: str, cores_used: Callable[[], int]) -> Computation:
        """Begin to compute; `cores_used` tells how many cores the run keeps busy, whenever it is asked.

        Raises
        ------
        JobError
            When that cannot be done; InterruptedComputationError when it may be tried again later.
        """

    def measure_rates(
        self, hyperparameters: Hyperparameters, dataset: DigitDataset, device: str, is_wanted: Callable[[], bool]
    ) -> Rates:
        """Measure how long the parts of a run take there; see `mnist_demo.jobs.estimate.measure_rates`."""

    def close(self) -> None:
        """End all that computes."""


class Here:
    """This machine: a process for each run. See `Computing`."""

    shares_cores_with_page = True

    def __init__(self, cores: int | None = None, problem: str = "") -> None:
        self.cores, self.problem = cores or core_count(), problem

    def compute(self, assignment: Assignment, job_id: str, cores_used: Callable[[], int]) -> "LocalComputation":
        if self.problem:
            raise InterruptedComputationError(_(self.problem))
        try:
            return LocalComputation(assignment, job_id)
        except (OSError, RuntimeError) as error:  # too many files, processes or threads
            raise JobError(could_not_be_started(error)) from error

    def measure_rates(
        self, hyperparameters: Hyperparameters, dataset: DigitDataset, device: str, is_wanted: Callable[[], bool]
    ) -> Rates:
        return measure_rates(hyperparameters, dataset, device, is_wanted)

    def close(self) -> None:
        """Do nothing: each process ends with its job."""


class LocalComputation:
    """A run in a process of this machine. See `Computation`."""

    def __init__(self, assignment: Assignment, job_id: str) -> None:
        self._child = ChildProcess(run_in_child, assignment)
        try:
            self._outbox = Outbox(self._child.connection, f"commands {job_id}")
        except RuntimeError:
            self._child.end()
            raise

    @property
    def pid(self) -> int | None:
        return self._child.process.pid

    def send(self, command: Command) -> None:
        self._outbox.put(command)

    def receive(self) -> Report:
        return receive_report(self._child.connection)

    def kill(self) -> None:
        kill(self._child.process)

    def end(self, timeout: float | None) -> str:
        self._child.process.join(timeout)
        self._outbox.close()
        self._child.end()
        return describe_end(self._child.process.exitcode)


def run_in_child(connection: Connection, assignment: Assignment) -> None:
    """Compute the run in this process, which is a child of whoever holds the other end of `connection`."""
    # Imported in the child: the page's process need not have torch for this.
    from mnist_demo.jobs.worker import run_worker

    run_worker(connection, assignment)
