"""The code that the lesson runs and shows: softmax by its definition, and a training loop by hand and with torch.

The lesson displays the source of these functions with `inspect.getsource` next to their results, so they are short,
take plain tensors and have no side effects. `x` are images, float32 (n, 784) in [0, 1]; `y` are labels, int64 (n,).
"""

import inspect
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn, optim
from torch.utils.data import DataLoader, TensorDataset

from mnist_demo.models.softmax_regression import log_softmax, negative_log_likelihood
from mnist_demo.translation import N_, translate_comments


def predict_logits(x: Tensor, weights: Tensor, bias: Tensor) -> Tensor:
    """Return the logits of the linear model: (n, 784) @ (784, 10) + (10,) -> (n, 10)."""
    return x @ weights + bias


def naive_softmax(logits: Tensor) -> Tensor:
    """Return softmax, computed from its definition: exp(x_i) / Σ exp(x_j)."""
    powers = logits.exp()
    return powers / powers.sum(dim=-1, keepdim=True)


def naive_log_softmax(logits: Tensor) -> Tensor:
    """Return the logarithm of softmax, computed from its definition."""
    return naive_softmax(logits).log()


class LinearModel(nn.Module):
    """The linear model with torch's own layer."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(784, 10)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.linear(x)
        return logits


def same_weights(model: LinearModel) -> tuple[Tensor, Tensor]:
    """Return copies of the weights (784, 10) and bias (10,) of `model`, to train by hand."""
    weights = model.linear.weight.detach().T.clone()
    bias = model.linear.bias.detach().clone()
    return weights.requires_grad_(), bias.requires_grad_()


def train_by_hand(
    weights: Tensor, bias: Tensor, images: Tensor, labels: Tensor, learning_rate: float, batch_size: int, epochs: int
) -> list[float]:
    """Train `weights` (784, 10) and `bias` (10,) in place; return the loss of every step.

    Both must require gradients. `images` (n, 784) and `labels` (n,) are used in the given order.
    """
    # Get ready
    losses = []

    # Take the next batch
    for _epoch in range(epochs):
        for begin in range(0, len(images), batch_size):
            x = images[begin : begin + batch_size]
            y = labels[begin : begin + batch_size]

            # Predict
            logits = x @ weights + bias

            # Measure the loss
            loss = negative_log_likelihood(log_softmax(logits), y)

            # Find the gradient
            loss.backward()

            # Take a step downhill
            with torch.no_grad():
                weights -= learning_rate * weights.grad
                bias -= learning_rate * bias.grad

            # Reset the gradient
            weights.grad.zero_()
            bias.grad.zero_()

            # Record the loss
            losses.append(loss.item())

    # Return the losses
    return losses


def train_with_torch(
    model: nn.Module, images: Tensor, labels: Tensor, learning_rate: float, batch_size: int, epochs: int
) -> list[float]:
    """Train `model` in place on the same batches, with torch's tools; return the loss of every step."""
    # Get ready
    loader = DataLoader(TensorDataset(images, labels), batch_size)
    optimizer = optim.SGD(model.parameters(), learning_rate)
    losses = []

    # Take the next batch
    for _epoch in range(epochs):
        for x, y in loader:
            # Predict
            logits = model(x)

            # Measure the loss
            loss = F.cross_entropy(logits, y)

            # Find the gradient
            loss.backward()

            # Take a step downhill
            optimizer.step()

            # Reset the gradient
            optimizer.zero_grad()

            # Record the loss
            losses.append(loss.item())

    # Return the losses
    return losses


# The comments in the two loops, in order, marked for translation.
LOOP_STEPS = (
    N_("Get ready"),
    N_("Take the next batch"),
    N_("Predict"),
    N_("Measure the loss"),
    N_("Find the gradient"),
    N_("Take a step downhill"),
    N_("Reset the gradient"),
    N_("Record the loss"),
    N_("Return the losses"),
)


@dataclass(frozen=True)
class LoopStep:
    """One step of the training loop: its comment in the source, and the code under it in both versions."""

    title: str
    by_hand: str
    with_torch: str


def loop_steps() -> list[LoopStep]:
    """Return the source of the two loops, split at the comments into corresponding steps."""
    by_hand, with_torch = _sections(train_by_hand), _sections(train_with_torch)
    return [
        LoopStep(title, translate_comments(by_hand[title]), translate_comments(with_torch[title]))
        for title in LOOP_STEPS
    ]


def source_of(*functions: Callable[..., object]) -> str:
    """Return the source code of `functions`, dedented."""
    return "\n\n\n".join(textwrap.dedent(inspect.getsource(function)).strip() for function in functions)


def code_of(*functions: Callable[..., object]) -> str:
    """Return the source code as `source_of` does, without docstrings, its comments in the reader's language."""
    return translate_comments(re.sub(r'\n *"""(?:.|\n)*?"""(?:\n(?=\n))?', "", source_of(*functions)))


def _sections(loop: Callable[..., object]) -> dict[str, str]:
    pieces = re.split(r"^ *# (.+)\n", source_of(loop), flags=re.MULTILINE)
    return {title: textwrap.dedent(lines.rstrip()) for title, lines in zip(pieces[1::2], pieces[2::2], strict=True)}
