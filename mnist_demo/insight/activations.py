"""What is inside a classifier, as images: what its first layer looks for, and what each layer makes of a digit."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from mnist_demo.models.checkpoints import TrainedClassifier, check_images
from mnist_demo.models.classifiers import (
    CLASSES,
    MNIST_DEVIATION,
    MNIST_MEAN,
    ConvolutionalNetwork,
    Network,
    ScratchLinear,
)
from mnist_demo.translation import N_

SIDE = 28

Maps = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Layer:
    """What one layer answered: `maps`, float32 (n, h, w), one picture for each of its n filters or units.

    `kind` is one of the words in ``LAYER_KINDS``. Only ``contribution`` and ``logits`` may be negative.
    """

    kind: str
    maps: Maps


LAYER_KINDS = {
    "contribution": N_("Weight × input, for each digit"),
    "convolution": N_("Convolution: what each filter found, and where"),
    "pooling": N_("Pooling: the strongest answer of each neighbourhood"),
    "hidden": N_("Hidden layer: how strongly each unit answers"),
    "summary": N_("The strongest answer of each filter, wherever it was"),
    "logits": N_("Logits: the score of each digit, before softmax"),
}


def first_layer_weights(classifier: TrainedClassifier) -> Maps:
    """Return what the first layer multiplies its input with, as float32 (n, h, w), a copy.

    Ten images of 28 × 28, by digit, for the linear models; one of 28 × 28 for each hidden unit of an MLP; the small
    filters (5 × 5) of a convolutional network.
    """
    model = classifier.model
    if isinstance(model, ScratchLinear):
        weights = model.weights.detach().T  # (784, 10) -> (10, 784)
    else:
        weights = next(
            layer.weight for layer in _layers(model) if isinstance(layer, nn.Linear | nn.Conv2d)
        ).detach()  # (n, 784) or (n, 1, h, w)
    side = (SIDE, SIDE) if weights.ndim == 2 else weights.shape[-2:]
    return np.array(weights.reshape(-1, *side).numpy(), np.float32)


@torch.no_grad()
def layer_activations(classifier: TrainedClassifier, image: npt.NDArray[np.float32]) -> list[Layer]:
    """Return what each layer makes of `image`, from the first to the logits; the softmax of these is the answer.

    A convolution is shown after its batch normalisation and ReLU, and before pooling, wherever in the model that
    stands; pooling as the next layer gets it. For a linear model, whose only layer answers with the logits, the
    products of weight and input come first: their sum for each digit, and its bias, is the logit.

    Parameters
    ----------
    image
        float32 (28, 28) in [0, 1].

    Raises
    ------
    ImageError
        When `image` has another shape, type or range.
    """
    pixels = torch.tensor(check_images(image[None]))  # (1, 28, 28)
    model = classifier.model
    if classifier.hyperparameters.architecture.is_linear:
        products = first_layer_weights(classifier) * image  # (10, 28, 28)
        return [Layer("contribution", products), _logits(model(pixels))]
    shown: list[Layer] = []
    values = pixels
    if isinstance(model, ConvolutionalNetwork):
        values = ((pixels - MNIST_MEAN) / MNIST_DEVIATION).unsqueeze(1)  # (1, 1, 28, 28)
    layers = list(_layers(model))
    for index, layer in enumerate(layers):
        if _is_pooled_first(layers, index):
            normalise = nn.Sequential(*layers[index + 1 : index + 3])
            shown.append(Layer("convolution", _maps(normalise(values))))
        values = layer(values)
        if isinstance(layer, nn.ReLU):
            kind = "convolution" if values.ndim == 4 else "hidden"
            shown.append(Layer("pooling" if _is_pooled_first(layers, index - 2) else kind, _maps(values)))
        elif isinstance(layer, nn.MaxPool2d) and not _is_pooled_first(layers, index):
            shown.append(Layer("pooling", _maps(values)))
        elif isinstance(layer, nn.AdaptiveMaxPool2d):
            shown.append(Layer("summary", _maps(values)))
    return [*shown, _logits(values)]


def _is_pooled_first(layers: list[nn.Module], index: int) -> bool:
    """Return whether `layers` have at `index` a pooling that comes before normalisation and ReLU."""
    return isinstance(layers[index], nn.MaxPool2d) and isinstance(layers[index + 1], nn.BatchNorm2d)


def _layers(model: object) -> nn.Sequential:
    assert isinstance(model, Network)
    return model.layers


def _maps(values: torch.Tensor) -> Maps:
    """(1, n, h, w) or (1, n) -> (n, h, w), a unit being a picture of one pixel."""
    height, width = values.shape[2:] if values.ndim == 4 else (1, 1)
    return np.array(values.reshape(-1, height, width).nan_to_num().numpy(), np.float32)


def _logits(values: torch.Tensor) -> Layer:
    assert values.shape == (1, CLASSES)
    return Layer("logits", _maps(values))
