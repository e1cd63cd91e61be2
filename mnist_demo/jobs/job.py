"""One training run in another process, seen from the page's process."""

import contextlib
import logging
import secrets
import signal
import threading
import time
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Literal

from mnist_demo.devices import CPU
from mnist_demo.jobs.messages import Assignment
from mnist_demo.processes import process_context, start_process
from mnist_demo.training.history import History
from mnist_demo.training.slow_motion import IDLE_SPEED
from mnist_demo.training.state import read_progress
from mnist_demo.translation import _

if TYPE_CHECKING:
    from mnist_demo.jobs.registry import JobRegistry
    from mnist_demo.jobs.worker import Command
    from mnist_demo.training.slow_motion import StepDetail

State = Literal["queued", "running", "paused", "finished", "stopped", "diverged", "failed"]
STATES: tuple[State, ...] = ("queued", "running", "paused", "finished", "stopped", "diverged", "failed")
ENDED: tuple[State, ...] = STATES[3:]

# A batch of 10,000 takes the convnet about 2 s; a worker that does not answer for longer is ended.
STOP_SECONDS = 8.0
_logger = logging.getLogger(__name__)


class Job:
    """One run: its settings, its state, what happened so far, and its newest weights.

    Made by ``JobRegistry.start``. `history` grows while the job runs; `weights` are safetensors bytes of the model
    after `weights_step` steps, None before the first arrive. `training_state` are the bytes of the newest
    `TrainingState` that came: from there another job can go on. `speed` is the pace in steps a second that it is held
    to, None for full speed; `step_detail` is the newest step that was watched in slow motion, if any. `detail` is a
    sentence for people where the state needs one (diverged, failed), else empty.
    """

    def __init__(
        self,
        assignment: Assignment,
        registry: "JobRegistry",
        history: History | None = None,
        job_id: str | None = None,
    ) -> None:
        self.id = job_id or new_job_id()
        self.hyperparameters = assignment.hyperparameters
        self.dataset = assignment.dataset
        self.initial_weights = assignment.initial_weights
        self.extra = assignment.extra
        self.device = CPU
        self.threads = assignment.threads
        self.history = History()
        if assignment.resume_from is not None:
            progress = read_progress(assignment.resume_from)
            self.history = history.until(progress) if history is not None else self.history
        self.weights: bytes | None = None
        self.weights_step = 0
        self.training_state = assignment.resume_from
        self.speed: float | None = None
        self.step_detail: StepDetail | None = None
        self.detail = ""
        self.state: State = "queued"
        self.watchers: set[str] = set()
        self.last_watched = time.monotonic()
        self.stop_deadline: float | None = None
        self.steps_awaited = 0  # steps of the paused run that were asked for and are not done yet
        self.changed = threading.Condition(registry.lock)
        self._assignment = assignment
        self._registry = registry
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    @property
    def is_repeatable(self) -> bool:
        """Whether its settings and digits alone bring it back: it began with random weights and no more."""
        return self._assignment.initial_weights is None and self.extra is None

    @property
    def is_active(self) -> bool:
        """Whether the history may grow without anybody's doing: the page refreshes itself only then.

        On a machine that is busy with something else a single step may take longer than whoever asked for it waits.
        """
        return self.state in ("queued", "running") or (self.state == "paused" and self.steps_awaited > 0)

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
                self.steps_awaited += 1
                self._send("step")
                self.changed.wait_for(lambda: not self.steps_awaited or self.has_ended, timeout)

    def set_speed(self, steps_per_second: float | None) -> None:
        """Hold the run to that pace from the next step on; None is full speed."""
        with self.changed:
            self.speed = steps_per_second
            if self._process is not None and not self.has_ended:
                self._send(("speed", steps_per_second))
        self._registry.schedule()

    def rest(self) -> None:
        """Have a running job leave its cores to something short, an eighth of a second at most; returns at once."""
        with self.changed:
            if self.state == "running":
                self._send("rest")

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

    def wait_for_first_metrics(self, timeout: float) -> None:
        """Wait until a running job has something to show, at most `timeout` seconds; for any other, not at all."""
        with self.changed:
            self.changed.wait_for(lambda: self.history.started is not None or self.state != "running", timeout)

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
            target=_run_worker, args=(theirs, self._assignment), daemon=True
        )
        try:
            start_process(self._process)
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
                    if kind == "history":
                        self.history.extend(content[0])
                    elif kind == "weights":
                        self.weights_step, self.weights = content
                    elif kind == "device":
                        self.device = content[0]
                    elif kind == "step_detail":
                        self.step_detail = content[0]
                    elif kind == "paused":
                        # It says so after each step that it did while paused, and when it has paused.
                        if self.steps_awaited:
                            self.steps_awaited -= 1
                        elif self.state == "running":
                            self._become("paused")
                    elif kind == "training_state":
                        self.training_state = content[0]
                    elif kind == "ended":
                        ended = (content[0], content[1])
                        self.training_state = content[2] or self.training_state
                    self.changed.notify_all()
                if kind == "paused":
                    self._registry.schedule()
                elif kind == "training_state":
                    self._tell_saved_point()
        except (EOFError, OSError):
            pass
        self._process.join(STOP_SECONDS if ended is None else None)
        with self.changed:
            self._become(*(ended or self._died()))
            self._connection.close()
        self._registry.schedule()
        self._tell_saved_point()

    def _tell_saved_point(self) -> None:
        try:
            self._registry.on_saved_point(self)
        except Exception:
            # Whatever goes wrong with a copy of the run, the run itself goes on.
            _logger.exception("A saved point of run %s could not be kept.", self.id)

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


def new_job_id() -> str:
    """Return an id that nobody can guess; it is a part of addresses, and the name of a saved run's folder."""
    return secrets.token_hex(10)


def _run_worker(connection: Connection, assignment: Assignment) -> None:
    # Imported in the child: the page's process need not have torch for this.
    from mnist_demo.jobs.worker import run_worker

    run_worker(connection, assignment)
