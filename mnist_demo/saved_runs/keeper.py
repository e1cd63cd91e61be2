"""Saves the runs of a server as they go: at every saved point, and when they end.

A run is copied when it tells of a saved point, and written by a thread of the keeper's own, so that training never
waits for a disk. What cannot be written is said, and tried again at the next saved point; the run itself is in memory
all the while.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path

from filelock import FileLock

from mnist_demo.errors import MnistDemoError, RunError
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import ENDED
from mnist_demo.saved_runs.records import now
from mnist_demo.saved_runs.snapshots import Snapshot
from mnist_demo.saved_runs.store import RunStore
from mnist_demo.translation import _, translated

# Writing a run that goes on takes at most a hundredth of a core, and, since most of it waits for the disk, a third of
# the time.
COMPUTING_SHARE, SAVING_SHARE = 100.0, 3.0
MAX_OWNERS_TOLD = 1000
_logger = logging.getLogger(__name__)


class RunKeeper:
    """Writes the runs of one server process to `store`, each for the visitor who made it.

    `clock` are seconds as ``time.monotonic``, by which it tells whether a run is followed.
    """

    def __init__(self, store: RunStore, clock: Callable[[], float] = time.monotonic) -> None:
        self.store = store
        self._clock = clock
        self._lock = threading.Condition()
        self._owners: dict[str, str] = {}
        self._created: dict[str, datetime] = {}
        self._single: set[str] = set()
        self._claims: dict[str, FileLock] = {}
        self._expected: set[str] = set()  # and not released yet
        # The time that the file of a claim had when it was last looked at, and since when it is known to have it.
        self._followed: dict[str, tuple[float, float]] = {}
        self._waiting: dict[str, Snapshot] = {}
        self._problems: dict[str, str] = {}
        self._next_saving: dict[str, float] = {}
        self._removed: Counter[str] = Counter()
        self._writing: str | None = None
        self._hurry = False
        self._thread: threading.Thread | None = None

    def expect(self, job_id: str, owner: str, is_repeatable: bool = True) -> None:
        """Say to whom the run that is about to start belongs.

        Raises
        ------
        RunError
            When another process trains that run.
        """
        claim: FileLock | None = None
        try:
            claim = self.store.claim(job_id)
        except OSError:
            pass  # an unwritable folder is said when the run is saved, and is no reason not to train
        else:
            if claim is None:
                raise RunError(_("Another process is training this run: wait until it has ended."))
        with self._lock:
            self._owners[job_id] = owner
            self._created.setdefault(job_id, now())
            if not is_repeatable:
                self._single.add(job_id)
            if claim is not None:
                self._claims[job_id] = claim
            self._expected.add(job_id)
        self.is_followed(job_id, 0)  # from here on a change of the file's time is somebody's who looks

    def forget_all_but(self, kept: Collection[str]) -> None:
        """Forget the runs that have ended, but for those that the server still keeps: the store has what was saved."""
        with self._lock:
            known = {*self._owners, *self._problems, *self._next_saving}
            for job_id in known - {*kept, *self._expected, *self._waiting, self._writing}:
                for facts in (self._owners, self._created, self._problems, self._next_saving):
                    facts.pop(job_id, None)
                self._single.discard(job_id)

    def owner(self, job_id: str) -> str | None:
        """Return to whom a run belongs, or None where that is not known."""
        owner = self._owners.get(job_id)
        return self.store.owner(job_id) if owner is None else owner

    def note(self, job: Job) -> None:
        """Save `job` as it is now, soon and in another thread: the `on_saved_point` of a `JobRegistry`."""
        if job.history.step_count == 0 or (job.training_state is None and not job.has_ended):
            if job.has_ended:
                self.release(job.id)
            return
        with self._lock:
            self._waiting[job.id] = Snapshot.of(job)
            if self._thread is None:
                thread = threading.Thread(target=self._write_forever, name="run keeper", daemon=True)
                thread.start()  # where there are too many, the next saved point tries again
                self._thread = thread
            self._lock.notify_all()

    def has_saved(self, job_id: str) -> bool:
        """Tell whether a run that has ended is on the disk with its end."""
        with self._lock:
            if job_id in self._waiting or self._writing == job_id or job_id in self._problems:
                return False
        record = self.store.find(job_id)
        return record is not None and record.state in ENDED

    def is_followed(self, job_id: str, seconds: float) -> bool:
        """Tell whether a visitor of another process has looked at a run of this one within so many seconds.

        Who looks changes the time of the claim's file. When that was is told by this process's clock: the system's may
        have been set in between, and a run would end though somebody looks at it, or go on for nobody.
        """
        try:
            looked = Path(self._claims[job_id].lock_file).stat().st_mtime
        except (KeyError, OSError):
            return False
        now = self._clock()
        with self._lock:
            if job_id not in self._claims:
                return False  # released meanwhile
            known, since = self._followed.get(job_id, (None, now))
            if known != looked:
                since = now
            self._followed[job_id] = looked, since
        return now - since < seconds

    def problem(self, job_id: str) -> str:
        """Return why that run could not be saved, for people, in the reader's language; or an empty text."""
        return translated(self._problems.get(job_id, ""))

    def take_removed(self, owner: str) -> int:
        """Return how many runs of `owner` have been removed to make room since this was last asked."""
        with self._lock:
            return self._removed.pop(owner, 0)

    def flush(self, timeout: float = 30.0) -> bool:
        """Wait until everything is written, at most `timeout` seconds; tell whether it is."""
        with self._lock:
            self._hurry = True
            self._lock.notify_all()
            return self._lock.wait_for(lambda: not self._waiting and self._writing is None, timeout)

    def _write_forever(self) -> None:
        while True:
            with self._lock:
                self._writing = None
                self._lock.notify_all()
                snapshot = self._next_due()
                self._writing = snapshot.job_id
            began, computed = time.monotonic(), time.thread_time()
            try:
                self._write(snapshot)
                self._problems.pop(snapshot.job_id, None)
            except MnistDemoError as error:
                self._problems[snapshot.job_id] = str(error)
            except Exception:
                _logger.exception("Run %s could not be saved.", snapshot.job_id)
                self._problems[snapshot.job_id] = _("The run could not be saved because of a fault in this program.")
            ended = time.monotonic()
            pause = max(SAVING_SHARE * (ended - began), COMPUTING_SHARE * (time.thread_time() - computed))
            self._next_saving[snapshot.job_id] = ended + pause
            if snapshot.has_ended:
                self.release(snapshot.job_id)

    def _next_due(self) -> Snapshot:
        """Wait for a snapshot whose time has come, and take it; the lock is held."""
        while True:
            moment = time.monotonic()
            for job_id, snapshot in self._waiting.items():
                if self._hurry or snapshot.has_ended or moment >= self._next_saving.get(job_id, 0):
                    return self._waiting.pop(job_id)
            self._hurry = False
            times = [self._next_saving[job_id] - moment for job_id in self._waiting]
            self._lock.wait(min(times, default=None))

    def _write(self, snapshot: Snapshot) -> None:
        job_id = snapshot.job_id
        record, content = snapshot.saved(
            self._owners.get(job_id, ""), self._created.get(job_id, now()), is_repeatable=job_id not in self._single
        )
        for removed in self.store.save(record, content):
            with self._lock:
                self._removed[removed.owner] += 1
                while len(self._removed) > MAX_OWNERS_TOLD:  # not all of them come back
                    del self._removed[next(iter(self._removed))]

    def release(self, job_id: str) -> None:
        """Say that this process does not train that run, or does not any more."""
        with self._lock:
            self._expected.discard(job_id)
            claim = self._claims.pop(job_id, None)
            self._followed.pop(job_id, None)
        if claim is not None:
            self.store.give_up(claim)
