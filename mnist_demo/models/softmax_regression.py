"""Softmax regression: its loss from the definition, and the gradient by its formula.

For models so small, autograd's bookkeeping takes longer than the formula.

With logits z = W x + b, the loss of the right class, -log softmax(z), has the gradients ∂L/∂z = softmax(z) − one-hot
label, ∂L/∂W = ∂L/∂z xᵀ and ∂L/∂b = ∂L/∂z; those of a batch are the means over its images.
"""

import torch
from torch import Tensor


def log_softmax(logits: Tensor) -> Tensor:
    """Return the logarithm of softmax over the last axis, from its definition log(exp(x_i) / Σ exp(x_j)).

    Softmax does not change when the same number is taken from every logit. Without taking the largest one, exp(89)
    is already more than a float32 can hold, and the loss would be infinite although the model is right.
    """
    # detach: whatever number is subtracted, the result and its gradient are the same.
    shifted = logits - logits.detach().amax(dim=-1, keepdim=True)
    return shifted - shifted.exp().sum(dim=-1, keepdim=True).log()


def negative_log_likelihood(log_probabilities: Tensor, labels: Tensor) -> Tensor:
    """Return the mean of -log p(label): `log_probabilities` (n, 10), `labels` int64 (n,) -> scalar, never negative."""
    return -log_probabilities.gather(1, labels.unsqueeze(1)).mean()


# Not no_grad: it still notes for autograd which tensors share memory, a tenth of the time that such a step takes.
@torch.inference_mode()
def backpropagate_linear(
    weight: Tensor, bias: Tensor, minus_one_hot: Tensor, images: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return ∂L/∂W (10, 784), ∂L/∂b (10,), the mean loss, and of how many images the label is not the largest logit.

    `weight` is (10, 784), `minus_one_hot` (10, 10) the unit matrix negated, `images` (n, 28, 28), `labels` (n,).
    """
    pixels = images.flatten(1)
    # Everything class by class, (10, n): that product takes two thirds of the time of (n, 784) @ (784, 10).
    logits = torch.addmm(bias.unsqueeze(1), weight, pixels.T)
    # Of the label it is 0 where that is the largest. See `log_softmax` for why the largest one is subtracted.
    shifted = logits - logits.amax(0, keepdim=True)
    exponentials = shifted.exp()
    sums = exponentials.sum(0, keepdim=True)
    shifted_of_labels = shifted.gather(0, labels.unsqueeze(0))
    error = minus_one_hot.index_select(1, labels).addcdiv_(exponentials, sums).div_(labels.shape[0])
    loss = sums.log_().sub_(shifted_of_labels).mean()
    return error @ pixels, error.sum(1), loss, shifted_of_labels.count_nonzero()


def add_gradient(parameter: Tensor, gradient: Tensor) -> None:
    """Add `gradient` to that which `parameter` has already, as ``backward()`` does."""
    parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient
