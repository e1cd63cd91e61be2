"""What the page's process and a training process say to each other, all of it pickled: the assignment, then a
`Command` or a `Report` at a time.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.devices import AUTO
from mnist_demo.settings.hyperparameters import Hyperparameters, thread_count
from mnist_demo.training.fine_tuning import ExtraImages
from mnist_demo.training.speed import Speed

if TYPE_CHECKING:
    from mnist_demo.training.history import History
    from mnist_demo.training.slow_motion import StepDetail

State = Literal["queued", "running", "paused", "finished", "stopped", "diverged", "failed"]
STATES: tuple[State, ...] = ("queued", "running", "paused", "finished", "stopped", "diverged", "failed")
ENDED: tuple[State, ...] = STATES[3:]


@dataclass(frozen=True, eq=False)
class Assignment:
    """One run: settings, digits, and where it begins.

    Attributes
    ----------
    initial_weights
        Safetensors bytes to begin with instead of random weights, such as those of another run whose model has the same
        shape. If they do not fit, the run fails and says so.
    extra
        Images that are mixed into every batch.
    resume_from
        The bytes of a `TrainingState` to go on from, bit for bit, with the same settings, digits and `extra` images;
        only ``epochs`` may be more. Then `initial_weights` do not matter.
    device
        One of ``DEVICES``; if the machine has none such, the run fails and says so.
    threads
        How many it computes with; 0 stands for the number that suits the model on this machine.
    """

    hyperparameters: Hyperparameters
    dataset: DigitDataset
    initial_weights: bytes | None = None
    extra: ExtraImages | None = None
    resume_from: bytes | None = None
    device: str = AUTO
    threads: int = 0

    def __post_init__(self) -> None:
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


Command = Pause | Resume | DoStep | Stop | Rest | SetSpeed


# From the worker to the page


@dataclass(frozen=True, eq=False)
class Progressed:
    """What is new, as columns: thousands of steps a second, one by one, would cost the page a fiftieth of a core."""

    history: "History"


@dataclass(frozen=True)
class Weights:
    """The model after `step` steps; `content` are safetensors bytes."""

    step: int
    content: bytes


@dataclass(frozen=True, eq=False)
class StepWatched:
    """A step that was watched in slow motion."""

    detail: "StepDetail"


@dataclass(frozen=True)
class StateSaved:
    """A saved point: the bytes of a `TrainingState`. The history up to there has been sent before."""

    training_state: bytes


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
    training_state: bytes | None = None


Report = Progressed | Weights | StepWatched | StateSaved | DeviceChosen | Paused | Ended
