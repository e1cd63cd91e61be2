"""Training in other processes, seen from the page's process: a `Job` is one run, the `JobRegistry` has them all.

A run is in one of the states of ``STATES``. It waits as *queued* until as many cores are free as it computes with; a
paused one gives its cores back and waits again when it is resumed. All methods may be called from any thread.
"""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.devices import AUTO
from mnist_demo.errors import JobError
from mnist_demo.jobs.job import ENDED, STATES, Job, State
from mnist_demo.jobs.messages import Assignment
from mnist_demo.processes import core_count
from mnist_demo.settings.hyperparameters import Hyperparameters, thread_count
from mnist_demo.training.history import History
from mnist_demo.translation import _

if TYPE_CHECKING:
    from mnist_demo.training.fine_tuning import ExtraImages

__all__ = ["ENDED", "STATES", "Job", "JobRegistry", "State"]

# A background tab asks about once a minute, a closed laptop lid comes back within two; the whole must be under five.
LEASE_SECONDS = 200.0
REAP_SECONDS = 10.0
MAX_JOBS = 200


class JobRegistry:
    """All runs of one server process: who may compute now, who waits, and whom nobody looks at any more.

    Parameters
    ----------
    slots
        Cores to share out; None means those of this machine.
    is_watcher_alive
        Tells of a session id whether that visitor is still connected.
    lease_seconds
        A job without a living watcher for so long is stopped and forgotten.
    on_saved_point
        Called with the job, from a thread of its own, when a new `training_state` has come, and when the job has ended.
    """

    def __init__(
        self,
        slots: int | None = None,
        is_watcher_alive: Callable[[str], bool] = lambda watcher: True,
        lease_seconds: float = LEASE_SECONDS,
        reap_seconds: float = REAP_SECONDS,
        on_saved_point: Callable[[Job], None] = lambda job: None,
    ) -> None:
        self.lock = threading.RLock()
        self.slots = slots or core_count()
        self.on_saved_point = on_saved_point
        self._jobs: dict[str, Job] = {}
        self._is_watcher_alive = is_watcher_alive
        self._lease_seconds = lease_seconds
        self._closed = threading.Event()
        self._reaper = threading.Thread(target=self._reap_forever, args=(reap_seconds,), name="reaper", daemon=True)
        self._reaper.start()

    def start(
        self,
        hyperparameters: Hyperparameters,
        dataset: DigitDataset,
        watcher: str | None = None,
        initial_weights: bytes | None = None,
        extra: "ExtraImages | None" = None,
        resume_from: bytes | None = None,
        history: History | None = None,
        job_id: str | None = None,
        device: str = AUTO,
    ) -> Job:
        """Start a run, or queue it; return its job at once.

        It begins with `initial_weights`, such as those of another job whose model has the same shape, instead of random
        ones; if they do not fit, the job fails and says so. `extra` images are mixed into every batch.

        With `resume_from`, the `training_state` of another job, it goes on from there, bit for bit, with the same
        settings, digits and `extra` images; only `epochs` may be more. `history` is that of the other job: what it has
        up to that point is copied, and goes on growing. The new job takes the place of the ended one with its `job_id`.

        `device` is one of ``DEVICES``; if this machine has none such, the job fails and says so.

        Raises
        ------
        HyperparameterError
            When the dataset has not as many images as are asked for.
        CheckpointError
            When `resume_from` is damaged. (When it does not fit the rest, the job fails and says so.)
        JobError
            When too many runs are kept already.
        """
        hyperparameters.split_sizes(len(dataset.train_labels))
        assignment = Assignment(
            hyperparameters,
            dataset,
            min(self.slots, thread_count(hyperparameters)),
            initial_weights,
            extra,
            resume_from,
            device,
        )
        job = Job(assignment, self, history, job_id)
        if watcher is not None:
            job.watch(watcher)
        with self.lock:
            if len(self._jobs) >= MAX_JOBS and job.id not in self._jobs:
                raise JobError(
                    _("This server already keeps {count} runs, which is its limit: try again in a few minutes.").format(
                        count=MAX_JOBS
                    )
                )
            self._jobs[job.id] = job
        self.schedule()
        return job

    def restore(self, ended: Job) -> Job:
        """Take in a run of an earlier server process, which has ended; return the job of that id that is kept."""
        assert ended.has_ended
        with self.lock:
            return self._jobs.setdefault(ended.id, ended)

    def get(self, job_id: str) -> Job | None:
        """Return the job with that id, or None where there is none or it has been forgotten."""
        return self._jobs.get(job_id)

    def jobs(self) -> list[Job]:
        with self.lock:
            return list(self._jobs.values())

    def jobs_before(self, job: Job) -> int:
        """Return how many queued runs come before this queued one."""
        queued = [other for other in self.jobs() if other.state == "queued"]
        return queued.index(job) if job in queued else 0

    def forget(self, job: Job) -> None:
        """Stop `job` and drop it, so that its memory is freed."""
        job.stop()
        with self.lock:
            self._jobs.pop(job.id, None)

    def schedule(self) -> None:
        """Let queued jobs run, in their order, while cores are free for the next one."""
        with self.lock:
            for job in self._jobs.values():
                if job.state != "queued":
                    continue
                busy = sum(other.cores_used for other in self._jobs.values() if other.state == "running")
                # A job that wants more cores than there are still runs when it is alone.
                if busy and job.cores_used and busy + job.cores_used > self.slots:
                    return
                job._go_on()

    def close(self) -> None:
        """End every job and the reaper."""
        self._closed.set()
        for job in self.jobs():
            self.forget(job)
            job._end_by_force()

    def reap(self) -> None:
        """Stop and forget the jobs that nobody has watched for the time of a lease; end workers that do not answer."""
        now = time.monotonic()
        for job in self.jobs():
            if not job.watchers or any(self._is_watcher_alive(watcher) for watcher in tuple(job.watchers)):
                job.last_watched = now
            if job.stop_deadline is not None and now > job.stop_deadline and not job.has_ended:
                job._end_by_force()
            if now - job.last_watched > self._lease_seconds:
                self.forget(job)

    def _reap_forever(self, seconds: float) -> None:
        while not self._closed.wait(seconds):
            self.reap()
