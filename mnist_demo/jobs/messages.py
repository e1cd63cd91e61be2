"""The messages between the page's process and a training process, all of them pickled: the assignment, then a
`Command` or a `Report` at a time.
"""

from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Literal

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.devices import AUTO
from mnist_demo.files import Content, keep, receive_content, send_content
from mnist_demo.settings.changes import Change
from mnist_demo.settings.hyperparameters import Hyperparameters, thread_count
from mnist_demo.training.fine_tuning import ExtraImages
from mnist_demo.training.speed import Speed
from mnist_demo.translation import N_

if TYPE_CHECKING:
    from mnist_demo.training.history import History
    from mnist_demo.training.slow_motion import StepDetail

State = Literal["queued", "running", "paused", "finished", "stopped", "diverged", "failed"]
# In words, to be translated when shown.
STATE_WORDS: dict[State, str] = {
    "queued": N_("queued"),
    "running": N_("running"),
    "paused": N_("paused"),
    "finished": N_("finished"),
    "stopped": N_("stopped"),
    "diverged": N_("diverged"),
    "failed": N_("failed"),
}
STATES = tuple(STATE_WORDS)
ENDED = STATES[3:]


@dataclass(frozen=True, eq=False)
class Assignment:
    """One run: settings, digits, and where it begins.

    Attributes
    ----------
    initial_weights
        Weights (safetensors) to begin with instead of random ones, such as those of another run whose model has the
        same shape. If they do not fit, the run fails and says so.
    extra
        Images that are mixed into every batch.
    resume_from
        The bytes of a `TrainingState` to go on from, bit for bit, with the same settings, digits and `extra` images;
        only ``epochs`` may be more. Then `initial_weights` do not matter.
    device
        One of ``DEVICES``; if the machine has none such, the run fails and says so.
    threads
        How many it computes with; 0 stands for the number that suits the model on this machine.
    changes
        Of settings, made at their steps: those of a run that is repeated. The state to go on from has its own besides.
    """

    hyperparameters: Hyperparameters
    dataset: DigitDataset
    initial_weights: Content | None = None
    extra: ExtraImages | None = None
    resume_from: Content | None = None
    device: str = AUTO
    threads: int = 0
    changes: tuple[Change, ...] = ()

    def __post_init__(self) -> None:
        for name in ("initial_weights", "resume_from"):
            if (content := getattr(self, name)) is not None:
                object.__setattr__(self, name, keep(content))
        if self.threads == 0:
            object.__setattr__(self, "threads", thread_count(self.hyperparameters))


# From the page to the worker


@dataclass(frozen=True)
class Pause:
    """Pause after the current step."""


@dataclass(frozen=True)
class Resume:
    """Go on."""


@dataclass(frozen=True)
class DoStep:
    """While paused: do one step, and watch it."""


@dataclass(frozen=True)
class Stop:
    """End, and keep the model so far."""


@dataclass(frozen=True)
class Rest:
    """Leave the cores to something short."""


@dataclass(frozen=True)
class SetSpeed:
    """Keep to this speed from the next step on."""

    speed: Speed


@dataclass(frozen=True)
class ChangeSetting:
    """Make the next step, and all after it, with another value of a hyperparameter, which has been checked."""

    name: str
    value: float


Command = Pause | Resume | DoStep | Stop | Rest | SetSpeed | ChangeSetting


# From the worker to the page


@dataclass(frozen=True, eq=False)
class Progressed:
    """What is new, as columns: thousands of steps a second, one by one, would cost the page a fiftieth of a core."""

    history: "History"


@dataclass(frozen=True)
class Weights:
    """The model after `step` steps, as safetensors; large ones are in a file."""

    step: int
    kept: Content

    def __post_init__(self) -> None:
        object.__setattr__(self, "kept", keep(self.kept))

    @property
    def content(self) -> bytes:
        """The bytes, which are read anew each time if they are in a file."""
        return bytes(self.kept)


@dataclass(frozen=True, eq=False)
class StepWatched:
    """A step that was watched in slow motion."""

    detail: "StepDetail"


@dataclass(frozen=True)
class StateSaved:
    """A saved point: the bytes of a `TrainingState`. The history up to there has been sent before."""

    training_state: Content


@dataclass(frozen=True)
class DeviceChosen:
    """What the run computes on."""

    device: str


@dataclass(frozen=True)
class Paused:
    """It has paused, or done a step while it was paused."""


@dataclass(frozen=True)
class Ended:
    """The last message. `detail` is a sentence where the state needs one, else empty."""

    state: State
    detail: str = ""
    training_state: Content | None = None


Report = Progressed | Weights | StepWatched | StateSaved | DeviceChosen | Paused | Ended


def send_report(connection: Connection, report: Report) -> None:
    """Send what `receive_report` returns at the other end; large contents go over as files."""
    match report:
        case Weights(_step, content) if content:
            report = replace(report, kept=b"")
        case StateSaved(content) | Ended(_, _, content) if content is not None:
            report = replace(report, training_state=b"")
        case _:
            content = None
    connection.send((report, content is not None))
    if content is not None:
        send_content(connection, content)


def receive_report(connection: Connection) -> Report:
    """Return the next report; raise EOFError or OSError where there will be none."""
    report: Report
    report, has_content = connection.recv()
    if has_content:
        content = receive_content(connection)
        match report:
            case Weights():
                return replace(report, kept=content)
            case StateSaved() | Ended():
                return replace(report, training_state=content)
    return report
