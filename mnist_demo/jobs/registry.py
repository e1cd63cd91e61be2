"""Training in other processes, seen from the page's process: a `Job` is one run, the `JobRegistry` has them all.

A run is in one of the states of ``STATES``. It waits as *queued* until as many cores are free as it computes with; a
paused one gives its cores back and waits again when it is resumed, and so does one that leaves slow motion, where many
go on at a time. Visitors take turns: of those who wait, the one with the fewest runs that compute comes next, and of
these the one whose last turn is longest ago. Whoever has several runs that compute gives one up to somebody who has
none, and whoever has one, after ``TURN_SECONDS``; to something brief at once (but see `BriefTurns`), and goes on right
after it. So nobody waits for the many runs of another longer than for one, or for a long one until it ends, and a
server with more runs than cores has few that are half done. All methods may be called from any thread.
"""

import contextlib
import dataclasses
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from operator import attrgetter

from mnist_demo.jobs.computing import Computing, Here
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment, Weights
from mnist_demo.jobs.room import check_size, is_one_too_many, make_room
from mnist_demo.jobs.turns import BriefTurns
from mnist_demo.jobs.waiting import Wait, Waiting, expected_wait
from mnist_demo.processes import call_every
from mnist_demo.training.history import History

# A background tab asks about once a minute, a closed laptop lid comes back within two; the whole must be under five.
LEASE_SECONDS = 200.0
REAP_SECONDS = 5.0
TURN_SECONDS = 60.0
ERRAND_SECONDS = 2.0  # about
_SINCE = attrgetter("computes_since")


