"""The classes of the six classifiers, which `settings.architectures` lists, and how they are built.

Every classifier maps `images`, float32 (n, 28, 28) in [0, 1], to logits, float32 (n, 10), and hides any normalisation
of its own. Shapes are written beside the code that makes them.
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mnist_demo.models.halves import LEAST_HALVED, backpropagate_halves
from mnist_demo.models.losses import count_wrong, cross_entropy
from mnist_demo.models.precision import computing_in
from mnist_demo.models.softmax_regression import (
    add_gradient,
    backpropagate_linear,
    log_softmax,
    negative_log_likelihood,
)
from mnist_demo.settings.hyperparameters import Hyperparameters

PIXELS, CLASSES = 28 * 28, 10
# Mean and standard deviation of the pixels of MNIST's 60,000 training images, scaled to [0, 1].
MNIST_MEAN, MNIST_DEVIATION = 0.1307, 0.3081


class Classifier(Protocol):
    """What the training loop asks of a model; nn.Module has it all but two.

    `loss` is the mean over a batch. `backpropagate` adds the gradient of a batch's loss to every parameter's ``grad``,
    and returns that loss, and how many of the images are read wrong; both are tensors without axes.
    """

    def __call__(self, images: Tensor) -> Tensor: ...
    def loss(self, logits: Tensor, labels: Tensor) -> Tensor: ...
    def backpropagate(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]: ...
    def parameters(self) -> Iterator[nn.Parameter]: ...
    def state_dict(self) -> dict[str, Tensor]: ...
    def load_state_dict(self, state_dict: Mapping[str, Tensor]) -> Any: ...
    def train(self, mode: bool = True) -> Any: ...
    def eval(self) -> Any: ...
    def to(self, device: str) -> Any: ...


class ScratchLinear:
    """Softmax regression as the tutorial first writes it: two tensors and their gradients, no nn.Module."""

    def __init__(self) -> None:
        # Column after column in memory, as nn.Linear has them: their products with images take half the time.
        self.weights = nn.Parameter(torch.randn(PIXELS, CLASSES).T.contiguous().T)
        self.bias = nn.Parameter(torch.randn(CLASSES))
        self.minus_one_hot = -torch.eye(CLASSES)

    def __call__(self, images: Tensor) -> Tensor:
        return images.flatten(1) @ self.weights + self.bias  # (n, 784) @ (784, 10) + (10,) -> (n, 10)

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        return negative_log_likelihood(log_softmax(logits), labels)

    def backpropagate(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Do by the formula what autograd does with `loss`; a tie with the label's logit counts as read correctly."""
        of_weights, of_bias, loss, wrong = backpropagate_linear(
            self.weights.T, self.bias, self.minus_one_hot, images, labels
        )
        add_gradient(self.weights, of_weights.T)
        add_gradient(self.bias, of_bias)
        return loss, wrong

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

    def to(self, device: str) -> "ScratchLinear":
        if self.bias.device != torch.device(device):
            self.weights, self.bias = (nn.Parameter(part.detach().to(device)) for part in (self.weights, self.bias))
            self.minus_one_hot = self.minus_one_hot.to(device)
        return self


class Network(nn.Module):
    """Base of the models built from torch's layers: `layers` maps (n, 28, 28) to logits (n, 10).

    `label_smoothing` is the share of every label that all ten classes get alike in what is learned; `loss`, and with it
    every metric, is of the labels as they are. See Szegedy et al., *Rethinking the Inception Architecture*, 2015.
    `precision` is that which the layers compute with while they learn, see `computing_in`. Where `keeps_losses` is set,
    `batch_losses`, (n,), are of the batch that was last learned from; where `learns_non_digits` is, some have no label.
    """

    layers: nn.Sequential
    label_smoothing = 0.0
    precision = "float32"
    keeps_losses = False
    learns_non_digits = False
    batch_losses: Tensor

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.layers(images)
        return logits

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the mean cross-entropy. It takes logits: it does the log-softmax itself."""
        return F.cross_entropy(logits, labels)

    def backpropagate(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        with computing_in(self.precision, images.device.type):
            logits = self(images).float()
        entropy = cross_entropy if self.learns_non_digits else F.cross_entropy
        loss = learned = entropy(logits, labels)
        if self.label_smoothing:
            learned = entropy(logits, labels, label_smoothing=self.label_smoothing)
        learned.backward()
        self._note_losses(logits.detach(), labels)
        return loss, count_wrong(logits.detach(), labels)

    def _note_losses(self, logits: Tensor, labels: Tensor) -> None:
        if self.keeps_losses:
            self.batch_losses = F.cross_entropy(logits, labels, reduction="none")


class Linear(Network):
    """Softmax regression with torch's own layer."""

    minus_one_hot: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(PIXELS, CLASSES))
        self.register_buffer("minus_one_hot", -torch.eye(CLASSES), persistent=False)

    def backpropagate(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Do by the formula what autograd does with `loss`; a tie with the label's logit counts as read correctly."""
        layer = self.layers[1]
        assert isinstance(layer, nn.Linear)
        of_weight, of_bias, loss, wrong = backpropagate_linear(
            layer.weight, layer.bias, self.minus_one_hot, images, labels
        )
        add_gradient(layer.weight, of_weight)
        add_gradient(layer.bias, of_bias)
        return loss, wrong


# With none, the layers are still counted as with any other: weights are saved by their number.
ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU, "none": nn.Identity}


