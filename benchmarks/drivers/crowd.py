"""Visitors who come, draw, train, look inside and leave, again and again, in threads of this process."""

import contextlib
import itertools
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.drivers.varied_digits import draw_digits
from benchmarks.drivers.visitors import Answer, Visitor
from benchmarks.measurements.drawings import CANVAS_SIDE
from mnist_demo.ui import keys

# A short run, which ends by itself; seconds, as a person needs them, between two things that she does.
SHORT_RUN = {"epochs": 2.0, "batch-size": 100.0}
THINKING_SECONDS = 0.5


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

    def note_fault(self, fault: str) -> None:
        with self._lock:
            self.faults.append(fault)

    def note_visit(self) -> None:
        with self._lock:
            self.visits += 1


@contextlib.contextmanager
def crowd_at(url: str, size: int) -> Iterator[Crowd]:
    """Have `size` visitors at a time on the page at `url`, each of whom leaves and comes again, until the context ends.

    Every second of them trains a short run; all of them draw, look at other pages, and leave.
    """
    crowd, leave = Crowd(), threading.Event()
    threads = [
        threading.Thread(target=_come_and_go, args=(url, crowd, leave, number), daemon=True) for number in range(size)
    ]
    for thread in threads:
        thread.start()
    try:
        yield crowd
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
            with contextlib.closing(Visitor(url)) as visitor:
                _visit(visitor, crowd, leave, rng, trains=(visit + number) % 2 == 0)
            crowd.note_visit()
        except (OSError, RuntimeError, TimeoutError, KeyError) as error:
            crowd.note_fault(f"{type(error).__name__}: {error}")


def _visit(visitor: Visitor, crowd: Crowd, leave: threading.Event, rng: random.Random, trains: bool) -> None:
    crowd.note("open", visitor.open_page())
    if trains:
        for name, value in SHORT_RUN.items():
            crowd.note("setting", visitor.enter(name, value))
        crowd.note("start", visitor.press(keys.START))
    for _digit, strokes in draw_digits(3, CANVAS_SIDE, rng.randrange(1000)):
        _refresh(visitor, crowd, 2 * THINKING_SECONDS * rng.random(), leave)
        crowd.note("stroke", visitor.draw(strokes))
    for page in rng.sample(["look-inside", "compare", "lesson", "runs"], 2):
        if leave.is_set():
            return
        crowd.note(page, visitor.go_to(page))
        _refresh(visitor, crowd, THINKING_SECONDS, leave)


def _refresh(visitor: Visitor, crowd: Crowd, seconds: float, leave: threading.Event) -> None:
    """Do nothing for so many seconds, but refresh what asks for it, as a browser does."""
    for answer in visitor.refreshes(seconds, leave.is_set):
        crowd.note("refresh", answer)
