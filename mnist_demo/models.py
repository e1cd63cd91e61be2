"""The five classifiers, and the registry through which everything else finds them.

Every classifier maps `images`, float32 (n, 28, 28) in [0, 1], to logits, float32 (n, 10), and hides any normalisation
of its own. Shapes are written beside the code that makes them.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mnist_demo.hyperparameters import Hyperparameters

PIXELS = 28 * 28
CLASSES = 10
# Mean and standard deviation of the pixels of MNIST's 60,000 training images, scaled to [0, 1].
MNIST_MEAN, MNIST_DEVIATION = 0.1307, 0.3081


class Optimizer(Protocol):
    """What the training loop asks of an optimizer; torch.optim's have it all, and so has ManualSGD."""

    param_groups: list[dict[str, Any]]

    def zero_grad(self) -> None: ...
    def step(self) -> Any: ...


class Classifier(Protocol):
    """What the training loop asks of a model; nn.Module has it all but `loss`."""

    def __call__(self, images: Tensor) -> Tensor: ...
    def loss(self, logits: Tensor, labels: Tensor) -> Tensor: ...
    def parameters(self) -> Iterator[nn.Parameter]: ...
    def state_dict(self) -> dict[str, Tensor]: ...
    def load_state_dict(self, state_dict: Mapping[str, Tensor]) -> Any: ...
    def train(self, mode: bool = True) -> Any: ...
    def eval(self) -> Any: ...


def log_softmax(logits: Tensor) -> Tensor:
    """Return the logarithm of softmax over the last axis, from its definition log(exp(x_i) / Σ exp(x_j)).

    Softmax does not change when the same number is taken from every logit. Without taking the largest one, exp(89)
    is already more than a float32 can hold, and the loss would be infinite although the model is right.
    """
    shifted = logits - logits.max(dim=-1, keepdim=True).values
    return shifted - shifted.exp().sum(dim=-1, keepdim=True).log()


def negative_log_likelihood(log_probabilities: Tensor, labels: Tensor) -> Tensor:
    """Return the mean of -log p(label): `log_probabilities` (n, 10), `labels` int64 (n,) -> scalar, never negative."""
    return -log_probabilities[torch.arange(len(labels)), labels].mean()


class ScratchLinear:
    """Softmax regression as the tutorial first writes it: two tensors and their gradients, no nn.Module."""

    def __init__(self) -> None:
        self.weights = nn.Parameter(torch.randn(PIXELS, CLASSES))
        self.bias = nn.Parameter(torch.randn(CLASSES))

    def __call__(self, images: Tensor) -> Tensor:
        return images.flatten(1) @ self.weights + self.bias  # (n, 784) @ (784, 10) + (10,) -> (n, 10)

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        return negative_log_likelihood(log_softmax(logits), labels)

    def parameters(self) -> Iterator[nn.Parameter]:
        yield self.weights
        yield self.bias

    def state_dict(self) -> dict[str, Tensor]:
        return {"weights": self.weights.detach(), "bias": self.bias.detach()}

    def load_state_dict(self, state_dict: Mapping[str, Tensor]) -> None:
        with torch.no_grad():
            self.weights.copy_(state_dict["weights"])
            self.bias.copy_(state_dict["bias"])

    def train(self, mode: bool = True) -> "ScratchLinear":
        return self  # behaves the same in training and in use

    def eval(self) -> "ScratchLinear":
        return self


class ManualSGD:
    """Gradient descent by hand: W ← W − η ∂L/∂W."""

    def __init__(self, parameters: Iterable[nn.Parameter], learning_rate: float) -> None:
        self.parameters = list(parameters)
        self.param_groups: list[dict[str, Any]] = [{"lr": learning_rate}]

    def step(self) -> None:
        # no_grad: the update itself is not part of the function that is differentiated.
        with torch.no_grad():
            for parameter in self.parameters:
                assert parameter.grad is not None
                parameter.sub_(self.param_groups[0]["lr"] * parameter.grad)

    def zero_grad(self) -> None:
        # backward() adds to what is there already.
        for parameter in self.parameters:
            if parameter.grad is not None:
                parameter.grad.zero_()


class Network(nn.Module):
    """Base of the models built from torch's layers: `layers` maps (n, 28, 28) to logits (n, 10)."""

    layers: nn.Sequential

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.layers(images)
        return logits

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the mean cross-entropy. It takes logits: it does the log-softmax itself."""
        return F.cross_entropy(logits, labels)


class Linear(Network):
    """Softmax regression with torch's own layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(PIXELS, CLASSES))


class MLP(Network):
    """Hidden layers of ReLU units, each followed by dropout."""

    def __init__(self, hidden_sizes: tuple[int, ...], dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten())
        sizes = (PIXELS, *hidden_sizes)
        for n_in, n_out in itertools.pairwise(sizes):
            self.layers.extend([nn.Linear(n_in, n_out), nn.ReLU(), nn.Dropout(dropout)])
        self.layers.append(nn.Linear(sizes[-1], CLASSES))


