"""The part of a Dask worker: it takes one run, or one measurement, over a connection of its own to the page.

The run itself is computed by a child of the worker, as on a page's machine, so that it can be ended, has a number of
threads of its own, and gives the same figures. Only what one has to say to the other goes through here.
"""

import contextlib
import dataclasses
import importlib.metadata
import multiprocessing
import signal
import threading
from collections import OrderedDict
from dataclasses import dataclass
from multiprocessing.connection import Client, Connection

from distributed import secede

import mnist_demo
from mnist_demo.data.dataset import DigitDataset
from mnist_demo.jobs.computing import run_in_child
from mnist_demo.jobs.endings import describe_end
from mnist_demo.jobs.estimate import measure_rates
from mnist_demo.jobs.messages import Assignment, receive_report
from mnist_demo.processes import UNKNOWN_END, ChildProcess, kill, warm_up_processes

# MNIST has 55 MB, and a class seldom has more than these two and its own.
MAX_DATASETS = 3
_datasets: OrderedDict[str, DigitDataset] = OrderedDict()
_loading = threading.Lock()


@dataclass(frozen=True)
class Versions:
    """What has to be the same on both sides, for the same figures and for messages that are understood."""

    program: str
    torch: str


@dataclass(frozen=True)
class Hello:
    """The first message to a page: which of its tasks calls, and which data sets are here already, by their digests."""

    token: str
    digests: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Work:
    """The page's answer. The assignment has no pixels where the data set is here already.

    With `is_measured` the pace is wanted and no run.
    """

    assignment: Assignment
    is_measured: bool = False


@dataclass(frozen=True)
class Gone:
    """The last message of a run: how its process ended, in words."""

    reason: str


def versions() -> Versions:
    """Return the versions of this machine, without loading torch."""
    return Versions(mnist_demo.__version__, importlib.metadata.version("torch"))


def prepare_worker() -> Versions:
    """Have the first run of this worker start as quickly as every other; return the worker's versions."""
    _allow_children()
    warm_up_processes()
    return versions()


def compute_for_page(address: tuple[str, int], key: bytes, token: str) -> None:
    """Connect to the page at `address`, and do what it wants; return when that is done or the page is gone.

    Parameters
    ----------
    key
        The page's secret: each side makes sure that the other one knows it.
    token
        Which task this is; the page knows no other.
    """
    # The page shares out the cores itself, and has another run compute while this one is paused or in slow motion: it
    # must not keep the one thread that Dask has for that.
    secede()
    _allow_children()
    with contextlib.suppress(EOFError, OSError), Client(address, authkey=key) as page:
        work = _receive_work(page, token)
        if work.is_measured:
            page.send(measure_rates(work.assignment.hyperparameters, work.assignment.dataset, work.assignment.device))
        else:
            _compute(page, work.assignment)


def _receive_work(page: Connection, token: str) -> Work:
    with _loading:  # of two tasks that begin at once, the second finds what the first one has got
        page.send(Hello(token, tuple(_datasets)))
        work: Work = page.recv()
        dataset = work.assignment.dataset
        if dataset.digest in _datasets:
            dataset = _datasets[dataset.digest]
        _datasets[dataset.digest] = dataset
        _datasets.move_to_end(dataset.digest)
        while len(_datasets) > MAX_DATASETS:
            _datasets.popitem(last=False)
    return dataclasses.replace(work, assignment=dataclasses.replace(work.assignment, dataset=dataset))


def _compute(page: Connection, assignment: Assignment) -> None:
    with ChildProcess(run_in_child, assignment) as child:
        threading.Thread(target=_hand_on_commands, args=(page, child), name="commands", daemon=True).start()
        try:
            while True:
                report = receive_report(child.connection)
                # Pickled, a large content is its bytes: the other side is another machine.
                page.send((report, False))
        except EOFError:
            child.process.join()
            # A worker that ends has its children end: the page finds the connection closed, and has the run go on
            # elsewhere.
            if child.process.exitcode not in (-signal.SIGTERM, UNKNOWN_END):
                page.send((Gone(describe_end(child.process.exitcode)), False))


def _hand_on_commands(page: Connection, child: ChildProcess) -> None:
    """Hand on what the page commands; when it is gone, or closes the connection, end the run."""
    try:
        while True:
            child.connection.send(page.recv())
    except (EOFError, OSError, ValueError, TypeError):
        kill(child.process)


def _allow_children() -> None:
    """Let this process have children: Dask's nanny starts it as a daemon, to which Python allows none.

    They are daemons themselves, and end when this process does: see `ChildProcess` and `mnist_demo.jobs.worker`. Dask
    has a setting for it, ``distributed.worker.daemon``, which whoever starts the workers would have to know of.
    """
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
