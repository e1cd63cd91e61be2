"""Attribution: the contribution of each pixel of a drawing to the score of a digit.

Softmax does not change when the same number is added to every logit, so only the difference of a logit from the mean
of all ten matters. The contributions distribute this difference over the pixels, relative to a blank image:

    Σ contributions = (logit − mean logit) of the image − (logit − mean logit) of the blank image

For a linear model, a sum of weight × input over the pixels, the contributions are exact: (weight of the digit − mean
weight) × input. Subtracting the mean matters: otherwise weights that all digits share would count as evidence for each.

For the other models, the gradient is averaged along the path from the blank image to this one and multiplied by the
input: integrated gradients (M. Sundararajan, A. Taly, Q. Yan, *Axiomatic Attribution for Deep Networks*, ICML 2017,
https://arxiv.org/abs/1703.01365). These contributions add up as above and depend on the function that a model computes,
not on its architecture; for a linear model they equal the formula. Pixels without ink get no contribution, so a missing
stroke does not show.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mnist_demo.models.checkpoints import TrainedClassifier, check_images
from mnist_demo.models.classifiers import CLASSES, Classifier

# Steps from the blank image to the image. ReLU networks have kinks between two steps: with 32, 48 and 96 steps the sum
# misses a convnet's difference of logits by 0.09, 0.06 and 0.03 on average (2, 1.5 and 0.7 %). This remainder is
# distributed over the pixels too.
STEPS = 48


def contributions(classifier: TrainedClassifier, image: npt.NDArray[np.float32], digit: int) -> npt.NDArray[np.float32]:
    """Return the contribution of each pixel of `image` to the score of `digit`, positive or negative.

    The model and its gradients are not changed, so one classifier may serve several visitors at once.

    Parameters
    ----------
    image
        float32 (28, 28) in [0, 1].
    digit
        Any digit 0 to 9, not only the predicted one.

    Returns
    -------
    float32 (28, 28)
        In units of logits: a difference of 1 between two digits makes one 2.7 times as probable as the other. Zero
        where the image is blank, and everywhere for a diverged model.

    Raises
    ------
    ImageError
        If `image` has another shape, dtype or range.
    """
    pixels = torch.tensor(check_images(image[None]))  # (1, 28, 28)
    model = classifier.model
    steps = 1 if classifier.hyperparameters.architecture.is_linear else STEPS  # the gradient is the same everywhere
    fractions = (torch.arange(steps) + 0.5) / steps  # midpoints approximate the integral better than either end
    path = (pixels * fractions.view(-1, 1, 1)).requires_grad_()
    with torch.enable_grad():
        evidence = relative_logit(model, path, digit).sum()
        # backward() would leave gradients in the model's weights.
        (gradients,) = torch.autograd.grad(evidence, path)
    parts = (gradients.mean(dim=0) * pixels[0]).nan_to_num(0, 0, 0)
    if steps > 1 and parts.any():
        with torch.no_grad():
            drawn, blank = relative_logit(model, torch.cat([pixels, torch.zeros_like(pixels)]), digit)
        remainder = (drawn - blank - parts.sum()).nan_to_num(0, 0, 0)
        parts += remainder * parts.abs() / parts.abs().sum()
    return np.asarray(parts.numpy(), np.float32)


def relative_logit(model: Classifier, images: Tensor, digit: int) -> Tensor:
    """Return the logit of `digit` minus the mean of all ten logits: (n, 28, 28) → (n,)."""
    logits = model(images)
    assert logits.shape[1] == CLASSES
    return logits[:, digit] - logits.mean(dim=1)
