"""The use of the machine: one way to start processes, and how they share its cores and memory.

A fork server that has torch loaded already starts a child in about 0.04 s; ``spawn``, where there is no fork server
(Windows), takes about 2 s. The child imports the entry script again under the name ``__mp_main__``, so the body of an
entry script stands under ``if __name__ == "__main__":``.
"""

import atexit
import contextlib
import ctypes
import functools
import logging
import multiprocessing
import multiprocessing.context
import multiprocessing.forkserver
import multiprocessing.util
import os
import shutil
import signal
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Self

from mnist_demo.translation import _

if TYPE_CHECKING:
    from filelock import FileLock

PRELOADED_MODULES = ["torch", "torch.optim", "mnist_demo.training.loop"]
# Which one waits where several want the same core: training for the answer to a stroke, an analysis for training.
TRAINING_NICENESS, ANALYSIS_NICENESS = 10, 15
# Pieces up to this size are kept when they are freed (mallopt(3) takes no more), and so much of them in all.
KEPT_PIECE_BYTES, KEPT_BYTES = 32 * 2**20, 64 * 2**20
# Of a server: larger pieces are given back when they are freed, and its threads share so many heaps.
LARGE_PIECE_BYTES, HEAPS = 256 * 2**10, 2
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # as malloc.h names them
_AUTOGROUP = Path("/proc/self/autogroup")
# Bytes. Of 104 for a path (macOS; Linux has 108), multiprocessing needs 33 for a folder and a file in it.
LONGEST_SOCKET_FOLDER = 70
SOCKETS_LOCK = "mnist-demo.lock"  # in the folder of the sockets, by which those of this program are known
# What is known of the end of a process whose fork server has ended first: it may go on.
UNKNOWN_END = 255

_logger = logging.getLogger(__name__)
_starting = threading.Lock()  # whoever ends waits for children that are just starting: half of one makes a traceback
atexit.register(_starting.acquire, timeout=5.0)
_making_context = threading.RLock()


def process_context() -> multiprocessing.context.BaseContext:
    """Return the multiprocessing context that every child process of this program is started from."""
    with _making_context:  # a cache alone has two threads that ask at once make two
        return _make_context()


@functools.cache
def _make_context() -> multiprocessing.context.BaseContext:
    let_threads_sleep()
    _have_room_for_sockets()
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    _hold_folder_of_sockets()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED_MODULES)
    return context


def _have_room_for_sockets() -> None:
    """Have temporary files elsewhere where the path of a socket among them would be longer than systems allow.

    Processes are started through sockets. Where there is no folder for them, as in many a container, it is the home.

    Raises
    ------
    OSError
        When there is none; the message names no folder, since visitors read it.
    """
    if os.name != "posix":
        return
    usual = None
    with contextlib.suppress(FileNotFoundError):  # none of the usual folders can be written
        usual = tempfile.gettempdir()
        if len(os.fsencode(usual)) <= LONGEST_SOCKET_FOLDER:
            return
    for folder in ("/tmp", "/var/tmp", "/dev/shm", os.environ.get("MNIST_DEMO_HOME", "")):
        if folder and len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER and os.access(folder, os.W_OK | os.X_OK):
            tempfile.tempdir = folder
            return
    if usual is None:
        raise OSError(_("no folder for temporary files can be written; TMPDIR can name one"))


@functools.cache
def _hold_folder_of_sockets() -> "FileLock | None":
    """Have the folder that multiprocessing keeps its sockets in removed by the next program, where this one is killed.

    Returns the lock in that folder, which is held until this process ends, however it ends.
    """
    from filelock import FileLock  # here, not above: who starts no processes need not wait for it

    if multiprocessing.parent_process() is not None:
        return None  # it shares the folder of who has started it
    try:
        folder = Path(multiprocessing.util.get_temp_dir())
        _remove_sockets_of_the_killed(folder.parent)
        lock = FileLock(folder / "new.lock", thread_local=False)
        lock.acquire(timeout=0)
        Path(lock.lock_file).rename(folder / SOCKETS_LOCK)  # nobody sees it without this process in it
    except OSError:
        return None  # there is no folder for temporary files: who starts a process says so
    return lock


def _remove_sockets_of_the_killed(temporary: Path) -> None:
    from filelock import FileLock, Timeout

    for path in temporary.glob(f"pymp-*/{SOCKETS_LOCK}"):
        with contextlib.suppress(OSError, Timeout):
            status = path.parent.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
                continue  # what others put there may be meant to have another file emptied
            with FileLock(path, thread_local=False).acquire(timeout=0):
                shutil.rmtree(path.parent)


def start_process(process: BaseProcess) -> None:
    """Start a child process, with all that it needs, also where this one ends now; OSError when that cannot be done."""
    with _starting:
        try:
            with contextlib.suppress(ConnectionError, EOFError):
                return process.start()
            time.sleep(0.2)  # what forks all of them has just died: there is another once that is known
            return process.start()
        except EOFError as error:
            raise OSError(str(error)) from error


