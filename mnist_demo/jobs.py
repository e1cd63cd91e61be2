"""Training in another process, seen from the page's process: a `Job` is one run, the `JobRegistry` has them all.

A run is in one of the states of ``STATES``. It waits as *queued* until as many cores are free as it computes with; a
paused one gives its cores back and waits again when it is resumed. All methods may be called from any thread.
"""

import contextlib
import secrets
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Literal

from mnist_demo.datasets import DigitDataset
from mnist_demo.errors import JobError
from mnist_demo.history import History
from mnist_demo.hyperparameters import Hyperparameters
from mnist_demo.processes import core_count, process_context, thread_count
from mnist_demo.slow_motion import IDLE_SPEED
from mnist_demo.translation import _

if TYPE_CHECKING:
    from mnist_demo.corrections import ExtraImages
    from mnist_demo.slow_motion import StepDetail
    from mnist_demo.worker import Command

State = Literal["queued", "running", "paused", "finished", "stopped", "diverged", "failed"]
STATES: tuple[State, ...] = ("queued", "running", "paused", "finished", "stopped", "diverged", "failed")
ENDED: tuple[State, ...] = STATES[3:]

# A background tab asks about once a minute, a closed laptop lid comes back within two; the whole must be under five.
LEASE_SECONDS = 200.0
REAP_SECONDS = 10.0
# A batch of 10,000 takes the convnet about 2 s; a worker that does not answer for longer is ended.
STOP_SECONDS = 8.0
MAX_JOBS = 200


