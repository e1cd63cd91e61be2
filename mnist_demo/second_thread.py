"""A second thread for what a process computes, which is asked only while it is worth it."""

import queue
import threading
import time
from collections.abc import Callable
from typing import TypeVar

# So many calls of the second thread are judged together; how long it is then left alone at first, and at most.
JUDGED_CALLS = 6
FIRST_ALONE_SECONDS, LONGEST_ALONE_SECONDS = 0.25, 2.0
# Of the time for both one after the other, what both at once may take to be worth it.
WORTHWHILE = 0.95

First = TypeVar("First")
Second = TypeVar("Second")
_Answers = queue.SimpleQueue[tuple[object, BaseException | None]]


def compute_with(threads: int) -> None:
    """Have torch compute with one thread, of `threads` more with the second one at hand; for a process that trains.

    Numbers below 1e-38 are taken for zero: processors need many times as long for them, and Adam's averages for pixels
    that are seldom inked come down to them and stay. Measured on MNIST with one hidden layer of 128 units, a step takes
    16 to 20 % longer after four epochs than after one by default, and as long with this; losses and weights are the
    same to the last digit. To be called before the first operation: another thread is as the first is when it begins.
    """
    import torch

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    SECOND_THREAD.may_compute = threads > 1


class SecondThread:
    """A thread that takes over half of what a process computes, as long as there is a core for it.

    torch's own threads wait for one another at every operation, 40 times in a step of a convnet, and each time for as
    long as another program has the core of one of them. Here there is one wait a step, asleep. Where even that takes
    longer than computing one half after the other, the second thread is left alone for a while, and tried again.

    `may_compute` says whether it may be used at all: `compute_with` sets it.
    """

    def __init__(self) -> None:
        self.may_compute = False
        self._asked: queue.SimpleQueue[tuple[Callable[[], object], _Answers]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._helping = threading.Lock()
        self._alone_until, self._alone_seconds = 0.0, FIRST_ALONE_SECONDS
        self._calls, self._took, self._computed = 0, 0.0, 0.0

    def both(self, first: Callable[[], First], second: Callable[[], Second]) -> tuple[First, Second]:
        """Return what both functions do: at once, or one after the other. They must not depend on which it is."""
        # It helps one thread at a time: where two train, in one process, the other does without.
        if not self.may_compute or time.perf_counter() < self._alone_until or not self._helping.acquire(blocking=False):
            return first(), second()
        try:
            return self._both_at_once(first, second)
        finally:
            self._helping.release()

    def _both_at_once(self, first: Callable[[], First], second: Callable[[], Second]) -> tuple[First, Second]:
        if self._thread is None:
            self._thread = threading.Thread(target=self._compute, name="second thread", daemon=True)
            self._thread.start()
        began, computed = time.perf_counter(), time.thread_time()
        answers: _Answers = queue.SimpleQueue()  # of this call alone: nobody may be waiting for it after Ctrl-C
        self._asked.put((second, answers))
        try:
            ours = first()
        finally:
            self._computed += time.thread_time() - computed
            theirs, error = answers.get()
        if error is not None:
            raise error
        self._took += time.perf_counter() - began
        self._calls += 1
        if self._calls == JUDGED_CALLS:
            self._judge()
        return ours, theirs  # type: ignore[return-value]

    def _judge(self) -> None:
        """Decide whether both at once are any quicker than one after the other."""
        if self._took > WORTHWHILE * 2 * self._computed:
            self._alone_until = time.perf_counter() + self._alone_seconds
            self._alone_seconds = min(2 * self._alone_seconds, LONGEST_ALONE_SECONDS)
        else:
            self._alone_seconds = FIRST_ALONE_SECONDS
        self._calls, self._took, self._computed = 0, 0.0, 0.0

    def _compute(self) -> None:
        import torch

        torch.set_num_threads(1)
        while True:
            asked, answers = self._asked.get()
            answer, error = None, None
            try:
                answer = asked()
            except BaseException as raised:  # whatever it is, it is the caller's
                error = raised
            answers.put((answer, error))


SECOND_THREAD = SecondThread()
