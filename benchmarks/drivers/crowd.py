"""Visitors in threads of this process: who come, draw, train, look inside and leave, or who stay and work."""

import contextlib
import itertools
import random
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from websockets.exceptions import WebSocketException

from benchmarks.drivers.varied_digits import draw_digits
from benchmarks.drivers.visitors import Answer, Visitor
from benchmarks.measurements.drawings import CANVAS_SIDE
from mnist_demo.exports.formats import EXPORTS
from mnist_demo.processes import let_threads_take_turns
from mnist_demo.ui import keys
from mnist_demo.ui.visitor_state import COOKIE

# Short runs, which end by themselves; seconds, as a person needs them, between two things that she does.
SHORT_RUNS = ("preset=tutorial-pytorch&epochs=2", "preset=small-network&epochs=2", "preset=convnet-in-seconds")
THINKING_SECONDS = 0.5
# Another address of this machine. From 127.0.0.1 comes who sits at the server, and for her strokes all training rests.
ELSEWHERE = "127.0.0.2" if sys.platform == "linux" else ""
TROUBLE = (OSError, RuntimeError, TimeoutError, KeyError, WebSocketException)


@dataclass
class Crowd:
    """What a crowd has seen so far: the seconds of each answer by what was done, and all that went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    visits: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str, answer: Answer) -> None:
        with self._lock:
            self.seconds.setdefault(what, []).append(answer.seconds)
            self.faults += answer.faults()

    def forget(self) -> None:
        """Begin anew to note the seconds of answers: from here on they count."""
        with self._lock:
            self.seconds.clear()

    def answers(self) -> dict[str, list[float]]:
        """Return the seconds of all answers until now, by what was done."""
        with self._lock:
            return {what: list(seconds) for what, seconds in self.seconds.items()}

    def note_fault(self, fault: str) -> None:
        with self._lock:
            self.faults.append(fault)

    def note_visit(self) -> None:
        with self._lock:
            self.visits += 1


@contextlib.contextmanager
def crowd_at(url: str, size: int) -> Iterator[Crowd]:
    """Have `size` visitors at a time on the page at `url`, each of whom leaves and comes again, until the context ends.

    Every second of them trains a short run and has it exported; all of them draw, look at other pages, and leave. The
    address has a query already.
    """
    crowd, leave = Crowd(), threading.Event()
    with _in_threads([partial(_come_and_go, url, crowd, leave, number) for number in range(size)], leave):
        yield crowd


@contextlib.contextmanager
def _in_threads(everybody: Sequence[Callable[[], None]], leave: threading.Event) -> Iterator[None]:
    """Run each of these in a thread of its own; at the context's end they are told to leave, and waited for."""
    threads = [threading.Thread(target=one, daemon=True) for one in everybody]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        leave.set()
        for thread in threads:
            thread.join()


def _come_and_go(url: str, crowd: Crowd, leave: threading.Event, number: int) -> None:
    rng = random.Random(number)
    for visit in itertools.count():
        if leave.wait(THINKING_SECONDS * rng.random()):
            return
        try:
            with contextlib.closing(Visitor(f"{url}&{rng.choice(SHORT_RUNS)}")) as visitor:
                _visit(visitor, crowd, leave, rng, trains=(visit + number) % 2 == 0)
            crowd.note_visit()
        except TROUBLE as error:
            crowd.note_fault(f"{type(error).__name__}: {error}")


def _visit(visitor: Visitor, crowd: Crowd, leave: threading.Event, rng: random.Random, trains: bool) -> None:
    crowd.note("open", visitor.open_page())
    if trains:
        crowd.note("setting", visitor.enter("learning-rate", rng.choice((0.01, 0.02))))
        crowd.note("start", visitor.press(keys.START))
    for _digit, strokes in draw_digits(3, CANVAS_SIDE, rng.randrange(1000)):
        _refresh(visitor, crowd, 2 * THINKING_SECONDS * rng.random(), leave)
        crowd.note("stroke", visitor.draw(strokes))
    if trains and visitor.has(keys.EXPORT_FORMAT):
        crowd.note(
            "export", visitor.choose(keys.EXPORT_FORMAT, rng.choice([export.title for export in EXPORTS.values()]))
        )
        _refresh(visitor, crowd, THINKING_SECONDS, leave)
    for page in rng.sample(["look-inside", "compare", "lesson", "runs"], 2):
        if leave.is_set():
            return
        crowd.note(page, visitor.go_to(page))
        _refresh(visitor, crowd, 4 * THINKING_SECONDS * rng.random(), leave)


def _refresh(visitor: Visitor, crowd: Crowd, seconds: float, leave: threading.Event) -> None:
    """Do nothing for so many seconds, but refresh what asks for it, as a browser does."""
    for answer in visitor.refreshes(seconds, leave):
        crowd.note("refresh", answer)


@dataclass(frozen=True)
class Work:
    """What a visitor does who stays: draws `strokes` a minute, and has a run going, or begins one every so often.

    `run_pause` are the seconds from one run of hers to the next, 0 for one run that goes on, None for none at all.
    """

    strokes: float
    run_pause: float | None = None


def stranger(url: str) -> Visitor:
    """Return a visitor from another machine, with a cookie of her own."""
    return Visitor(url, f"{COOKIE}={secrets.token_urlsafe(24)}", address=ELSEWHERE)


@contextlib.contextmanager
def crowd_at_work(visitors: Sequence[tuple[Visitor, Work]], arrival: float) -> Iterator[Crowd]:
    """Have these visitors, whose pages are open, work until the context ends; they begin within `arrival` seconds."""
    let_threads_take_turns()
    crowd, leave = Crowd(), threading.Event()
    everybody = [
        partial(_work, visitor, work, crowd, leave, number, arrival) for number, (visitor, work) in enumerate(visitors)
    ]
    with _in_threads(everybody, leave):
        yield crowd


def _work(visitor: Visitor, work: Work, crowd: Crowd, leave: threading.Event, number: int, arrival: float) -> None:
    rng = random.Random(number)
    try:
        _refresh(visitor, crowd, arrival * rng.random(), leave)
        next_run = time.monotonic() + (work.run_pause or 0.0) * rng.random()
        while not leave.is_set():
            if work.run_pause is not None and time.monotonic() >= next_run:
                _start(visitor, crowd)
                next_run = time.monotonic() + (work.run_pause or float("inf"))
            pause = 60 / work.strokes * rng.uniform(0.5, 1.5) if work.strokes else float("inf")
            _refresh(visitor, crowd, pause, leave)
            if not leave.is_set():
                ((_digit, strokes),) = draw_digits(1, CANVAS_SIDE, rng.randrange(1000))
                crowd.note("stroke", visitor.draw(strokes))
    except TROUBLE as error:
        crowd.note_fault(f"{type(error).__name__}: {error}")


def _start(visitor: Visitor, crowd: Crowd) -> None:
    before = visitor.query
    answer = visitor.press(keys.START)
    crowd.note("start", answer)
    if visitor.query == before:  # it names the run that is shown
        crowd.note_fault("; ".join(answer.texts("alert")) or "a run was not started")
