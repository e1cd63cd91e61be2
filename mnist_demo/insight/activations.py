"""First-layer weights and layer activations of a classifier, as images."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from mnist_demo.models.checkpoints import TrainedClassifier, check_images
from mnist_demo.models.classifiers import (
    ACTIVATIONS,
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
    """The activations of one layer: `maps`, float32 (n, h, w), one for each of its n filters or units.

    `kind` is a key of ``LAYER_KINDS``. Maps of kind ``contribution`` and ``logits`` may be negative, and
    ``hidden`` ones where the activation is no ReLU.
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
    """Return a copy of the weights of the first layer, float32 (n, h, w).

    These are ten images of 28 × 28, one per digit, for the linear models; one of 28 × 28 per hidden unit of an MLP; the
    small filters (5 × 5) of a convolutional network.
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
    """Return the activations of each layer for `image`, from the first layer to the logits.

    A convolution is shown after its batch normalisation and ReLU and before pooling, wherever the model applies them;
    pooling is shown as the input of the next layer. For a linear model, whose only layer outputs the logits, the
    products of weight and input come first: the sum over a digit's products, plus its bias, is its logit.

    Parameters
    ----------
    image
        float32 (28, 28) in [0, 1].

    Raises
    ------
    ImageError
        If `image` has another shape, dtype or range.
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
        if isinstance(layer, tuple(ACTIVATIONS.values())):
            kind = "convolution" if values.ndim == 4 else "hidden"
            shown.append(Layer("pooling" if _is_pooled_first(layers, index - 2) else kind, _maps(values)))
        elif isinstance(layer, nn.MaxPool2d) and not _is_pooled_first(layers, index):
            shown.append(Layer("pooling", _maps(values)))
        elif isinstance(layer, nn.AdaptiveMaxPool2d):
            shown.append(Layer("summary", _maps(values)))
    return [*shown, _logits(values)]


def _is_pooled_first(layers: list[nn.Module], index: int) -> bool:
    """Return whether the layer at `index` is a pooling that comes before batch normalisation and ReLU."""
    return isinstance(layers[index], nn.MaxPool2d) and isinstance(layers[index + 1], nn.BatchNorm2d)


def _layers(model: object) -> nn.Sequential:
    assert isinstance(model, Network)
    return model.layers


def _maps(values: torch.Tensor) -> Maps:
    """Reshape (1, n, h, w) or (1, n) to float32 (n, h, w); a unit becomes a map of one pixel."""
    height, width = values.shape[2:] if values.ndim == 4 else (1, 1)
    return np.array(values.reshape(-1, height, width).nan_to_num().numpy(), np.float32)


def _logits(values: torch.Tensor) -> Layer:
    assert values.shape == (1, CLASSES)
    return Layer("logits", _maps(values))
