"""The loss that networks learn by: cross-entropy, of images without a label too."""

import torch
import torch.nn.functional as F
from torch import Tensor

# The label of what is no digit: every digit is as right as any other.
NO_LABEL = -1


def cross_entropy(logits: Tensor, labels: Tensor, label_smoothing: float = 0.0, reduction: str = "mean") -> Tensor:
    """Return torch's cross-entropy of `logits`, (n, 10), and `labels`, int64 (n,), some of which may be ``NO_LABEL``.

    The loss of an image without a label is least where all ten digits are equally probable, so a network learns to be
    unsure of what is no digit (D. Hendrycks et al., *Deep Anomaly Detection with Outlier Exposure*, ICLR 2019,
    https://arxiv.org/abs/1812.04606).
    """
    has_label = labels != NO_LABEL
    if has_label.all():
        return F.cross_entropy(logits, labels, label_smoothing=label_smoothing, reduction=reduction)
    with_label = F.cross_entropy(logits, labels.clamp(min=0), label_smoothing=label_smoothing, reduction="none")
    losses = torch.where(has_label, with_label, -logits.log_softmax(dim=1).mean(dim=1))
    return losses.mean() if reduction == "mean" else losses


def count_wrong(logits: Tensor, labels: Tensor) -> Tensor:
    """Return of how many images with a label another digit has the largest of the `logits`, as a tensor."""
    return ((logits.argmax(dim=1) != labels) & (labels != NO_LABEL)).count_nonzero()
