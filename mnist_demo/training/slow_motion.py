"""Training held to a speed, and what one step did, laid open.

The worker owns a `SlowMotion`; `train()` asks it before every step whether that step is watched. At full speed, with
nothing paused, the answer is no and costs nothing. Nothing here imports torch before a step is watched, so that the
page can hold a `StepDetail` before torch is loaded.
"""

import copy
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mnist_demo.training.speed import FIRST_SPEED, RISING, RisingSpeed, Speed, steps_a_second

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mnist_demo.models.classifiers import Classifier

# The page refreshes twice a second: more details than that nobody would see.
DETAIL_SECONDS = 0.4
MAX_DETAIL_IMAGES = 40
MAX_DETAIL_UNITS = 24


@dataclass(frozen=True)
class LayerStep:
    """What one step did to one parameter: `layer` and `name` in torch's words, and three Euclidean norms."""

    layer: str
    name: str
    shape: tuple[int, ...]
    weight_norm: float
    gradient_norm: float
    update_norm: float


@dataclass(frozen=True, eq=False)
class StepDetail:
    """One optimizer update, laid open.

    Attributes
    ----------
    step, epoch, learning_rate
        Which update, and how far it went.
    batch_images, batch_loss
        Images in the batch and their mean loss before the update; this is the loss that was differentiated.
    images
        uint8 (k, 28, 28), bright ink, as the model saw them (augmented where that is on): the k images of the batch
        with the largest losses, at most ``MAX_DETAIL_IMAGES``, the largest loss first.
    labels, predicted, losses
        int64 (k,), int64 (k,) and float32 (k,): of those images, before the update.
    before, gradient, after
        float32 (u, h, w): the first layer's weights seen as images, one for each digit (linear models, 28 × 28), each
        of the first hidden units (28 × 28) or each filter (5 × 5); at most ``MAX_DETAIL_UNITS``.
    layers
        Every parameter of the model, from the input to the output.
    """

    step: int
    epoch: int
    learning_rate: float
    batch_images: int
    batch_loss: float
    images: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray
    losses: np.ndarray
    before: np.ndarray
    gradient: np.ndarray
    after: np.ndarray
    layers: tuple[LayerStep, ...]


class SlowMotion:
    """Holds a run to a speed, and watches single steps of it; belongs to the worker."""

    def __init__(self) -> None:
        self.speed: Speed = None
        self.steps_left = 0
        self._rising: RisingSpeed | None = None
        self._rising_since = 0.0
        self._risen_steps = 0
        self._next_step = 0.0
        self._next_detail = 0.0
        self._asked = False
        self._begun: _BegunStep | None = None
        self._detail: StepDetail | None = None

    def set_speed(self, speed: Speed) -> None:
        """Go on at that speed. A rising one begins anew, with what is left: so it does after a pause, too."""
        self.speed = speed
        now = time.perf_counter()
        self._rising = RisingSpeed(self.steps_left) if speed == RISING else None
        self._rising_since, self._risen_steps = now, 0
        self._next_step = now + 1 / (steps_a_second(speed) or FIRST_SPEED)

    def seconds_to_wait(self) -> float:
        """Return how long the next step has to wait for its turn: 0 at full speed."""
        return 0.0 if self.speed is None else max(0.0, self._next_step - time.perf_counter())

    def note_step(self) -> None:
        """Note that a step is done, so that the next one waits for its turn."""
        self.steps_left -= 1
        steady = steps_a_second(self.speed)
        if steady is not None:
            # A step that took longer than its turn is not made good by the next ones.
            self._next_step = max(self._next_step + 1 / steady, time.perf_counter())
        elif self._rising is not None:
            self._risen_steps += 1
            self._next_step = self._rising_since + self._rising.seconds_until(self._risen_steps + 1)

    def watch_next_step(self) -> None:
        """Watch the next step, at any speed."""
        self._asked = True

    @property
    def is_watching(self) -> bool:
        """Whether the next step is to be watched."""
        return self._asked or (steps_a_second(self.speed) is not None and time.perf_counter() >= self._next_detail)

    def before_step(self, model: "Classifier", images: "Tensor", labels: "Tensor") -> float:
        """Look at a batch and its gradient before `model`, which stays as it is, is updated by it.

        Parameters
        ----------
        images, labels
            The batch that the model is about to learn from: float32 (n, 28, 28) in [0, 1] and int64 (n,).

        Returns
        -------
        float
            The seconds that it took, which are not training time.
        """
        began = time.perf_counter()
        self._asked = False
        self._begun = _begin(model, images, labels)
        self._next_detail = began + DETAIL_SECONDS
        return time.perf_counter() - began

    def after_step(self, model: "Classifier", step: int, epoch: int, learning_rate: float) -> None:
        """Finish the detail that ``before_step`` began, now that `model` has been updated; else do nothing."""
        if self._begun is not None:
            self._detail = _finish(self._begun, model, step, epoch, learning_rate)
            self._begun = None

    def take_detail(self) -> StepDetail | None:
        """Return the newest detail once, None when there is none that is new."""
        detail, self._detail = self._detail, None
        return detail


@dataclass(eq=False)
class _BegunStep:
    copied: "Classifier"
    images: "Tensor"
    labels: "Tensor"
    predicted: "Tensor"
    losses: "Tensor"
    batch_loss: float


def _begin(model: "Classifier", images: "Tensor", labels: "Tensor") -> _BegunStep:
    import torch

    from mnist_demo.models.losses import cross_entropy

    # On a copy, and with the random state put back: the step that follows is the one that it would have been without
    # anybody watching, and drops the same units as here.
    copied = copy.deepcopy(model)
    copied.train()
    for parameter in copied.parameters():
        parameter.grad = None
    devices = [images.device] if images.is_cuda else []
    with torch.enable_grad(), torch.random.fork_rng(devices=devices):
        loss, _wrong = copied.backpropagate(images, labels)
    with torch.no_grad(), torch.random.fork_rng(devices=devices):
        logits = copied(images)
        losses = cross_entropy(logits, labels, reduction="none")
        return _BegunStep(copied, images.detach().clone(), labels, logits.argmax(dim=1), losses, float(loss))


def _finish(begun: _BegunStep, model: "Classifier", step: int, epoch: int, learning_rate: float) -> StepDetail:
    import torch

    from mnist_demo.models.losses import NO_LABEL

    largest = begun.losses.argsort(descending=True, stable=True)
    largest = largest[begun.labels[largest] != NO_LABEL][:MAX_DETAIL_IMAGES]
    old, new = _named_parameters(begun.copied), _named_parameters(model)
    layers = []
    with torch.no_grad():
        for name, before in old.items():
            assert before.grad is not None
            layers.append(
                LayerStep(
                    layer=_layer_of(model, name),
                    name=name.rpartition(".")[2],
                    shape=tuple(before.shape),
                    weight_norm=float(before.norm()),
                    gradient_norm=float(before.grad.norm()),
                    update_norm=float((new[name] - before).norm()),
                )
            )
        first = next(name for name, parameter in old.items() if parameter.ndim > 1)
        images = begun.images[largest].clamp(0, 1).mul(255).round()
        first_gradient = old[first].grad
        assert first_gradient is not None
        return StepDetail(
            step=step,
            epoch=epoch,
            learning_rate=learning_rate,
            batch_images=len(begun.labels),
            batch_loss=begun.batch_loss,
            images=_numpy(images).astype(np.uint8),
            labels=_numpy(begun.labels[largest]),
            predicted=_numpy(begun.predicted[largest]),
            losses=_numpy(begun.losses[largest]),
            before=_as_images(old[first]),
            gradient=_as_images(first_gradient),
            after=_as_images(new[first]),
            layers=tuple(layers),
        )


def _named_parameters(model: "Classifier") -> dict[str, "nn.Parameter"]:
    from torch import nn

    if isinstance(model, nn.Module):
        return dict(model.named_parameters())
    return dict(zip(model.state_dict(), model.parameters(), strict=True))


def _layer_of(model: "Classifier", parameter_name: str) -> str:
    """Return the class name of the layer that has the parameter, empty where the model has no layers."""
    from torch import nn

    if not isinstance(model, nn.Module):
        return ""
    return type(model.get_submodule(parameter_name.rpartition(".")[0])).__name__


def _as_images(weights: "Tensor") -> np.ndarray:
    """Return the first layer's weights as images: (784, 10) of the from-scratch model, (n, 784) or (n, 1, h, w)."""
    if weights.shape[-1] == 10:
        weights = weights.T
    if weights.ndim == 2:
        weights = weights.reshape(-1, 28, 28)
    height, width = weights.shape[-2:]
    return _numpy(weights.reshape(-1, height, width)[:MAX_DETAIL_UNITS]).copy()


def _numpy(tensor: "Tensor") -> np.ndarray:
    array: np.ndarray = tensor.detach().cpu().contiguous().numpy()
    return array
