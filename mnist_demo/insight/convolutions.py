"""A convolution, number by number: a patch of what it sees, times a filter, summed up."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from mnist_demo.insight.activations import Maps
from mnist_demo.models.checkpoints import TrainedClassifier, check_images
from mnist_demo.models.classifiers import MNIST_DEVIATION, MNIST_MEAN, ConvolutionalNetwork


@dataclass(frozen=True, eq=False)
class Convolution:
    """One convolution of a network, at work on one image.

    `seen` float32 (n_in, h, w) is what it sees, with the margin of zeros that is put around it; `filters` float32
    (n_out, n_in, k, k); `sums` float32 (n_out, h', w') is what comes out, and `answers` of the same shape what the
    batch normalisation and the ReLU behind it make of that. Filters move by `stride` from place to place.
    """

    seen: Maps
    filters: Maps
    sums: Maps
    answers: Maps
    stride: int
    margin: int

    def patch(self, row: int, column: int) -> Maps:
        """Return the part of what is seen, (n_in, k, k), whose products with filter n add up to
        ``sums[n, row, column]``.
        """
        top, left, side = row * self.stride, column * self.stride, self.filters.shape[-1]
        return self.seen[:, top : top + side, left : left + side]

    def products(self, number: int, row: int, column: int) -> Maps:
        """Return patch × filter of filter `number` at a place, (n_in, k, k)."""
        products: Maps = self.patch(row, column) * self.filters[number]
        return products


@torch.no_grad()
def convolutions_of(classifier: TrainedClassifier, image: np.ndarray) -> list[Convolution]:
    """Return the convolutions of a network at work on `image`, float32 (28, 28) in [0, 1]; none for other models.

    Raises
    ------
    ImageError
        If `image` has another shape, dtype or range.
    """
    model = classifier.model
    if not isinstance(model, ConvolutionalNetwork):
        return []
    # (1, 28, 28) -> (1, 1, 28, 28)
    values = ((torch.tensor(check_images(image[None])) - MNIST_MEAN) / MNIST_DEVIATION).unsqueeze(1)
    found = []
    layers = list(model.layers)
    for index, layer in enumerate(layers):
        if isinstance(layer, nn.Conv2d):
            margin = int(layer.padding[0])
            sums = layer(values)
            # Pooling may stand in between: for what stands at one place it makes no difference.
            rest = [other for other in layers[index + 1 : index + 4] if isinstance(other, nn.BatchNorm2d | nn.ReLU)]
            answers = nn.Sequential(*rest[:2])(sums)
            found.append(
                Convolution(
                    _maps(F.pad(values, [margin] * 4)),
                    np.array(layer.weight.numpy(), np.float32),
                    _maps(sums),
                    _maps(answers),
                    int(layer.stride[0]),
                    margin,
                )
            )
        values = layer(values)
    return found


def _maps(values: torch.Tensor) -> Maps:
    return np.array(values[0].nan_to_num().numpy(), np.float32)