class JobRegistry:
    """All runs of one server process: who may compute now, who waits, and whom nobody looks at any more.

    Parameters
    ----------
    slots
        Cores of this machine to share out, where it computes; None means all.
    is_watcher_alive
        Tells of a session id whether that visitor is still connected.
    lease_seconds
        A job without a living watcher for so long is stopped and forgotten.
    is_followed
        Tells whether a visitor of another server has looked at that run within so many seconds, which keeps it too.
    on_saved_point
        Called with the job, from a thread of its own, when a new `training_state` has come, and when the job has ended.
    is_saved
        Tells whether a run that has ended is on the disk as it is, from where `restore` brings it back.
    clock
        Seconds, as ``time.monotonic``: of leases, and of the patience with a worker that was told to stop.
    computing
        Where runs are computed; None means this machine.
    """

    def __init__(
        self,
        slots: int | None = None,
        is_watcher_alive: Callable[[str], bool] = lambda watcher: True,
        lease_seconds: float = LEASE_SECONDS,
        reap_seconds: float = REAP_SECONDS,
        on_saved_point: Callable[[Job], None] = lambda job: None,
        is_saved: Callable[[Job], bool] = lambda job: False,
        is_followed: Callable[[str, float], bool] = lambda job_id, seconds: False,
        clock: Callable[[], float] = time.monotonic,
        computing: Computing | None = None,
    ) -> None:
        self._lock = threading.RLock()
        self.computing = computing or Here(slots)
        self._on_saved_point, self._is_saved = on_saved_point, is_saved
        self._jobs: dict[str, Job] = {}
        self._errands: list[Waiting] = []
        self._is_watcher_alive, self._is_followed = is_watcher_alive, is_followed
        self._lease_seconds, self._clock = lease_seconds, clock
        self._brief = BriefTurns(clock, self.schedule)
        self._closed = threading.Event()
        again = (reap_seconds, self.reap, self._closed)
        threading.Thread(target=call_every, args=again, name="reaper", daemon=True).start()

    @property
    def slots(self) -> int:
        return self.computing.cores

    def start(
        self,
        assignment: Assignment,
        watcher: str | None = None,
        *,
        history: History | None = None,
        weights: Weights | None = None,
        job_id: str | None = None,
        visitor: str = "",
        is_brief: bool = False,
        is_saved: bool = True,
    ) -> Job:
        """Start a run, or queue it; return its job at once.

        Parameters
        ----------
        watcher, history, weights
            The session that looks at it, and what happened before it: see `Job.watch` and `ObservedRun`.
        job_id
            The new job takes the place of the ended one with this id.
        visitor
            Whose run it is; nobody's waits by itself.
        is_brief
            Whether it takes a few seconds only, while somebody waits for it: a long run gives way to it at once.
        is_saved
            Whether `on_saved_point` is told of it.

        Raises
        ------
        HyperparameterError
            When the dataset has not as many images as are asked for, or the run too many steps.
        CheckpointError
            When what it resumes from is damaged. (When it does not fit the rest, the job fails and says so.)
        JobError
            When too many runs are kept already.
        """
        check_size(assignment)
        job = Job(
            dataclasses.replace(assignment, threads=min(self.slots, assignment.threads)),
            job_id=job_id,
            history=history,
            weights=weights,
            lock=self._lock,
            clock=self._clock,
            on_core_free=self.schedule,
            on_saved_point=self._on_saved_point if is_saved else lambda job: None,
            visitor=visitor,
            is_brief=is_brief,
            computing=self.computing,
        )
        if watcher is not None:
            job.watch(watcher)
        with self._lock:
            if job.id not in self._jobs:
                self.require_room(visitor=visitor)
            self._jobs[job.id] = job
        self.schedule()
        return job

    def require_room(self, count: int = 1, visitor: str = "") -> None:
        """Raise JobError where `count` more runs, of `visitor`, are too many; see `make_room`."""
        with self._lock:
            make_room(self._jobs, count, visitor, self._is_saved)

    def restore(self, ended: Job) -> Job:
        """Take in a run of an earlier or another server process; return the job of that id that is kept."""
        assert ended.has_ended or ended.is_elsewhere
        with self._lock:
            return self._jobs.setdefault(ended.id, ended)

    def get(self, job_id: str) -> Job | None:
        """Return the job with that id, or None where there is none or it has been forgotten."""
        return self._jobs.get(job_id)

    def jobs(self) -> list[Job]:
        with self._lock:
            return list(self._jobs.values())

    def jobs_before(self, job: Job) -> list[Waiting]:
        """Return what is queued and comes before this queued run."""
        with self._lock:
            queue = self._queue()
        return queue[: queue.index(job)] if job in queue else []

    def wait_of(self, job: Job, seconds_left: Callable[[Job], float | None]) -> Wait:
        """Return what this queued run waits for; `seconds_left` estimates how long another one still computes."""
        with self._lock:
            before, computing = self.jobs_before(job), self._computing()

        def left(other: Waiting) -> float | None:
            return seconds_left(other) if isinstance(other, Job) else ERRAND_SECONDS

        return expected_wait(job, before, computing, self.slots, left, self._turn_left)

    @contextlib.contextmanager
    def queued(self, errand: Waiting) -> Iterator[None]:
        """Have something else than a run queue, and compute when it is its turn, until the block ends."""
        with self._lock:
            self._errands.append(errand)
        self.schedule()
        try:
            yield
        finally:
            with self._lock:
                self._errands.remove(errand)
            self.schedule()

    def _turn_left(self, job: Waiting) -> float:
        if job.is_brief or (job.state == "queued" and not job.keeps_turn):
            return TURN_SECONDS
        return 0.0 if job.gives_way and not job.keeps_turn else max(0.0, job.turn_began + TURN_SECONDS - self._clock())

    def rest(self) -> None:
        """Have all runs leave the cores to something short; see `Job.rest`."""
        for job in self.jobs():
            job.rest()

    def forget(self, job: Job) -> None:
        """Stop `job` and drop it, so that its memory is freed."""
        job.stop()
        with self._lock:
            self._jobs.pop(job.id, None)

    def schedule(self) -> None:
        """Let queued jobs run, each visitor's in turn, while cores are free for the next one."""
        with self._lock:
            self._brief.note_ended(self._all())
            self._have_too_many_wait()
            slow = self._have_too_many_slow_ones_wait()
            for job in self._queue():
                if isinstance(job, Job) and self.computing.problem:
                    continue
                if isinstance(job, Job) and not job.cores_used:
                    if is_one_too_many([*slow, job], self.slots):
                        continue
                    slow.append(job)
                busy = sum(other.cores_used for other in self._computing())
                # A job that wants more cores than there are still runs when it is alone.
                if busy and job.cores_used and busy + job.cores_used > self.slots:
                    self._ask_for_a_turn(job)
                    return
                job.go_on()
                self._brief.note_begun(job)

    def _all(self) -> list[Waiting]:
        return [*self._jobs.values(), *(job.steps for job in self._jobs.values() if not job.has_ended), *self._errands]

    def _computing(self) -> list[Waiting]:
        return [job for job in self._all() if job.state == "running" and job.cores_used]

    def _queue(self) -> list[Waiting]:
        """Return the queued jobs in the order of their turns."""
        return self._brief.in_turn(self._all(), self._computing())

    def _have_too_many_wait(self) -> None:
        """Have jobs that left slow motion while no core was free for them wait for one like any other."""
        computing = self._computing()
        staying = [job for job in computing if isinstance(job, Job) and not job.gives_way]
        # What else computes, a file that is made for example, ends soon; of runs one goes on if it is alone.
        taken = sum(other.cores_used for other in computing if not isinstance(other, Job))
        while len(staying) > (not taken) and sum(job.cores_used for job in staying) + taken > self.slots:
            turns = Counter(job.visitor for job in staying)
            last = max(staying, key=lambda job: (turns[job.visitor], job.computes_since))
            last.give_way()
            staying.remove(last)

    def _have_too_many_slow_ones_wait(self) -> list[Job]:
        """Have the last of too many jobs in slow motion wait; return those that go on."""
        slow: list[Job] = []
        running = [job for job in self._jobs.values() if job.state == "running" and not job.cores_used]
        for job in sorted(running, key=_SINCE):
            if is_one_too_many([*slow, job], self.slots):
                job.give_way()
            else:
                slow.append(job)
        return slow

    def _ask_for_a_turn(self, job: Waiting) -> None:
        """Have a job of whoever has most that compute give way to `job`, whose visitor has none."""
        computing = self._computing()
        turns = Counter(other.visitor for other in computing)
        if turns[job.visitor] or any(other.gives_way for other in computing) or self._brief.owes(job):
            return
        most = max(turns.values())
        long = [other for other in computing if isinstance(other, Job) and not other.is_brief]
        many = [other for other in long if most > 1 and turns[other.visitor] == most]
        if many:
            max(many, key=_SINCE).give_way()
        elif long and not self._turn_left(longest := min(long, key=_SINCE)):
            longest.give_way()
        elif long and job.is_brief:  # they take turns in that, too
            min(long, key=attrgetter("gave_way_at", "computes_since")).give_way(keeps_turn=True)

    def close(self) -> None:
        """End every job and the reaper."""
        self._closed.set()
        for job in self.jobs():
            self.forget(job)
            job.kill()
        self.computing.close()

    def reap(self) -> None:
        """Stop and forget the jobs that nobody has watched for the time of a lease; end workers that do not answer."""
        self.schedule()  # a turn may have ended
        for job in self.jobs():
            job.kill_if_stuck()
            is_followed = self._is_followed(job.id, self._lease_seconds)  # asked always: it notes since when
            if job.seconds_unwatched(self._is_watcher_alive) > self._lease_seconds and not is_followed:
                self.forget(job)
