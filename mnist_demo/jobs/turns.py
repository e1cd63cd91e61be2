"""The order of what is queued, and how much of it is let through at once."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence

from mnist_demo.jobs.waiting import Waiting, visitor_behind

# A run that gives its cores up and gets them back has lost about a tenth of a second.
LEAST_OWED_SECONDS = 0.25


class BriefTurns:
    """What brief computations owe the runs that waited for them. Changes under the registry's lock.

    Each is let through at once. But whoever asks for the next one whenever one is done, by pressing Step without end
    for example, would keep the run of somebody else from its core for good. So the runs come next, and have the core
    for as long as that one took before another one of hers, of whatever kind, is let through; those of others are,
    meanwhile.

    Parameters
    ----------
    clock
        Seconds, as ``time.monotonic``.
    on_paid
        Called, from a thread of its own, when somebody who waits owes nothing any more.
    """

    def __init__(self, clock: Callable[[], float], on_paid: Callable[[], None]) -> None:
        self._clock, self._on_paid = clock, on_paid
        self._began: dict[Waiting, float] = {}
        self._owed: dict[str, float] = {}  # seconds, of which none are being paid
        self._paid_at: dict[str, float] = {}  # by when, if no other brief one comes in between
        self._timer: threading.Timer | None = None

    def owes(self, job: Waiting) -> bool:
        """Tell whether `job` is a brief one that is not let through yet."""
        visitor = visitor_behind(job.visitor)
        return job.is_brief and (visitor in self._owed or visitor in self._paid_at)

    def in_turn(self, everything: Collection[Waiting], computing: Collection[Waiting]) -> list[Waiting]:
        """Return what of `everything` is queued, in the order of its turns, while some of it is `computing`."""
        turns = Counter(job.visitor for job in computing)
        last_turn: dict[str, int] = {}
        for job in everything:
            last_turn[job.visitor] = max(job.computes_since, last_turn.get(job.visitor, 0))
        queue = []
        for job in everything:
            if job.state == "queued":
                urgency = 2 if self.owes(job) else 0 if job.is_brief else 1
                rank = urgency, not job.keeps_turn, last_turn[job.visitor], job.queued_at
                queue.append(((turns[job.visitor], *rank), job))
                turns[job.visitor] += 1
        return [job for _place, job in sorted(queue, key=lambda place: place[0])]

    def note_begun(self, job: Waiting) -> None:
        """Note that `job` has just got its cores."""
        now = self._clock()
        if job.is_brief:
            self._began[job] = now
            for visitor, moment in self._paid_at.items():
                self._owed[visitor] = self._owed.get(visitor, 0.0) + moment - now
            self._paid_at.clear()
        elif job.cores_used:
            for visitor, seconds in self._owed.items():
                self._paid_at[visitor] = self._paid_at.get(visitor, now) + seconds
            self._owed.clear()
            self._look_again_when_one_has_paid(now)

    def note_ended(self, everything: Sequence[Waiting]) -> None:
        """Look which brief ones have ended, and who has paid; `everything` is all that there is now."""
        now, there = self._clock(), set(everything)
        queued = [job for job in everything if job.state == "queued"]
        is_waited_for = any(not job.is_brief and job.cores_used for job in queued)
        for job in [job for job in self._began if job not in there or job.state != "running"]:
            took = max(LEAST_OWED_SECONDS, now - self._began.pop(job))
            visitor = visitor_behind(job.visitor)
            self._owed[visitor] = self._owed.get(visitor, 0.0) + took
        if not is_waited_for:
            self._owed.clear()
        self._paid_at = {visitor: moment for visitor, moment in self._paid_at.items() if moment > now}
        if any(self.owes(job) for job in queued):
            self._look_again_when_one_has_paid(now)

    def _look_again_when_one_has_paid(self, now: float) -> None:
        if self._paid_at and self._timer is None:
            # Before it starts: it may be over at once, and is none any more then.
            self._timer = threading.Timer(min(self._paid_at.values()) - now, self._look_again)
            self._timer.daemon = True
            try:
                self._timer.start()
            except RuntimeError:  # too many threads: the registry looks every few seconds anyway
                self._timer = None

    def _look_again(self) -> None:
        self._timer = None
        self._on_paid()
