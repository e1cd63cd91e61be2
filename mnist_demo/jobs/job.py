"""One training run that is computed elsewhere, seen from the page's process."""

import dataclasses
import logging
import threading
import time
from collections.abc import Callable

from mnist_demo.errors import JobError
from mnist_demo.jobs.computing import Computation, Computing, Here, InterruptedComputationError
from mnist_demo.jobs.endings import could_not_be_started, ended_unexpectedly
from mnist_demo.jobs.messages import (
    ENDED,
    Assignment,
    ChangeSetting,
    Command,
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
)
from mnist_demo.jobs.observed_run import JobSnapshot, ObservedRun, new_job_id
from mnist_demo.jobs.steps import Steps
from mnist_demo.jobs.waiting import next_moment
from mnist_demo.training.history import History
from mnist_demo.training.speed import Speed

# A batch of 10,000 takes the convnet about 2 s; a worker that does not answer for longer is ended.
STOP_SECONDS = 8.0
_logger = logging.getLogger(__name__)


class Job(ObservedRun):
    """A run and what computes it. Made by ``JobRegistry.start``, or of a saved run by ``Job.ended``.

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
    computing
        Where it is computed; None means this machine.
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
        computing: Computing | None = None,
    ) -> None:
        super().__init__(assignment, job_id or new_job_id(), history, weights, lock, clock)
        self.visitor = visitor or self.id
        self.steps = Steps(self.visitor, self.threads, self._send)
        self.is_brief = is_brief
        # When it began to wait, to compute, and last gave way: 0 for never. And the second in seconds of the clock.
        self.queued_at, self.computes_since, self.gave_way_at, self.turn_began = next_moment(), 0, 0, clock()
        self._assignment = assignment
        self._on_core_free, self._on_saved_point = on_core_free, on_saved_point
        self._stop_deadline: float | None = None
        self._computing = computing or Here()
        self._computation: Computation | None = None
        self._gives_way = self._is_to_pause = self.keeps_turn = False

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
        """The process id of the worker, or None while there is none on this machine."""
        computation = self._computation  # read once: on a cluster it may be another one, or none, a moment later
        return computation.pid if computation is not None and not self.has_ended else None

    def pause(self, timeout: float = 1.0) -> None:
        """Pause a running job after its current step; waits up to `timeout` seconds until that is so."""
        with self._changed:
            self._gives_way = self.keeps_turn = False
            if self._state == "running":
                self._send(Pause())
                self._changed.wait_for(lambda: self._state != "running", timeout)
            elif self._state == "queued" and self._computation is not None:
                self._become("paused")  # it gave way to another one

    def resume(self) -> None:
        """Let a paused job go on, as soon as cores are free for it."""
        with self._changed:
            if self._state == "paused":
                self._become("queued")
        self._on_core_free()

    def step(self, timeout: float = 2.0) -> None:
        """Do a step (one batch) of a paused job in its turn; waits up to `timeout` seconds until it is done."""
        with self._changed:
            if self._state == "paused":
                self.steps.ask()
        self._on_core_free()
        self.wait_for(lambda: not self.steps.awaited or self.has_ended, timeout)

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
            value = self._checked_change(name, value)
            if self._computation is not None and not self.has_ended:
                self._asked[name] = value
                self._send(ChangeSetting(name, value))

    def rest(self) -> None:
        """Have a running job leave its cores to something short, an eighth of a second at most; returns at once."""
        with self._changed:
            if self._state == "running" and self._computing.shares_cores_with_page:
                self._send(Rest())

    def stop(self, timeout: float = 1.0) -> None:
        """End the job and keep the model so far; waits up to `timeout` seconds until that is so."""
        with self._changed:
            if self.has_ended:
                return
            if self._computation is not None:
                self._stop_deadline = self._clock() + STOP_SECONDS
                self._send(Stop())
                self._changed.wait_for(lambda: self.has_ended, timeout)
                return
            self._become("stopped")
        self._tell_saved_point()

    def go_on(self) -> None:
        """Start the worker, or wake the paused one: there are cores for it."""
        with self._changed:
            self._become("running")
            if self._computation is not None:
                self._send(Resume())
            else:
                self._begin()
            has_failed = self.has_ended
        if has_failed:
            self._tell_saved_point()

    def _begin(self) -> None:
        """Have the worker started; the lock is held."""
        try:
            self._computation = self._computing.compute(self._assignment, self.id, self.cores_busy)
            threading.Thread(target=self._listen, args=(self._computation,), name=self.id, daemon=True).start()
        except (JobError, RuntimeError) as error:  # the latter where there are too many threads
            self.kill()
            detail = str(error) if isinstance(error, JobError) else could_not_be_started(error)
            self._become("queued" if isinstance(error, InterruptedComputationError) else "failed", detail)
            return
        if self._speed is not None:
            self._send(SetSpeed(self._speed))
        if self._is_to_pause:
            self._is_to_pause = False
            self._send(Pause())

    def give_way(self, keeps_turn: bool = False) -> None:
        """Have a running job queue again after its current step: another's turn, or something brief, comes first."""
        with self._changed:
            if self._state == "running" and not self._gives_way:
                self._gives_way, self.keeps_turn, self.gave_way_at = True, keeps_turn, next_moment()
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
        if (computation := self._computation) is not None:
            computation.kill()

    # Below, the lock is held, but in the thread that listens.

    def _send(self, command: Command) -> None:
        if self._computation is not None:
            self._computation.send(command)

    def _become(self, state: State, detail: str = "") -> None:
        if state == "queued":
            self.queued_at = next_moment()
            self.steps.drop_waiting()
        elif state == "running":
            self._begin_turn()
        super()._become(state, detail)

    def _begin_turn(self) -> None:
        if not self.keeps_turn:
            self.computes_since, self.turn_began = next_moment(), self._clock()
        self.keeps_turn = False

    def _listen(self, computation: Computation) -> None:
        ended: Ended | None = None
        try:
            while ended is None:
                report = computation.receive()
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
                if isinstance(report, StateSaved):
                    self._tell_saved_point()
                elif isinstance(report, Ended):
                    ended = report
        except InterruptedComputationError as interruption:
            computation.end(0)
            with self._changed:
                self._begin_again(str(interruption))
            self._on_core_free()
            if self.has_ended:
                self._tell_saved_point()
            return
        except (EOFError, OSError):
            pass
        reason = computation.end(STOP_SECONDS if ended is None else None)
        with self._changed:
            if ended is None:
                was_stopped = self._stop_deadline is not None
                ended = Ended("stopped") if was_stopped else Ended("failed", ended_unexpectedly(reason))
            self._become(ended.state, ended.detail)
        self._on_core_free()
        self._tell_saved_point()

    def _begin_again(self, why: str) -> None:
        """Queue, to go on from the last saved point, as far as the history then is; or end, if that was wished."""
        self._computation = None
        if self._stop_deadline is not None:
            self._become("stopped")
            return
        self._is_to_pause |= self._state == "paused"
        self._gives_way = self.keeps_turn = self.steps.is_on = False
        since = self._go_back_to_saved_point()
        if self._training_state is None:
            since = list(dict.fromkeys((*self._assignment.changes, *since)))
        self._assignment = dataclasses.replace(self._assignment, resume_from=self._training_state, changes=tuple(since))
        self._become("queued", why)

    def _tell_saved_point(self) -> None:
        try:
            self._on_saved_point(self)
        except Exception:
            # Whatever goes wrong with a copy of the run, the run itself goes on.
            _logger.exception("A saved point of run %s could not be kept.", self.id)
