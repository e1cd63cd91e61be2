"""The exact loss of the linear model along a straight line through its space of 7,850 parameters.

A single number, `place`, is the position on the line: ``W = start + place × direction``. The direction has length 1,
so that a learning rate means the same as in training with all parameters.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, eq=False)
class LossSlice:
    """The loss on fixed images as a function of the place on a line.

    Because the model is linear, the logits at a place are ``start_logits + place × logits_per_unit``, both (n, 10).
    The loss is thus exact and needs no multiplication by the images. All values are float64, because near the minimum
    losses differ by less than the precision of float32.
    """

    start_logits: Tensor
    logits_per_unit: Tensor
    labels: Tensor

    def losses(self, places: Tensor) -> Tensor:
        """Return the cross-entropy at each of `places`, (m,) -> (m,), with the dtype of `places`."""
        logits = self.start_logits + places.double()[:, None, None] * self.logits_per_unit  # (m, n, 10)
        labels = self.labels.expand(len(places), -1)
        return F.cross_entropy(logits.transpose(1, 2), labels, reduction="none").mean(dim=1).to(places.dtype)

    def slope(self, place: float) -> float:
        """Return the derivative of the loss at `place`, by autograd."""
        here = torch.tensor([place], dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(self.losses(here).sum(), here)
        return float(slope)

    def descend(self, learning_rate: float, steps: int, place: float = 0.0) -> list[tuple[float, float]]:
        """Return the (place, loss) pairs that `steps` steps of gradient descent visit, including the start `place`."""
        places = [place]
        for _step in range(steps):
            places.append(places[-1] - learning_rate * self.slope(places[-1]))
        return list(zip(places, self.losses(torch.tensor(places, dtype=torch.float64)).tolist(), strict=True))


def slice_downhill(weights: Tensor, bias: Tensor, images: Tensor, labels: Tensor) -> LossSlice:
    """Return the slice that starts at `weights` (784, 10) and `bias` (10,), in the direction of steepest descent.

    The first step of gradient descent with all parameters stays on this line; later steps would leave it.

    Parameters
    ----------
    weights, bias
        Not changed.
    images, labels
        float32 (n, 784) in [0, 1] and int64 (n,).
    """
    weights, bias = weights.detach().clone().requires_grad_(), bias.detach().clone().requires_grad_()
    logits = images @ weights + bias
    gradients = torch.autograd.grad(F.cross_entropy(logits, labels), (weights, bias))
    length = torch.sqrt(sum((gradient.square().sum() for gradient in gradients), torch.zeros(())))
    per_unit = -(images @ gradients[0] + gradients[1]) / length
    return LossSlice(logits.detach().double(), per_unit.double(), labels)
