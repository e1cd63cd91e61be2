"""MNIST from the network, in a child process for each server, so that no server can hold anybody up.

The child fetches, checks and stores; the memory that parsing takes goes with it. The process that waits hears of every
step, and ends a child that is stuck. What is stored is either whole and checked, or not there.
"""

import logging
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

from mnist_demo.data.cache import home_folder, load_cached_mnist, store_mnist
from mnist_demo.data.dataset import MNIST, DigitDataset, ExpectedMnist
from mnist_demo.data.openml import OpenMl
from mnist_demo.data.servers import WORK_PATIENCE, Failure, Mirror, Report, Server, Step, cannot_keep, explain
from mnist_demo.errors import DatasetError, DownloadError
from mnist_demo.files import UNFINISHED_PREFIX, remove_unfinished
from mnist_demo.processes import ChildProcess
from mnist_demo.translation import _, joined, translated

SERVERS: tuple[Server, ...] = (
    OpenMl(),
    Mirror("https://ossci-datasets.s3.amazonaws.com/mnist/"),  # the first that torchvision asks
    Mirror("https://storage.googleapis.com/cvdf-datasets/mnist/"),  # the one of TensorFlow Datasets
)
START_PATIENCE = 120.0  # seconds for a child to start and to import what it needs, on a slow disk
_TICK = 0.1  # seconds
DownloadState = Literal["idle", "running", "finished", "failed"]
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DownloadProgress:
    """How far a download is: `stage` for people, translated, and the `fraction` of it, 0 to 1, or None if unknown."""

    stage: str
    fraction: float | None


@dataclass(frozen=True)
class _Ended:
    """The last word of a child: MNIST is stored, or why that has failed."""

    failure: Failure | None = None


class _CancelledError(Exception):
    """Nobody wants the download any more."""


def download_mnist(
    progress: Callable[[DownloadProgress], None] | None = None,
    home: Path | None = None,
    *,
    servers: Sequence[Server] | None = None,
    expected: ExpectedMnist = MNIST,
) -> DigitDataset:
    """Download MNIST into `home`, from OpenML or else the first mirror that has it, and return it mapped from there.

    Blocks; may take minutes on a slow line, and about 50 seconds if no server answers. Safe in any number of processes
    at once. If `home` has MNIST already, nothing is downloaded.

    Parameters
    ----------
    progress
        Called in this thread with every step.
    servers
        Whom to ask, one after the other; None stands for ``SERVERS``.

    Raises
    ------
    DownloadError
        No server has sent MNIST, or `home` cannot be written. What was there before is untouched.
    """

    def report(step: Step) -> None:
        if progress is not None:
            progress(DownloadProgress(translated(step.stage), step.fraction))

    return _download(report, home or home_folder(), servers or SERVERS, expected, threading.Event())


def _download(
    report: Report, home: Path, servers: Sequence[Server], expected: ExpectedMnist, cancelled: threading.Event
) -> DigitDataset:
    """Do what `download_mnist` says, or raise _CancelledError soon after `cancelled` is set."""
    home = home.absolute()
    remove_unfinished(home)
    failures: list[Failure] = []
    for server in servers:
        if (dataset := load_cached_mnist(home, expected)) is not None:
            return dataset
        failure = _ask(server, home, expected, report, cancelled)
        if failure is not None and failure.is_final:
            raise DownloadError(failure.reason)
        if failure is not None:
            _logger.info("%s: %s", failure.reason, failure.detail)
            failures.append(failure)
    if (dataset := load_cached_mnist(home, expected)) is not None:
        return dataset
    message = _(
        "MNIST could not be downloaded ({reasons}); check the network connection and try again, or put MNIST's four "
        "files into a folder and set MNIST_DEMO_DATA to it."
    )
    raise DownloadError(message.format(reasons=joined("; ", [failure.reason for failure in failures])))


