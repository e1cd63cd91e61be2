"""One training run in another process, seen from the page's process."""

import logging
import secrets
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

from mnist_demo.errors import JobError
from mnist_demo.jobs.messages import (
    ENDED,
    Assignment,
    ChangeSetting,
    Command,
    DoStep,
    Ended,
    Pause,
    Paused,
    Rest,
    Resume,
    SetSpeed,
    State,
    StateSaved,
    Stop,
    Weights,
    receive_report,
)
from mnist_demo.jobs.observed_run import JobSnapshot, ObservedRun
from mnist_demo.jobs.outbox import Outbox
from mnist_demo.jobs.waiting import next_moment
from mnist_demo.processes import ChildProcess
from mnist_demo.settings.changes import with_change
from mnist_demo.training.history import History
from mnist_demo.training.speed import Speed
from mnist_demo.translation import _

# A batch of 10,000 takes the convnet about 2 s; a worker that does not answer for longer is ended.
STOP_SECONDS = 8.0
MAX_CHANGES = 500
# More steps of a paused run are not asked for ahead.
MAX_STEPS_AWAITED = 20
_logger = logging.getLogger(__name__)


class Job(ObservedRun):
    """A run and the process that computes it. Made by ``JobRegistry.start``, or of a saved run by ``Job.ended``.

    Parameters
    ----------
    on_core_free
        Called, without the lock, when the job needs fewer cores than before, or wants to run.
    on_saved_point
        Called with the job, without the lock, when a new `training_state` has come, and when the job has ended.
    visitor
        Whose turn it takes; a job of nobody takes one of its own.
    is_brief
        Whether it takes a few seconds only, while somebody waits for it.
    history, weights, lock, clock
        See `ObservedRun`.
    """

    def __init__(
        self,
        assignment: Assignment,
        *,
        job_id: str | None = None,
        history: History | None = None,
        weights: Weights | None = None,
        lock: "threading.RLock | None" = None,
        clock: Callable[[], float] = time.monotonic,
        on_core_free: Callable[[], None] = lambda: None,
        on_saved_point: Callable[["Job"], None] = lambda job: None,
        visitor: str = "",
        is_brief: bool = False,
    ) -> None:
        super().__init__(assignment, job_id or new_job_id(), history, weights, lock, clock)
        self.visitor = visitor or self.id
        self.is_brief = is_brief
        # When it began to wait and to compute, of all jobs: 0 for never. And the latter in seconds of the clock.
        self.queued_at, self.computes_since, self.turn_began = next_moment(), 0, clock()
        self._assignment = assignment
        self._on_core_free, self._on_saved_point = on_core_free, on_saved_point
        self._stop_deadline: float | None = None
        self._child: ChildProcess | None = None
        self._outbox: Outbox | None = None
        self._gives_way = False

    @classmethod
    def ended(cls, assignment: Assignment, job_id: str, snapshot: JobSnapshot) -> "Job":
        """Return the job of a run that ended as `snapshot` says, perhaps in another process."""
        assert snapshot.state in ENDED
        job = cls(assignment, job_id=job_id, weights=snapshot.weights)
        job._state, job._detail, job._device = snapshot.state, snapshot.detail, snapshot.device
        job._history, job._training_state = snapshot.history, snapshot.training_state
        return job

    @property
    def pid(self) -> int | None:
        """The process id of the worker, or None while there is none."""
        return self._child.process.pid if self._child is not None and not self.has_ended else None

    def pause(self, timeout: float = 1.0) -> None:
        """Pause a running job after its current step; waits up to `timeout` seconds until that is so."""
        with self._changed:
            self._gives_way = False
            if self._state == "running":
                self._send(Pause())
                self._changed.wait_for(lambda: self._state != "running", timeout)
            elif self._state == "queued" and self._child is not None:
                self._become("paused")  # it gave way to another one

    def resume(self) -> None:
        """Let a paused job go on, as soon as cores are free for it."""
        with self._changed:
            if self._state == "paused":
                self._become("queued")
        self._on_core_free()

    def step(self, timeout: float = 2.0) -> None:
        """Do one step (one batch) of a paused job; waits up to `timeout` seconds until it is done."""
        with self._changed:
            if self._state == "paused" and self._steps_awaited < MAX_STEPS_AWAITED:
                self._steps_awaited += 1
                self._send(DoStep())
                self._changed.wait_for(lambda: not self._steps_awaited or self.has_ended, timeout)

    def set_speed(self, speed: Speed) -> None:
        """Hold the run to that speed from the next step on; one that leaves slow motion may have to wait for a core."""
        with self._changed:
            was_idle = self.cores_used == 0
            self._speed = speed
            if was_idle and self.cores_used and self._state == "running":
                self._begin_turn()
            if not self.has_ended:
                self._send(SetSpeed(speed))
        self._on_core_free()

    def change(self, name: str, value: float) -> None:
        """Have the run go on with another value of a hyperparameter, from the next step on; one that has ended may not.

        Raises
        ------
        HyperparameterError
            When it cannot be changed while this run goes on, or cannot have that value.
        JobError
            When there were too many changes already: all of them are saved with the run.
        """
        with self._changed:
            value = getattr(with_change(self.settings_now, name, value), name)
            if len(self._history.changes) >= MAX_CHANGES:
                message = _("The settings of this run have been changed {count} times, which is the limit.")
                raise JobError(message.format(count=MAX_CHANGES))
            if self._child is not None and not self.has_ended:
                self._asked[name] = value
                self._send(ChangeSetting(name, value))

    def rest(self) -> None:
        """Have a running job leave its cores to something short, an eighth of a second at most; returns at once."""
        with self._changed:
            if self._state == "running":
                self._send(Rest())

    def stop(self, timeout: float = 1.0) -> None:
        """End the job and keep the model so far; waits up to `timeout` seconds until that is so."""
        with self._changed:
            if self.has_ended:
                return
            if self._child is None:
                self._become("stopped")
            else:
                self._stop_deadline = self._clock() + STOP_SECONDS
                self._send(Stop())
                self._changed.wait_for(lambda: self.has_ended, timeout)

    # For the registry

    def go_on(self) -> None:
        """Start the worker, or wake the paused one: there are cores for it."""
        with self._changed:
            self._become("running")
            if self._child is not None:
                self._send(Resume())
                return
            try:
                self._child = ChildProcess(_run_worker, self._assignment)
                self._outbox = Outbox(self._child.connection, f"commands {self.id}")
                if self._speed is not None:
                    self._send(SetSpeed(self._speed))
                threading.Thread(target=self._listen, args=(self._child,), name=f"job {self.id}", daemon=True).start()
            except (OSError, RuntimeError) as error:  # too many files, processes or threads
                if self._child is not None:
                    self._child.end()
                detail = _("The training process could not be started: {error}.").format(error=error)
                self._become("failed", detail)

    def give_way(self) -> None:
        """Have a running job queue again after its current step: somebody else's turn comes first."""
        with self._changed:
            if self._state == "running" and not self._gives_way:
                self._gives_way = True
                self._send(Pause())

    @property
    def gives_way(self) -> bool:
        """Whether it was told to and still computes."""
        return self._gives_way and self._state == "running"

    def kill_if_stuck(self) -> None:
        """End the worker if it was told to stop and has not answered for too long."""
        if self._stop_deadline is not None and self._clock() > self._stop_deadline and not self.has_ended:
            self.kill()

    def kill(self) -> None:
        """End the worker, if there is one, whatever it does."""
        if self._child is not None:
            self._child.process.kill()

    # Below, the lock is held, but in the thread that listens.

    def _send(self, command: Command) -> None:
        if self._outbox is not None:
            self._outbox.put(command)

    def _become(self, state: State, detail: str = "") -> None:
        if state == "queued":
            self.queued_at = next_moment()
        elif state == "running":
            self._begin_turn()
        super()._become(state, detail)

    def _begin_turn(self) -> None:
        self.computes_since, self.turn_began = next_moment(), self._clock()

    def _listen(self, child: ChildProcess) -> None:
        ended: Ended | None = None
        try:
            while ended is None:
                report = receive_report(child.connection)
                with self._changed:
                    was_idle = self.cores_used == 0
                    self._note(report)
                    is_busy = was_idle and self.cores_used > 0  # its steps turn out to be long
                    if is_busy:
                        self._begin_turn()
                    if self._gives_way and self._state == "paused":
                        self._gives_way = False
                        self._become("queued")
                    self._changed.notify_all()
                if is_busy or isinstance(report, Paused):
                    self._on_core_free()
                match report:
                    case StateSaved():
                        self._tell_saved_point()
                    case Ended():
                        ended = report
        except (EOFError, OSError):
            pass
        child.process.join(STOP_SECONDS if ended is None else None)
        with self._changed:
            assert self._outbox is not None
            self._outbox.close()
            child.end()
            state, detail = (ended.state, ended.detail) if ended else self._died(child.process.exitcode)
            self._become(state, detail)
        self._on_core_free()
        self._tell_saved_point()

    def _died(self, exit_code: int | None) -> tuple[State, str]:
        if self._stop_deadline is not None:
            return "stopped", ""
        reason = (
            signal.Signals(-exit_code).name
            if exit_code is not None and exit_code < 0
            else _("exit status {status}").format(status=exit_code)
        )
        return "failed", _(
            "The training process ended unexpectedly ({reason}). What it had learned until then is kept; press "
            "“Start training” to train again."
        ).format(reason=reason)

    def _tell_saved_point(self) -> None:
        try:
            self._on_saved_point(self)
        except Exception:
            # Whatever goes wrong with a copy of the run, the run itself goes on.
            _logger.exception("A saved point of run %s could not be kept.", self.id)


def new_job_id() -> str:
    """Return an id that nobody can guess; it is a part of addresses, and the name of a saved run's folder."""
    return secrets.token_hex(10)


def _run_worker(connection: Connection, assignment: Assignment) -> None:
    # Imported in the child: the page's process need not have torch for this.
    from mnist_demo.jobs.worker import run_worker

    run_worker(connection, assignment)
