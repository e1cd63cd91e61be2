"""Analyses in a process of their own, so that neither the page nor a training run waits for them.

The page asks again and again, and gets at once what is known: the newest analysis of that model, perhaps of some steps
ago, while a newer one is made. One is made at a time, always of the newest weights asked for. A model that is still
learning is analysed again only after so much time that analysing takes at most a twentieth of it.
"""

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from mnist_demo.errors import JobError
from mnist_demo.insight.analysis import Analysis
from mnist_demo.insight.analysis_process import AnalysisProcess, Question
from mnist_demo.insight.data_statistics import DatasetStatistics

IDLE_SECONDS = 120.0  # so long the process waits for more: it keeps the libraries loaded
REST = 20.0  # times as long as an analysis took, before a model that goes on learning is analysed again
RETRY_SECONDS = 5.0  # after something went wrong
CLOSE_SECONDS = 2.0
MAX_ANSWERS = 24  # of the 60,000 training images one has 3 MB


@dataclass(frozen=True, eq=False)
class Answer:
    """What is known: an `Analysis` or `DatasetStatistics`, as of `step`; or a sentence saying what went wrong.

    Show the sentence by ``translated``: it was made where the reader's language is not known.
    """

    step: int
    found: Analysis | DatasetStatistics | None
    problem: str = ""
    seconds: float = 0.0  # that it took, the wait for a core included


class Analyst:
    """Answers questions by and by; all methods may be called from any thread.

    Parameters
    ----------
    clock
        Seconds, as ``time.monotonic``.
    take_core
        Called with a visitor and a function that tells whether the answer is still wanted: a context that waits for a
        core for that visitor, and gives it back. JobError says that it was not wanted any more.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        idle_seconds: float = IDLE_SECONDS,
        take_core: Callable[[str, Callable[[], bool]], AbstractContextManager[None]] = (
            lambda visitor, is_wanted: contextlib.nullcontext()
        ),
    ) -> None:
        self._served: list[str] = []  # visitors, whoever was answered last at the end
        self._clock = clock
        self._idle_seconds = idle_seconds
        self._take_core = take_core
        self._changed = threading.Condition()
        self._wanted: OrderedDict[tuple[str, str, str], Question] = OrderedDict()
        self._answers: OrderedDict[tuple[str, str, str], tuple[Answer, float]] = OrderedDict()
        self._thread: threading.Thread | None = None
        self._in_work: tuple[tuple[str, str, str], int] | None = None
        self._closed = False
        self.process: AnalysisProcess | None = None  # the one at work, or the last one

    def ask(self, question: Question) -> Answer | None:
        """Return what is known now, None for nothing yet; what is newer is on its way, if it is due."""
        with self._changed:
            known = self._answers.get(question.key)
            if known is not None:
                self._answers.move_to_end(question.key)
                answer, finished = known
                rest = RETRY_SECONDS if answer.problem else REST * answer.seconds if question.is_learning else 0.0
                if (answer.step == question.step and not answer.problem) or self._clock() < finished + rest:
                    return answer
            # Of a model that goes on learning, one analysis at a time: the next is due only when it has rested.
            if self._in_work != (question.key, question.step) and not (
                question.is_learning and self._in_work is not None and self._in_work[0] == question.key
            ):
                self._wanted[question.key] = question
            self._have_thread()
            self._changed.notify_all()
            return known[0] if known else None

    @property
    def answers_kept(self) -> int:
        """How many questions it knows an answer to."""
        return len(self._answers)

    def wait(self, question: Question, timeout: float) -> Answer | None:
        """Ask, and wait up to `timeout` seconds until the answer is that for the question's own step."""
        deadline = time.monotonic() + timeout
        while True:
            answer = self.ask(question)
            with self._changed:
                left = deadline - time.monotonic()
                if (answer is not None and answer.step == question.step) or left <= 0:
                    return answer
                self._changed.wait(min(left, 0.05))

    def warm_up(self) -> None:
        """Have the process started and its libraries loaded; returns at once."""
        with self._changed:
            self._have_thread()

    def _have_thread(self) -> None:
        """Have one at work; the lock is held. Where there are too many threads, the next one who asks tries again."""
        if self._thread is None and not self._closed:
            thread = threading.Thread(target=self._work, name="analyst", daemon=True)
            thread.start()
            self._thread = thread

    def close(self) -> None:
        """End the process; nothing is answered any more."""
        with self._changed:
            self._closed = True
            self._wanted.clear()
            self._changed.notify_all()
            thread, process = self._thread, self.process
        if thread is not None:
            if process is not None:
                process.stop()
            thread.join(CLOSE_SECONDS)

    def _work(self) -> None:
        """Answer what is wanted, the longest wanted first, until nothing has been for a while."""
        with AnalysisProcess() as process:
            self.process = process
            while (question := self._next()) is not None:
                process.wait_until_ready()  # loading libraries is no part of what an analysis costs
                began = self._clock()
                try:
                    with self._take_core(question.visitor, partial(self._is_wanted, question)):
                        finding = process.find(question)
                except JobError:
                    with self._changed:
                        self._in_work = None
                    continue
                finished = self._clock()
                answer = Answer(question.step, finding.found, finding.problem, finished - began)
                with self._changed:
                    self._answers[question.key] = (answer, finished)
                    self._answers.move_to_end(question.key)
                    while len(self._answers) > MAX_ANSWERS:
                        self._answers.popitem(last=False)
                    self._in_work = None
                    self._changed.notify_all()

    def _is_wanted(self, question: Question) -> bool:
        return not self._closed and question.is_wanted()

    def _next(self) -> Question | None:
        """Return the next question, or None, and no thread any more, when there has been none for a while."""
        with self._changed:
            self._changed.wait_for(lambda: self._wanted or self._closed, self._idle_seconds)
            if self._closed or not self._wanted:
                self._thread = None
                return None
            # Of those who ask, whoever was answered longest ago.
            asking = {question.visitor for question in self._wanted.values()}
            self._served = [visitor for visitor in self._served if visitor in asking]
            turns = {visitor: turn for turn, visitor in enumerate(self._served)}
            key = min(self._wanted, key=lambda key: turns.get(self._wanted[key].visitor, -1))
            question = self._wanted.pop(key)
            self._served = [*(visitor for visitor in self._served if visitor != question.visitor), question.visitor]
            self._in_work = (key, question.step)
            return question
