"""A batch that is learned from in two halves, so that two cores can take one each."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mnist_demo.models.losses import count_wrong, cross_entropy
from mnist_demo.models.precision import computing_in
from mnist_demo.models.softmax_regression import add_gradient
from mnist_demo.second_thread import SECOND_THREAD

# Of fewer images, half of them have a mean and a deviation that say little of the others.
LEAST_HALVED = 64


def backpropagate_halves(
    layers: nn.Sequential,
    images: Tensor,
    labels: Tensor,
    label_smoothing: float,
    precision: str = "float32",
    learns_non_digits: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """Add the gradient of a batch's loss to every weight's ``grad``; return that loss, how many are wrong, and logits.

    Batch normalisation takes the mean and deviation of each half by itself, as Hoffer et al., *Train longer, generalize
    better*, 2017, do it on purpose. So neither half waits for the other, and the numbers are the same whether both are
    computed at once or one after the other. `layers` map `images` (n, 1, 28, 28) to logits (n, 10).
    """
    parameters = list(layers.parameters())
    entropy = cross_entropy if learns_non_digits else F.cross_entropy

    def differentiate(images: Tensor, right: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...], list[Tensor]]:
        share = len(right) / len(labels)
        with computing_in(precision, images.device.type):
            logits, statistics = _forward(layers, images)
        logits = logits.float()
        loss = learned = entropy(logits, right) * share
        if label_smoothing:
            learned = entropy(logits, right, label_smoothing=label_smoothing) * share
        gradients = torch.autograd.grad(learned, parameters)
        return loss.detach(), logits.detach(), gradients, statistics

    first, second = zip(images.chunk(2), labels.chunk(2), strict=True)
    if any(isinstance(layer, nn.Dropout) and layer.p > 0 for layer in layers):
        # Both draw from one generator, and so take turns.
        halves = differentiate(*first), differentiate(*second)
    else:
        halves = SECOND_THREAD.both(lambda: differentiate(*first), lambda: differentiate(*second))
    (loss, logits, gradients, statistics), (other_loss, other_logits, other_gradients, other_statistics) = halves
    for parameter, gradient, other in zip(parameters, gradients, other_gradients, strict=True):
        add_gradient(parameter, gradient.add_(other))
    _follow(layers, statistics)
    _follow(layers, other_statistics)
    logits = torch.cat([logits, other_logits])
    return loss + other_loss, count_wrong(logits, labels), logits


def _forward(layers: nn.Sequential, images: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Return logits, and the mean and variance of `images` at each batch normalisation, in turn."""
    statistics = []
    for layer in layers:
        if isinstance(layer, nn.BatchNorm2d):
            mean, variance = (torch.zeros_like(layer.bias, requires_grad=False) for _statistic in range(2))
            images = F.batch_norm(images, mean, variance, layer.weight, layer.bias, True, momentum=1.0, eps=layer.eps)
            statistics += [mean, variance]
        else:
            images = layer(images)
    return images, statistics


def _follow(layers: nn.Sequential, statistics: list[Tensor]) -> None:
    """Have the means and variances that batch normalisation predicts with follow those of half a batch."""
    remaining = iter(statistics)
    for layer in layers:
        if isinstance(layer, nn.BatchNorm2d):
            layer.get_buffer("running_mean").lerp_(next(remaining), layer.momentum or 0.0)
            layer.get_buffer("running_var").lerp_(next(remaining), layer.momentum or 0.0)
            layer.get_buffer("num_batches_tracked").add_(1)
