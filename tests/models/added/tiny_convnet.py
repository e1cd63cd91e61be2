"""A model that the project does not have, for `test_seventh_model`, which puts this file beside the project's own."""

from torch import nn

from mnist_demo.models.classifiers import CLASSES, ConvolutionalNetwork


class TinyConvNet(ConvolutionalNetwork):
    """One convolution of eight filters; 3,098 weights."""

    def __init__(self, dropout: float) -> None:
        super().__init__(
            nn.Conv2d(1, 8, 5, stride=4),  # (n, 8, 6, 6)
            nn.ReLU(),
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(8 * 6 * 6, CLASSES),
        )