class Job:
    """One run: its settings, its state, what happened so far, and its newest weights.

    Made by ``JobRegistry.start``. `history` grows while the job runs; `weights` are safetensors bytes of the model
    after `weights_step` steps, None before the first arrive. `speed` is the pace in steps a second that it is held to,
    None for full speed; `step_detail` is the newest step that was watched in slow motion, if any. `detail` is a
    sentence for people where the state needs one (diverged, failed), else empty.
    """

    def __init__(
        self,
        chosen: Hyperparameters,
        dataset: DigitDataset,
        registry: "JobRegistry",
        initial_weights: bytes | None = None,
        extra: "ExtraImages | None" = None,
    ) -> None:
        self.id = secrets.token_urlsafe(12)
        self.hyperparameters = chosen
        self.dataset = dataset
        self.initial_weights = initial_weights
        self.extra = extra
        self.threads = thread_count(chosen)
        self.history = History()
        self.weights: bytes | None = None
        self.weights_step = 0
        self.speed: float | None = None
        self.step_detail: StepDetail | None = None
        self.detail = ""
        self.state: State = "queued"
        self.watchers: set[str] = set()
        self.last_watched = time.monotonic()
        self.stop_deadline: float | None = None
        self.acknowledgements = 0
        self.changed = threading.Condition(registry.lock)
        self._registry = registry
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    @property
    def is_active(self) -> bool:
        """Whether the history may grow without anybody's doing: the page refreshes itself only then."""
        return self.state in ("queued", "running")

    @property
    def cores_used(self) -> int:
        """How many cores it keeps busy while it runs: none in slow motion."""
        return 0 if self.speed is not None and self.speed <= IDLE_SPEED else self.threads

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def pid(self) -> int | None:
        """The process id of the worker, or None while there is none."""
        return self._process.pid if self._process is not None and not self.has_ended else None

    def watch(self, watcher: str) -> None:
        """Note that session `watcher` looks at this run; while one of its sessions lives, the run is kept."""
        with self.changed:
            self.watchers.add(watcher)
            self.last_watched = time.monotonic()

    def pause(self, timeout: float = 1.0) -> None:
        """Pause a running job after its current step; waits up to `timeout` seconds until that is so."""
        with self.changed:
            if self.state == "running":
                self._send("pause")
                self.changed.wait_for(lambda: self.state != "running", timeout)

    def resume(self) -> None:
        """Let a paused job go on, as soon as cores are free for it."""
        with self.changed:
            if self.state == "paused":
                self._become("queued")
        self._registry.schedule()

    def step(self, timeout: float = 2.0) -> None:
        """Do one step (one batch) of a paused job; waits up to `timeout` seconds until it is done."""
        with self.changed:
            if self.state == "paused":
                before = self.acknowledgements
                self._send("step")
                self.changed.wait_for(lambda: self.acknowledgements > before or self.has_ended, timeout)

    def set_speed(self, steps_per_second: float | None) -> None:
        """Hold the run to that pace from the next step on; None is full speed."""
        with self.changed:
            self.speed = steps_per_second
            if self._process is not None and not self.has_ended:
                self._send(("speed", steps_per_second))
        self._registry.schedule()

    def stop(self, timeout: float = 1.0) -> None:
        """End the job and keep the model so far; waits up to `timeout` seconds until that is so."""
        with self.changed:
            if self.has_ended:
                return
            if self._process is None:
                self._become("stopped")
            else:
                self.stop_deadline = time.monotonic() + STOP_SECONDS
                self._send("stop")
                self.changed.wait_for(lambda: self.has_ended, timeout)

    def wait(self, timeout: float | None = None) -> State:
        """Wait until the job has ended, at most `timeout` seconds; return the state it is in."""
        with self.changed:
            self.changed.wait_for(lambda: self.has_ended, timeout)
            return self.state

    # Below: for the registry and the listening thread only; the lock is held.

    def _send(self, command: "Command") -> None:
        assert self._connection is not None
        # A worker that has just died does not listen: the listening thread finds the same, and says so.
        with contextlib.suppress(OSError):
            self._connection.send(command)

    def _become(self, state: State, detail: str = "") -> None:
        self.state, self.detail = state, detail
        self.changed.notify_all()

    def _go_on(self) -> None:
        """Start the worker, or wake the paused one."""
        self._become("running")
        if self._process is not None:
            self._send("resume")
            return
        self._connection, theirs = process_context().Pipe()
        self._process = process_context().Process(  # type: ignore[attr-defined]
            target=_run_worker,
            args=(theirs, self.hyperparameters, self.dataset, self.threads, self.initial_weights, self.extra),
            daemon=True,
        )
        try:
            self._process.start()
        except OSError as error:
            self._become("failed", _("The training process could not be started: {error}.").format(error=error))
            return
        finally:
            theirs.close()
        if self.speed is not None:
            self._send(("speed", self.speed))
        threading.Thread(target=self._listen, name=f"job {self.id}", daemon=True).start()

    def _listen(self) -> None:
        assert self._connection is not None
        assert self._process is not None
        ended: tuple[State, str] | None = None
        try:
            while ended is None:
                kind, *content = self._connection.recv()
                with self.changed:
                    if kind == "events":
                        for event in content[0]:
                            self.history.append(event)
                    elif kind == "weights":
                        self.weights_step, self.weights = content
                    elif kind == "step_detail":
                        self.step_detail = content[0]
                    elif kind == "paused":
                        self.acknowledgements += 1
                        if self.state == "running":
                            self._become("paused")
                    elif kind == "ended":
                        ended = (content[0], content[1])
                    self.changed.notify_all()
                if kind == "paused":
                    self._registry.schedule()
        except (EOFError, OSError):
            pass
        self._process.join(STOP_SECONDS if ended is None else None)
        with self.changed:
            self._become(*(ended or self._died()))
            self._connection.close()
        self._registry.schedule()

    def _died(self) -> tuple[State, str]:
        assert self._process is not None
        if self.stop_deadline is not None:
            return "stopped", ""
        code = self._process.exitcode
        return "failed", _(
            "The training process ended unexpectedly ({reason}). What it had learned until then is kept; press Start "
            "to train again."
        ).format(reason=signal.Signals(-code).name if code is not None and code < 0 else f"exit status {code}")

    def _end_by_force(self) -> None:
        if self._process is not None and self._process.is_alive():
            self._process.kill()


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
    """

    def __init__(
        self,
        slots: int | None = None,
        is_watcher_alive: Callable[[str], bool] = lambda watcher: True,
        lease_seconds: float = LEASE_SECONDS,
        reap_seconds: float = REAP_SECONDS,
    ) -> None:
        self.lock = threading.RLock()
        self.slots = slots or core_count()
        self._jobs: dict[str, Job] = {}
        self._is_watcher_alive = is_watcher_alive
        self._lease_seconds = lease_seconds
        self._closed = threading.Event()
        self._reaper = threading.Thread(target=self._reap_forever, args=(reap_seconds,), name="reaper", daemon=True)
        self._reaper.start()

    def start(
        self,
        chosen: Hyperparameters,
        dataset: DigitDataset,
        watcher: str | None = None,
        initial_weights: bytes | None = None,
        extra: "ExtraImages | None" = None,
    ) -> Job:
        """Start a run, or queue it; return its job at once.

        It begins with `initial_weights`, such as those of another job whose model has the same shape, instead of random
        ones; if they do not fit, the job fails and says so. `extra` images are mixed into every batch.

        Raises
        ------
        HyperparameterError
            When the dataset has not as many images as are asked for.
        JobError
            When too many runs are kept already.
        """
        chosen.split_sizes(len(dataset.train_labels))
        job = Job(chosen, dataset, self, initial_weights, extra)
        if watcher is not None:
            job.watch(watcher)
        with self.lock:
            if len(self._jobs) >= MAX_JOBS:
                raise JobError(
                    _("This server already keeps {count} runs, which is its limit: try again in a few minutes.").format(
                        count=MAX_JOBS
                    )
                )
            self._jobs[job.id] = job
        self.schedule()
        return job

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


def _run_worker(
    connection: Connection,
    chosen: Hyperparameters,
    dataset: DigitDataset,
    threads: int,
    initial_weights: bytes | None,
    extra: "ExtraImages | None",
) -> None:
    # Imported in the child: the page's process need not have torch for this.
    from mnist_demo.worker import run_worker

    run_worker(connection, chosen, dataset, threads, initial_weights, extra)
