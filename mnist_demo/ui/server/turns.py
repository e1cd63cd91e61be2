"""Turns to run the script: actions of visitors before mere refreshes, one after the other; see `streamlit_internals`.

Python computes one thread at a time, and threads that share it all end late. In a class of thirty with ten runs that
are watched, a stroke met two or three refreshes of 20 ms, or another stroke, and was answered when all of them were.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext

from mnist_demo.ui import keys

# So much later at most, whatever the others do, somebody is answered and a page is refreshed. A stroke takes 20 ms.
ANSWER_PATIENCE, REFRESH_PATIENCE = 0.05, 0.2


class Turns:
    """Whose turn it is, among the threads of the server that draw a part of a page."""

    def __init__(self) -> None:
        self._answers = 0
        self._fewer_answers = threading.Condition()
        self._answer, self._refresh = threading.BoundedSemaphore(), threading.BoundedSemaphore()
        self._own = threading.local()

    @contextlib.contextmanager
    def answer(self) -> Iterator[None]:
        """Answer somebody within this context, after those who came before her; refreshes wait until it ends."""
        with self._fewer_answers:
            self._answers += 1
        try:
            with _held(self._answer, ANSWER_PATIENCE):
                yield
        finally:
            with self._fewer_answers:
                self._answers -= 1
                self._fewer_answers.notify_all()

    @contextlib.contextmanager
    def refresh(self) -> Iterator[None]:
        """Refresh a page within this context, as soon as nobody is answered and no other page refreshes."""
        self._own.patience_ends = time.monotonic() + REFRESH_PATIENCE
        try:
            with _held(self._refresh, REFRESH_PATIENCE):
                self.give_way()
                yield
        finally:
            del self._own.patience_ends

    def give_way(self) -> None:
        """Wait, in a thread that refreshes a page, while somebody is answered."""
        end = getattr(self._own, "patience_ends", None)
        if end is not None and self._answers:
            with self._fewer_answers:
                self._fewer_answers.wait_for(lambda: not self._answers, max(0.0, end - time.monotonic()))


_turns = Turns()


@contextlib.contextmanager
def _held(turn: threading.BoundedSemaphore, patience: float) -> Iterator[None]:
    """Hold `turn`, or go on without it after so many seconds."""
    is_held = turn.acquire(timeout=patience)
    try:
        yield
    finally:
        if is_held:
            turn.release()


def answer_before_refreshing() -> None:
    """Have the server do so from here on, with parts of the page that run by themselves; once for a server."""
    if ScriptRunner._run_script.__name__ == "run_in_turn":
        return
    run_script, enqueue, turns = ScriptRunner._run_script, ScriptRunContext.enqueue, _turns

    def run_in_turn(self: ScriptRunner, rerun_data: RerunData) -> None:
        if not rerun_data.fragment_id_queue:
            run_script(self, rerun_data)
            return
        with contextlib.ExitStack() as turn:
            turn.enter_context(turns.refresh() if is_refresh(rerun_data) else turns.answer())
            run_script(self, rerun_data)
            if not is_refresh(rerun_data):
                _when_sent(turn.pop_all().close)

    def enqueue_later(self: ScriptRunContext, msg: ForwardMsg) -> None:
        turns.give_way()
        enqueue(self, msg)

    ScriptRunner._run_script = run_in_turn  # type: ignore[method-assign]
    ScriptRunContext.enqueue = enqueue_later  # type: ignore[method-assign]


def give_way() -> None:
    """Wait, while a page refreshes in this thread, until nobody is answered: now and then in what takes 10 ms or more.

    What is drawn gives way by itself.
    """
    _turns.give_way()


def _when_sent(end_turn: Callable[[], None]) -> None:
    """Call it when the thread that sends has done all that it was asked for before: an answer among others.

    It needs Python for that, as whoever comes next.
    """
    try:
        loop = get_instance()._get_async_objs().eventloop
        loop.call_soon_threadsafe(end_turn)
    except RuntimeError:  # the server is going down
        end_turn()


def is_refresh(request: RerunData) -> bool:
    """Tell whether the page asked by itself, by a pulse, and not somebody who did something."""
    widgets = request.widget_states.widgets if request.widget_states else ()
    return request.is_auto_rerun or any(
        keys.IN_PULSES in widget.id and widget.WhichOneof("value") == "json_trigger_value" for widget in widgets
    )