class MLP(Network):
    """Hidden layers of units, each followed by its activation, one of ``ACTIVATIONS``, and by dropout.

    With the activation ``none`` it is a product of matrices, and so one matrix: it reads no more than `Linear` can.
    """

    def __init__(self, hidden_sizes: tuple[int, ...], activation: str, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten())
        sizes = (PIXELS, *hidden_sizes)
        for n_in, n_out in itertools.pairwise(sizes):
            self.layers.extend([nn.Linear(n_in, n_out), ACTIVATIONS[activation](), nn.Dropout(dropout)])
        self.layers.append(nn.Linear(sizes[-1], CLASSES))


class ConvolutionalNetwork(Network):
    """A network whose layers take one channel, normalised, in the memory order that convolutions are quick in."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(self._normalise(images))

    def backpropagate(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Do it for each half of a batch by itself, see `backpropagate_halves`; a small batch is not halved."""
        if len(images) < LEAST_HALVED or images.device.type != "cpu":
            return super().backpropagate(images, labels)
        normalised = self._normalise(images)
        loss, wrong, logits = backpropagate_halves(
            self.layers, normalised, labels, self.label_smoothing, self.precision, self.learns_non_digits
        )
        self._note_losses(logits, labels)
        return loss, wrong

    def _normalise(self, images: Tensor) -> Tensor:
        normalised = ((images - MNIST_MEAN) / MNIST_DEVIATION).unsqueeze(1)  # (n, 1, 28, 28)
        return normalised.contiguous(memory_format=torch.channels_last)


class ConvNet(ConvolutionalNetwork):
    """Three convolutions, then the strongest answer of each of 96 filters; 75,900 weights.

    What makes it quick: the first convolution strides by two, pooling follows the first two at once, so that all else
    has a quarter of the numbers to go through, and channels stand last in memory.
    """

    def __init__(self, dropout: float, margin: bool = True) -> None:
        super().__init__(
            *_convolution(1, 32, 5, stride=2, pooled=True, padded=margin),  # (n, 32, 7, 7), or 6 × 6
            *_convolution(32, 64, 3, pooled=True),  # (n, 64, 3, 3)
            *_convolution(64, 96, 3),
            nn.AdaptiveMaxPool2d(1),  # (n, 96, 1, 1)
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(96, CLASSES),
        )


class WideConvNet(ConvolutionalNetwork):
    """Four convolutions, the last of 128 filters; 98,900 weights.

    The second one still sees all 14 × 14 places, with few filters: that is what its last tenths of a per cent come
    from. All that follows has a quarter, and then a sixteenth, of the places to go through.
    """

    def __init__(self, dropout: float, margin: bool = True) -> None:
        super().__init__(
            *_convolution(1, 16, 5, stride=2, padded=margin),  # (n, 16, 14, 14), or 12 × 12
            *_convolution(16, 32, 3, pooled=True),  # (n, 32, 7, 7)
            *_convolution(32, 64, 3, pooled=True),  # (n, 64, 3, 3)
            *_convolution(64, 128, 3),
            nn.AdaptiveMaxPool2d(1),  # (n, 128, 1, 1)
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(128, CLASSES),
        )


class DeepConvNet(ConvolutionalNetwork):
    """Five convolutions; 87,000 weights. Pooling waits until after the third, so that fine strokes are seen longer."""

    def __init__(self, dropout: float, margin: bool = True) -> None:
        super().__init__(
            *_convolution(1, 24, 5, stride=2, padded=margin),  # (n, 24, 14, 14), or 12 × 12
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


def _convolution(
    n_in: int, n_out: int, side: int, stride: int = 1, pooled: bool = False, padded: bool = True
) -> tuple[nn.Module, ...]:
    """Return a convolution, batch normalisation and ReLU; pooling, if any, where it leaves them a quarter of the work.

    That is right after the convolution: the other two keep the order of numbers, so the strongest stays the strongest.
    """
    # Pooled twice, 14 × 14 places become 3 × 3, which drops a row and a column; without a margin 12 × 12 do, a quarter
    # less to compute. The batch normalisation has a bias of its own.
    filters = nn.Conv2d(n_in, n_out, side, stride=stride, padding=side // 2 if padded else 0, bias=False)
    return filters, *([nn.MaxPool2d(2)] if pooled else []), nn.BatchNorm2d(n_out), nn.ReLU()


# Hyperparameters that change how a network learns, and not what it is.
OF_LEARNING = ("label_smoothing", "precision", "hard_share", "non_digits")


def build_model(hyperparameters: Hyperparameters) -> Classifier:
    """Build the untrained classifier; its weights follow from the seed. torch's own generator is left as it was."""
    architecture = hyperparameters.architecture
    arguments = {name: getattr(hyperparameters, name) for name in architecture.hyperparameters}
    of_learning = {name: arguments.pop(name) for name in OF_LEARNING if name in arguments}
    with torch.random.fork_rng(devices=[]):
        # Not torch.manual_seed: that tells every kind of accelerator too, and notes for those that torch lacks from
        # where it was called, 2 ms of each refresh of the page and of each stroke.
        torch.default_generator.manual_seed(hyperparameters.seed)
        model: Classifier = architecture.load_class()(**arguments)
    if isinstance(model, Network):
        model.label_smoothing = of_learning.get("label_smoothing", 0.0)
        model.precision = of_learning.get("precision", "float32")
        model.keeps_losses = of_learning.get("hard_share", 1.0) < 1
        model.learns_non_digits = of_learning.get("non_digits", 0) > 0
    return model


def count_parameters(model: Classifier) -> int:
    """Return how many numbers training may change."""
    return sum(parameter.numel() for parameter in model.parameters())
