"""A short computation for a visitor beside her runs: it takes a core in turn, in a process that can be ended.

A picture is read so, and a file made: whoever asks for much keeps neither the page nor the runs of others waiting.
"""

import contextlib
import threading
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from mnist_demo.errors import JobError, MnistDemoError
from mnist_demo.jobs.messages import State
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.jobs.waiting import beside, next_moment
from mnist_demo.processes import TRAINING_NICENESS, ChildProcess, give_way
from mnist_demo.second_thread import compute_with
from mnist_demo.translation import _, current_language, use_language

Answer = TypeVar("Answer")
LOOK_SECONDS = 0.1


class Errand:
    """A place in the queue of a `JobRegistry`, with what that has to know of a run."""

    is_brief, gives_way, keeps_turn = True, False, False

    def __init__(self, visitor: str, cores: int = 1) -> None:
        self.cores_used = cores
        self.visitor = beside("errand", visitor)
        self.state: State = "queued"
        self.queued_at, self.computes_since, self.turn_began = next_moment(), 0, 0.0
        self._is_on = threading.Event()

    def go_on(self) -> None:
        """Let it have its core."""
        self.state, self.computes_since = "running", next_moment()
        self._is_on.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the core, at most so long; tell whether it has it."""
        return self._is_on.wait(seconds)


def run_errand(
    registry: JobRegistry,
    visitor: str,
    function: Callable[..., Answer],
    *arguments: object,
    seconds: float,
    is_wanted: Callable[[], bool] = lambda: True,
) -> Answer:
    """Return what ``function(*arguments)`` returns in another process, which is ended where it takes too long.

    Parameters
    ----------
    function
        A function of a module, of which processes know by its name; what goes over and comes back is pickled.
    seconds
        How long it may compute. It waits for its core besides.
    is_wanted
        Asked now and then: when nobody waits for the answer any more, the process is ended.

    Raises
    ------
    MnistDemoError
        What the function raises; JobError when it takes too long, fails, or is not wanted any more.
    """
    with core(registry, visitor, is_wanted):
        try:
            child = ChildProcess(_run, current_language(), function, arguments, answers_only=True)
        except OSError as error:
            message = _("This could not be computed, because no process could be started for it: {reason}.")
            raise JobError(message.format(reason=error)) from error
        try:
            with child:
                while not child.connection.poll(LOOK_SECONDS):
                    seconds -= LOOK_SECONDS
                    if seconds <= 0 or not is_wanted():
                        raise JobError(_("This takes too long here, and was ended: try something smaller."))
                answer: Any = child.connection.recv()
        except (OSError, EOFError) as error:
            raise JobError(_("This could not be computed because of a fault in this program.")) from error
    if isinstance(answer, MnistDemoError):
        raise answer
    found: Answer = answer
    return found


@contextlib.contextmanager
def core(
    registry: JobRegistry, visitor: str, is_wanted: Callable[[], bool] = lambda: True, cores: int = 1
) -> Iterator[None]:
    """Wait for a core, or several, and give them back at the end; raise JobError when that is not wanted any more."""
    errand = Errand(visitor, cores)
    with registry.queued(errand):
        while not errand.wait(LOOK_SECONDS):
            if not is_wanted():
                raise JobError(_("Nobody is waiting for this any more."))
        yield


def _run(connection: Connection, language: str, function: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    give_way(TRAINING_NICENESS)
    compute_with(1)
    use_language(language)
    try:
        answer = function(*arguments)
    except MnistDemoError as error:
        answer = error
    except Exception:
        traceback.print_exc()
        return  # whoever waits finds the end of the pipe
    with contextlib.suppress(OSError):
        connection.send(answer)