class ChildProcess:
    """A process of its own with a pipe to it, started at once; at the end of a ``with`` block it is gone.

    Parameters
    ----------
    target
        Called in the process with its end of the pipe and `arguments`. They, and all that is sent, are pickled.
    name
        What the process is called among ``multiprocessing.active_children()``.
    answers_only
        Whether only the process sends, and listens to nothing.

    Raises
    ------
    OSError
        When it cannot be started.
    """

    def __init__(
        self, target: Callable[..., None], *arguments: object, name: str | None = None, answers_only: bool = False
    ) -> None:
        self.connection, theirs = process_context().Pipe(duplex=not answers_only)
        self.process: BaseProcess = process_context().Process(  # type: ignore[attr-defined]
            target=target, args=(theirs, *arguments), name=name, daemon=True
        )
        try:
            # The far end is closed here, so that the near one comes to its end when the process does.
            with theirs:
                start_process(self.process)
        except BaseException:
            self.connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.end()

    def end(self) -> None:
        """End the process now if it has not ended by itself, and close the pipe."""
        kill(self.process)
        # Not closed as well: a program that ends in this moment may be about to wait for it, which then raises.
        self.process.join()
        self.connection.close()


def kill(process: BaseProcess) -> None:
    """End `process` now; also one whose fork server has ended, for which Python takes it to have ended as well."""
    process.kill()
    if process.exitcode == UNKNOWN_END and process.pid is not None and sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)


def let_threads_sleep() -> None:
    """Have torch's threads wait for one another awake for a moment only, unless the environment says otherwise.

    Waiting awake is quick, but takes the core from what is waited for as soon as something else computes too. Measured
    with two threads on two cores, a convnet's epoch on all of MNIST when they are idle, and on a tenth of it when both
    are busy: by default 6.9 and 27.7 s, asleep at once 12.4 and 2.4 s, after 30,000 turns 6.9 and 1.7 s. To be called
    before torch is loaded; children inherit it. Only GNU's OpenMP, which torch brings on Linux, knows this variable.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "30000")


def let_threads_take_turns() -> None:
    """Have Python's threads give way to one another after a millisecond of computing, not after five.

    torch lets go of the interpreter in each of its operations, and then waits for its turn again. Measured while
    another thread computes something long in Python: a stroke is read in 350 ms by default, in 65 ms with this, and
    in 1.3 ms when nothing else computes.
    """
    sys.setswitchinterval(0.001)


def keep_freed_memory() -> None:
    """Have this process keep the memory of tensors that are gone for those that come next.

    By default the C library gives large pieces back to the system, and gets them again page by page, each filled with
    zeros. Measured with two threads on two cores, the convnet's evaluation on MNIST's test images between two epochs:
    0.7 s by default, with 170,000 new pages, and 0.4 s with this, with none. Only GNU's C library is told so.
    """
    _tell_c_library({_M_MMAP_THRESHOLD: KEPT_PIECE_BYTES, _M_TRIM_THRESHOLD: KEPT_BYTES})


def give_back_freed_memory() -> None:
    """Have this process give the memory of large pieces back as soon as they are freed; for one that lives for weeks.

    By default the C library puts pieces of up to 32 MB among the small ones, once it has seen one freed, and has eight
    heaps for each core where many threads come and go, as in a server: each keeps gaps for good. Measured after seven
    minutes of visitors who train, look inside and have files made: 85 MB of gaps by default, 6 MB with this.
    """
    _tell_c_library({_M_MMAP_THRESHOLD: LARGE_PIECE_BYTES, _M_ARENA_MAX: HEAPS})


def _tell_c_library(options: Mapping[int, int]) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # another C library
            for option, value in options.items():
                ctypes.CDLL(None).mallopt(option, value)


def warm_up_processes() -> None:
    """Have the fork server, if any, load torch now: the first child starts as fast as every other. Returns at once."""
    if "forkserver" in multiprocessing.get_all_start_methods():
        process_context()
        multiprocessing.forkserver.ensure_running()


@functools.cache
def call_every(seconds: float, call: Callable[[], None], ended: threading.Event) -> None:
    """Call `call` every so many seconds until `ended` is set. What it raises is logged; then it is called again."""
    while not ended.wait(seconds):
        try:
            call()
        except Exception:
            _logger.exception("This is done again in %s s.", seconds)


def core_count() -> int:
    """Return how many cores this process may use: by its affinity, and by the limits of the container that it is in."""
    import joblib  # here, not above: scikit-learn brings it along, and whoever needs no cores need not wait for it

    return max(1, int(joblib.cpu_count()))


def give_way(niceness: int) -> None:
    """Have this process, and what it starts, wait where others want the same core; Windows has no such thing.

    Linux shares out a desktop's cores by session first (sched(7), "The autogroup feature"), and niceness counts only
    among the processes of one session: the browser is another one than the terminal with the server. So the process
    becomes a session of its own, which has that niceness too. Measured with browser, server and a linear model's run on
    two cores, mouse-up to the changed prediction, p50 and p95: with niceness alone 172 and 299 ms, with the session's
    129 and 195 ms, with nothing to give way to 120 and 190 ms.
    """
    if hasattr(os, "nice"):
        os.nice(niceness)
    if _AUTOGROUP.exists():
        with contextlib.suppress(OSError):  # not ours to say: the process is merely nice
            os.setsid()
            _set_session_niceness(niceness)


def _set_session_niceness(niceness: int) -> None:
    for _attempt in range(5):
        try:
            _AUTOGROUP.write_text(str(niceness), "ascii")
        except BlockingIOError:
            time.sleep(0.1)  # the system takes one such wish every tenth of a second, whoever it is from
        else:
            return