def _ask(
    server: Server, home: Path, expected: ExpectedMnist, report: Report, cancelled: threading.Event
) -> Failure | None:
    """Let a child process put MNIST from `server` into `home`; return None, or why that has failed."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(prefix=UNFINISHED_PREFIX, dir=home, ignore_cleanup_errors=True)
    except OSError as error:
        return cannot_keep(home, error)
    with (
        scratch as folder,
        ChildProcess(
            _fetch_in_child, server, Path(folder), home, expected, name="download", answers_only=True
        ) as child,
    ):
        return _follow(child.connection, server, report, cancelled)


def _follow(receiver: Connection, server: Server, report: Report, cancelled: threading.Event) -> Failure | None:
    """Pass a child's steps on to `report` until its last word, and return why it has failed, if it has."""
    deadline = time.monotonic() + START_PATIENCE
    while not cancelled.is_set():
        try:
            if not receiver.poll(_TICK):
                if time.monotonic() > deadline:
                    return Failure(_("{server} does not answer").format(server=server.name))
                continue
            word: Step | _Ended = receiver.recv()
        except (EOFError, OSError):
            message = _("the download from {server} ended unexpectedly, perhaps for lack of memory")
            return Failure(message.format(server=server.name))
        match word:
            case _Ended(failure):
                return failure
            case Step():
                deadline = time.monotonic() + word.patience
                report(word)
    raise _CancelledError


def _fetch_in_child(connection: Connection, server: Server, scratch: Path, home: Path, expected: ExpectedMnist) -> None:
    """Fetch MNIST from `server`, check it and store it in `home`; send every Step, and how it has ended."""
    threading.Thread(target=_end_with_parent, args=(scratch,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends this process
    warnings.simplefilter("ignore")  # scikit-learn's, of retries
    try:
        dataset = server.fetch(scratch, expected, connection.send)
        expected.check(dataset)
    except Exception as error:
        connection.send(_Ended(explain(error, server, home)))
        return
    connection.send(Step(_("Storing MNIST"), None, WORK_PATIENCE))
    try:
        store_mnist(dataset, home, expected)
    except DatasetError as error:
        connection.send(_Ended(cannot_keep(home, error.__cause__)))
        return
    connection.send(_Ended())


def _end_with_parent(scratch: Path) -> None:
    """End this process when its parent has died, however it died, and clean up in its place."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        shutil.rmtree(scratch, ignore_errors=True)
        os._exit(1)


class MnistDownload:
    """`download_mnist` beside a page: a thread that mostly sleeps waits for the children; any thread may ask."""

    def __init__(
        self, home: Path | None = None, *, servers: Sequence[Server] | None = None, expected: ExpectedMnist = MNIST
    ) -> None:
        self._home, self._servers, self._expected = home, servers or SERVERS, expected
        self._lock = threading.Lock()
        self._state: DownloadState = "idle"
        self._step: Step | None = None
        self._error: Exception | None = None
        self._cancelled = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> DownloadState:
        """How it stands; ``finished`` means that `load_cached_mnist` has MNIST now."""
        with self._lock:
            return self._state

    @property
    def progress(self) -> DownloadProgress | None:
        """The newest step of a running download, in the reader's language."""
        with self._lock:
            step = self._step
        return None if step is None else DownloadProgress(translated(step.stage), step.fraction)

    @property
    def error(self) -> str | None:
        """Why the last attempt failed and what to do, in the reader's language, or None if it did not fail."""
        with self._lock:
            error = self._error
        return None if error is None else str(error)

    def start(self) -> None:
        """Begin to download, or again after a failure; do nothing while it is running, or when it has finished."""
        with self._lock:
            if self._state in ("running", "finished"):
                return
            cancelled = threading.Event()
            thread = threading.Thread(target=self._run, args=(self._home or home_folder(), cancelled), daemon=True)
            thread.start()  # where there are too many, nothing is running, and the next attempt tries again
            self._state, self._step, self._error = "running", None, None
            self._thread, self._cancelled = thread, cancelled

    def close(self) -> None:
        """End a running download, its child process included, within a fraction of a second; `start` begins anew."""
        with self._lock:
            self._cancelled.set()
            if self._state == "running":
                self._state, self._step = "idle", None
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self, home: Path, cancelled: threading.Event) -> None:
        def report(step: Step) -> None:
            with self._lock:
                if not cancelled.is_set():
                    self._step = step

        error: Exception | None = None
        try:
            _download(report, home, self._servers, self._expected, cancelled)
        except DownloadError as problem:
            error = problem
        except Exception as problem:  # in a thread nobody would hear of it, and the page would wait for ever
            _logger.debug("Download of MNIST", exc_info=True)
            message = _("The download of MNIST has failed unexpectedly ({reason}); start it again.")
            error = DownloadError(message.format(reason=problem))
        with self._lock:
            if not cancelled.is_set():
                self._state, self._step, self._error = "failed" if error else "finished", None, error