class ConvolutionalNetwork(Network):
    """A network whose layers take one channel, normalised, in the memory order that convolutions are quick in."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, images: Tensor) -> Tensor:
        normalised = ((images - MNIST_MEAN) / MNIST_DEVIATION).unsqueeze(1)  # (n, 1, 28, 28)
        return super().forward(normalised.contiguous(memory_format=torch.channels_last))


class ConvNet(ConvolutionalNetwork):
    """Three convolutions with batch normalisation, then the strongest answer of each of 64 filters; 53,000 weights.

    The first convolution strides by two and the pooling follows at once: that, and channels-last memory, is what makes
    an epoch take seconds on a CPU.
    """

    def __init__(self, dropout: float) -> None:
        super().__init__(
            *_convolution(1, 24, 5, stride=2),  # (n, 24, 14, 14)
            nn.MaxPool2d(2),  # (n, 24, 7, 7)
            *_convolution(24, 64, 3),  # (n, 64, 7, 7)
            *_convolution(64, 64, 3),
            nn.AdaptiveMaxPool2d(1),  # (n, 64, 1, 1)
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(64, CLASSES),
        )


class DeepConvNet(ConvolutionalNetwork):
    """Five convolutions; 87,000 weights. Pooling waits until after the third, so that fine strokes are seen longer."""

    def __init__(self, dropout: float) -> None:
        super().__init__(
            *_convolution(1, 24, 5, stride=2),  # (n, 24, 14, 14)
            *_convolution(24, 32, 3),  # (n, 32, 14, 14)
            *_convolution(32, 48, 3),  # (n, 48, 14, 14)
            nn.MaxPool2d(2),  # (n, 48, 7, 7)
            *_convolution(48, 64, 3),  # (n, 64, 7, 7)
            *_convolution(64, 64, 3),
            nn.AdaptiveMaxPool2d(1),  # (n, 64, 1, 1)
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(64, CLASSES),
        )


def _convolution(n_in: int, n_out: int, side: int, stride: int = 1) -> tuple[nn.Module, ...]:
    # The batch normalisation has a bias of its own.
    filters = nn.Conv2d(n_in, n_out, side, stride=stride, padding=side // 2, bias=False)
    return filters, nn.BatchNorm2d(n_out), nn.ReLU()


OptimizerFactory = Callable[[Iterable[nn.Parameter], Hyperparameters], Optimizer]


def _torch_sgd(parameters: Iterable[nn.Parameter], chosen: Hyperparameters) -> Optimizer:
    return torch.optim.SGD(parameters, chosen.learning_rate, weight_decay=chosen.weight_decay)


def _torch_momentum(parameters: Iterable[nn.Parameter], chosen: Hyperparameters) -> Optimizer:
    return torch.optim.SGD(parameters, chosen.learning_rate, chosen.momentum, weight_decay=chosen.weight_decay)


def _torch_adam(parameters: Iterable[nn.Parameter], chosen: Hyperparameters) -> Optimizer:
    return torch.optim.Adam(parameters, chosen.learning_rate, weight_decay=chosen.weight_decay)


def _torch_adamw(parameters: Iterable[nn.Parameter], chosen: Hyperparameters) -> Optimizer:
    return torch.optim.AdamW(parameters, chosen.learning_rate, weight_decay=chosen.weight_decay)


def _manual_sgd(parameters: Iterable[nn.Parameter], chosen: Hyperparameters) -> Optimizer:
    return ManualSGD(parameters, chosen.learning_rate)


TORCH_OPTIMIZERS: dict[str, OptimizerFactory] = {
    "sgd": _torch_sgd,
    "momentum": _torch_momentum,
    "adam": _torch_adam,
    "adamw": _torch_adamw,
}


@dataclass(frozen=True)
class Model:
    """How to build a classifier from hyperparameters, and its optimizers by name."""

    build: Callable[[Hyperparameters], Classifier]
    optimizers: Mapping[str, OptimizerFactory]


MODELS: dict[str, Model] = {
    "scratch-linear": Model(lambda chosen: ScratchLinear(), {"sgd": _manual_sgd}),
    "linear": Model(lambda chosen: Linear(), TORCH_OPTIMIZERS),
    "mlp": Model(lambda chosen: MLP(chosen.hidden_sizes, chosen.dropout), TORCH_OPTIMIZERS),
    "convnet": Model(lambda chosen: ConvNet(chosen.dropout), TORCH_OPTIMIZERS),
    "deep-convnet": Model(lambda chosen: DeepConvNet(chosen.dropout), TORCH_OPTIMIZERS),
}


def build_model(chosen: Hyperparameters) -> Classifier:
    """Build the untrained classifier; its weights follow from ``chosen.seed`` alone.

    The state of torch's global random generator is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(chosen.seed)
        return MODELS[chosen.model].build(chosen)


def build_optimizer(model: Classifier, chosen: Hyperparameters) -> Optimizer:
    """Build the optimizer that `chosen` names, over the weights of `model`."""
    return MODELS[chosen.model].optimizers[chosen.optimizer](model.parameters(), chosen)


def count_parameters(model: Classifier) -> int:
    """Return how many numbers training may change."""
    return sum(parameter.numel() for parameter in model.parameters())
