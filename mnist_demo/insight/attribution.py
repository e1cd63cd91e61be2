"""What in a drawing spoke for a digit, and what against it.

A softmax does not change when the same number is added to every logit, so a logit by itself says nothing: what counts
is how far it lies above or below the mean of the ten. Every number here is a part of that difference, shared out among
the pixels, and all of them add up to it but for what the model would say of a blank image:

    Σ contributions = (logit − mean logit) of the image − (logit − mean logit) of the blank image

A linear model adds up weight × input for each pixel, so its parts are exact: (weight of the digit − mean weight) ×
input. Taking the mean off matters: weights that every digit shares would be shown as evidence for each of them.

For the others the gradient is averaged on the way from the blank image to this one and multiplied by the input:
integrated gradients (M. Sundararajan, A. Taly, Q. Yan, *Axiomatic Attribution for Deep Networks*, ICML 2017,
https://arxiv.org/abs/1703.01365), whose parts add up as above, and depend on what a model answers, not on how it is
built. For a linear model it gives the same as the formula. Where there is no ink, nothing is shared out: a stroke
that is missing does not show.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mnist_demo.models.checkpoints import TrainedClassifier, check_images
from mnist_demo.models.classifiers import CLASSES, Classifier

# On the way from the blank image. A network of ReLU units bends between two steps: with 32, 48 and 96 steps the sum
# misses a convnet's difference of logits by 0.09, 0.06 and 0.03 in the mean (2, 1.5 and 0.7 %); this is shared out too.
STEPS = 48


def contributions(classifier: TrainedClassifier, image: npt.NDArray[np.float32], digit: int) -> npt.NDArray[np.float32]:
    """Return how much each pixel of `image` spoke for `digit` (positive) or against it (negative).

    The model and its gradients stay as they are, so one classifier may serve several visitors at once.

    Parameters
    ----------
    image
        float32 (28, 28) in [0, 1].
    digit
        0 to 9; any, not only the predicted one.

    Returns
    -------
    float32 (28, 28)
        In units of logits: a difference of 1 between two digits makes one 2.7 times as probable as the other. Zero
        where the image is blank, and everywhere for a model that has diverged.

    Raises
    ------
    ImageError
        When `image` has another shape, type or range.
    """
    pixels = torch.tensor(check_images(image[None]))  # (1, 28, 28)
    model = classifier.model
    steps = 1 if classifier.hyperparameters.architecture.is_linear else STEPS  # the gradient is the same everywhere
    fractions = (torch.arange(steps) + 0.5) / steps  # midpoints: nearer to the integral than either end
    way = (pixels * fractions.view(-1, 1, 1)).requires_grad_()
    with torch.enable_grad():
        evidence = relative_logit(model, way, digit).sum()
        # Not backward(): that would leave gradients in the model's weights.
        (gradients,) = torch.autograd.grad(evidence, way)
    parts = (gradients.mean(dim=0) * pixels[0]).nan_to_num(0, 0, 0)
    if steps > 1 and parts.any():
        with torch.no_grad():
            shown, blank = relative_logit(model, torch.cat([pixels, torch.zeros_like(pixels)]), digit)
        missing = (shown - blank - parts.sum()).nan_to_num(0, 0, 0)
        parts += missing * parts.abs() / parts.abs().sum()
    return np.asarray(parts.numpy(), np.float32)


def relative_logit(model: Classifier, images: Tensor, digit: int) -> Tensor:
    """Return how far the logit of `digit` lies above the mean of all ten: (n, 28, 28) → (n,)."""
    logits = model(images)
    assert logits.shape[1] == CLASSES
    return logits[:, digit] - logits.mean(dim=1)
