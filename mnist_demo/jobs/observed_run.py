"""A run as others see it: its settings, its state, what happened so far, and its newest weights."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_demo.devices import CPU
from mnist_demo.errors import JobError
from mnist_demo.files import Content
from mnist_demo.jobs.messages import (
    ENDED,
    Assignment,
    DeviceChosen,
    Ended,
    Paused,
    Progressed,
    Report,
    State,
    StateSaved,
    StepWatched,
    Weights,
)
from mnist_demo.jobs.steps import Steps
from mnist_demo.settings.changes import Change, with_change
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.history import History
from mnist_demo.training.progress import Progress
from mnist_demo.training.speed import IDLE_SHARE, IDLE_SPEED, Speed, steps_a_second
from mnist_demo.training.state import read_progress
from mnist_demo.translation import _, translated

MAX_CHANGES = 500

if TYPE_CHECKING:
    from mnist_demo.training.slow_motion import StepDetail


def new_job_id() -> str:
    """Return an id that nobody can guess; it is a part of addresses, and the name of a saved run's folder."""
    return secrets.token_hex(10)


@dataclass(frozen=True, eq=False)
class JobSnapshot:
    """What changes while a job runs, at one moment; nothing of it changes any more. See `ObservedRun`."""

    state: State
    detail: str
    device: str
    history: History
    weights: Weights | None
    training_state: Content | None


