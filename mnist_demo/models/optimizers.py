"""The optimizers, which turn gradients into changes of the weights: torch's, and the tutorial's update by hand."""

import functools
import inspect
import sys
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import torch
from torch import nn

from mnist_demo.settings.hyperparameters import Hyperparameters


class Optimizer(Protocol):
    """What the training loop asks of an optimizer; torch.optim's have it all, and so has ManualSGD."""

    param_groups: list[dict[str, Any]]

    def zero_grad(self) -> None: ...
    def step(self) -> Any: ...


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
                parameter.sub_(parameter.grad, alpha=self.param_groups[0]["lr"])

    def zero_grad(self) -> None:
        # Left out, gradients would add up: backward() adds to what is there already.
        for parameter in self.parameters:
            parameter.grad = None


def _torch_sgd(parameters: Iterable[nn.Parameter], hyperparameters: Hyperparameters) -> Optimizer:
    return torch.optim.SGD(parameters, hyperparameters.learning_rate, weight_decay=hyperparameters.weight_decay)


def _torch_momentum(parameters: Iterable[nn.Parameter], hyperparameters: Hyperparameters) -> Optimizer:
    return torch.optim.SGD(
        parameters, hyperparameters.learning_rate, hyperparameters.momentum, weight_decay=hyperparameters.weight_decay
    )


def _torch_adam(parameters: Iterable[nn.Parameter], hyperparameters: Hyperparameters) -> Optimizer:
    # fused: all of a weight's update in one pass, which makes a small network's step a quarter shorter.
    return torch.optim.Adam(
        parameters, hyperparameters.learning_rate, weight_decay=hyperparameters.weight_decay, fused=True
    )


def _torch_adamw(parameters: Iterable[nn.Parameter], hyperparameters: Hyperparameters) -> Optimizer:
    return torch.optim.AdamW(
        parameters, hyperparameters.learning_rate, weight_decay=hyperparameters.weight_decay, fused=True
    )


TORCH_OPTIMIZERS: dict[str, Callable[[Iterable[nn.Parameter], Hyperparameters], Optimizer]] = {
    "sgd": _torch_sgd,
    "momentum": _torch_momentum,
    "adam": _torch_adam,
    "adamw": _torch_adamw,
}


def build_optimizer(parameters: Iterable[nn.Parameter], hyperparameters: Hyperparameters) -> Optimizer:
    """Build the optimizer that `hyperparameters` names, over the weights of its model."""
    if hyperparameters.architecture.is_from_scratch:
        return ManualSGD(parameters, hyperparameters.learning_rate)
    spare_the_compiler()
    return TORCH_OPTIMIZERS[hyperparameters.optimizer](parameters, hyperparameters)


def lean_calls(optimizer: Optimizer) -> tuple[Callable[[], None], Callable[[], object]]:
    """Return functions that do what ``optimizer.zero_grad()`` and ``optimizer.step()`` do, in that order.

    They leave out what torch wraps around both: a mark for its profiler, hooks, a guard for its compiler. For the
    linear model that takes four times as long as the update itself. Hooks of `optimizer` are not called.
    """
    if not isinstance(optimizer, torch.optim.Optimizer):
        return optimizer.zero_grad, optimizer.step
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    step = functools.partial(inspect.unwrap(type(optimizer).step), optimizer)

    def zero_grad() -> None:
        for parameter in parameters:
            parameter.grad = None

    return zero_grad, torch.no_grad()(step)


def spare_the_compiler() -> None:
    """Keep torch's optimizers from loading torch's compiler, which nothing here compiles with; may be called again.

    Each of these methods is kept from being compiled, and for that the first call would import ``torch._dynamo`` and
    all that it imports: as long again as torch itself takes, and 70 MB. torch remembers here that this has been done;
    one that remembers it elsewhere only takes longer.
    """
    for name in ("add_param_group", "state_dict", "load_state_dict", "zero_grad"):
        method = inspect.unwrap(getattr(torch.optim.Optimizer, name))
        if "torch._dynamo" not in sys.modules:
            method.__dict__.setdefault("__dynamo_disable", method)