class ObservedRun:
    """One run, filled by what its worker reports. What never changes is an attribute.

    Any thread may read a property: each is one value that is replaced whole. For several that belong to the same moment
    there is ``snapshot``. Everything changes under one lock.

    Parameters
    ----------
    history, weights
        Of the run that this one goes on with, if any: what had happened until then is copied, and grows; the weights
        are those of this run until its own arrive.
    lock
        The lock under which it changes; the runs of a registry share one.
    clock
        Seconds, as ``time.monotonic``.
    """

    steps: Steps  # whoever has it computed has them made

    def __init__(
        self,
        assignment: Assignment,
        job_id: str,
        history: History | None = None,
        weights: Weights | None = None,
        lock: "threading.RLock | None" = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.id = job_id
        self.hyperparameters = assignment.hyperparameters
        self.dataset = assignment.dataset
        self.initial_weights = assignment.initial_weights
        self.extra = assignment.extra
        self.threads = assignment.threads
        self._state: State = "queued"
        self._detail = ""
        self._device = CPU
        self._history = History()
        self._weights = weights
        self._training_state = assignment.resume_from
        if assignment.resume_from is not None:
            progress = read_progress(assignment.resume_from)
            self._history = history.until(progress) if history is not None else self._history
        self._asked: dict[str, float] = {}  # changes of settings that no step has been made with yet
        self._speed: Speed = None
        self._step_detail: StepDetail | None = None
        self._watchers: set[str] = set()
        self._was_watched = False
        self._last_watched = clock()
        self._clock = clock
        self._changed = threading.Condition(lock or threading.RLock())

    @property
    def state(self) -> State:
        return self._state

    @property
    def detail(self) -> str:
        """A sentence for people where the state needs one (diverged, failed), else empty; in the reader's language."""
        return translated(self._detail)

    @property
    def device(self) -> str:
        """What it computes on; until the worker has said so, the processor."""
        return self._device

    @property
    def history(self) -> History:
        """What happened so far; it grows while the job runs."""
        return self._history

    @property
    def weights(self) -> Weights | None:
        """The newest weights and their step, None before the first arrive; read it once, and use both of that."""
        return self._weights

    @property
    def training_state(self) -> Content | None:
        """The content of the newest `TrainingState` that came: from there another job can go on."""
        return self._training_state

    @property
    def settings_now(self) -> Hyperparameters:
        """The hyperparameters of its next step: those that it began with, and all changes since."""
        with self._changed:  # a change that has been made is in the one before it leaves the other
            changed = {change.setting: change.value for change in self._history.changes}
            return self.hyperparameters.replace(**changed | self._asked)

    def _checked_change(self, name: str, value: float) -> float:
        """Return the value as the hyperparameter has it, a whole number where it is one; see ``Job.change``."""
        checked: float = getattr(with_change(self.settings_now, name, value), name)
        if len(self._history.changes) >= MAX_CHANGES:
            message = _("The settings of this run have been changed {count} times, which is the limit.")
            raise JobError(message.format(count=MAX_CHANGES))
        return checked

    @property
    def speed(self) -> Speed:
        """The speed that it is held to."""
        return self._speed

    @property
    def step_detail(self) -> "StepDetail | None":
        """The newest step that was watched in slow motion, if any."""
        return self._step_detail

    @property
    def is_repeatable(self) -> bool:
        """Whether its settings and digits alone bring it back: it began with random weights and no more."""
        return self.initial_weights is None and self.extra is None

    @property
    def bytes_kept(self) -> int:
        """How many bytes its weights and its saved point have."""
        return sum(map(len, self._contents()))

    @property
    def bytes_in_memory(self) -> int:
        """How many of them are in the server's memory: of large ones, those for which no disk had room."""
        return sum(len(content) for content in self._contents() if isinstance(content, bytes))

    def _contents(self) -> tuple[Content, ...]:
        return (self._weights.kept if self._weights else b""), self._training_state or b""

    @property
    def is_active(self) -> bool:
        """Whether the history may grow without anybody's doing: the page refreshes itself only then.

        On a machine that is busy with something else a single step may take longer than whoever asked for it waits.
        """
        return self._state in ("queued", "running") or (self._state == "paused" and self.steps.awaited > 0)

    @property
    def cores_used(self) -> int:
        """How many cores it keeps busy while it runs: none in slow motion, unless its steps are long."""
        steady = steps_a_second(self._speed)
        is_idle = steady is not None and steady <= IDLE_SPEED and self.slow_share <= IDLE_SHARE
        return 0 if is_idle else self.threads

    @property
    def slow_share(self) -> float:
        """What it takes of a core at a steady speed; 0 while that is not known, and at any other speed."""
        return (steps_a_second(self._speed) or 0.0) * self._step_seconds()

    def cores_busy(self) -> int:
        """Return how many cores it keeps busy at the moment."""
        return self.cores_used if self._state == "running" else 0

    def _step_seconds(self) -> float:
        """Return how long a step takes, the mean of the last ones; 0 before there are two."""
        seconds = self._history.steps["seconds"][-10:]
        return (seconds[-1] - seconds[0]) / (len(seconds) - 1) if len(seconds) > 1 else 0.0

    @property
    def is_elsewhere(self) -> bool:
        """Whether another process trains it: then it takes no commands here."""
        return False

    @property
    def has_ended(self) -> bool:
        return self._state in ENDED

    def snapshot(self) -> JobSnapshot:
        """Return a copy of what changes while the job runs, all of the same moment."""
        with self._changed:
            return JobSnapshot(
                self._state, self._detail, self._device, self._history.copy(), self._weights, self._training_state
            )

    def watch(self, watcher: str) -> None:
        """Note that session `watcher` looks at this run; while one of its sessions lives, the run is kept."""
        with self._changed:
            self._watchers.add(watcher)
            self._was_watched = True
            self._last_watched = self._clock()

    def seconds_unwatched(self, is_watcher_alive: Callable[[str], bool]) -> float:
        """Return for how long no session that lives has looked at it; 0 where none ever did."""
        with self._changed:
            watchers = set(self._watchers)
        # Without the lock: it may take a while.
        gone = {watcher for watcher in watchers if not is_watcher_alive(watcher)}
        with self._changed:
            self._watchers -= gone  # who comes back says so anew
            if watchers != gone or not self._was_watched:
                self._last_watched = self._clock()
            return self._clock() - self._last_watched

    def wait_for(self, condition: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until `condition` holds, which is asked whenever something has come, at most `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(condition, timeout)

    def wait_for_first_metrics(self, timeout: float) -> None:
        """Wait until a running job has something to show, at most `timeout` seconds; for any other, not at all."""
        self.wait_for(lambda: self._history.started is not None or self._state != "running", timeout)

    def wait(self, timeout: float | None = None) -> State:
        """Wait until the job has ended, at most `timeout` seconds; return the state it is in."""
        self.wait_for(lambda: self.has_ended, timeout)
        return self._state

    # Below, the lock is held.

    def _become(self, state: State, detail: str = "") -> None:
        self._state, self._detail = state, detail
        self._changed.notify_all()

    def _go_back_to_saved_point(self) -> list[Change]:
        """Forget what happened after the newest saved point, or all of it; return the changes of settings since."""
        progress = Progress() if self._training_state is None else read_progress(self._training_state)
        since = [change.change for change in self._history.changes if change.step >= progress.step]
        self._history = History() if self._training_state is None else self._history.until(progress)
        return since

    def _note(self, report: Report) -> None:
        match report:
            case Progressed(history):
                self._history.extend(history)
                for change in history.changes:
                    self._asked.pop(change.setting, None)
            case Weights():
                self._weights = report
            case StepWatched(detail):
                self._step_detail = detail
            case DeviceChosen(device):
                self._device = device
            case Paused() if self.steps.is_on:
                # It says so after each step that it did while paused, and when it has paused.
                self.steps.note_done()
            case Paused() if self._state == "running":
                self._become("paused")
            case StateSaved(training_state):
                self._training_state = training_state
            case Ended():
                self._training_state = report.training_state or self._training_state
