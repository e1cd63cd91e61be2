"""Evaluation of a model on a whole set of labelled digits: predictions, metrics and misclassified images.

Galleries are arrays of indices into the set, the most informative image first, so that no image is copied.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from mnist_demo.models.checkpoints import TrainedClassifier
    from mnist_demo.models.classifiers import Classifier

DIGITS = 10
# A convnet's activations for this many images fit into the processor's cache: 1.6 times as fast as batches of 1,000.
BATCH = 100

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Analysis:
    """The predictions for n labelled images, and scikit-learn's metrics of them.

    `losses` are the cross-entropies −log p(label). `confusion` has a row per label and a column per predicted digit.
    Precision, recall and F1 of a class are 0 where they are undefined: without images or predictions of it.
    """

    labels: Indices  # (n,)
    probabilities: npt.NDArray[np.float32]  # (n, 10), rows sum to 1
    losses: npt.NDArray[np.float32]  # (n,)
    confusion: Indices  # (10, 10), counts
    precision: npt.NDArray[np.float64]  # (10,), fractions
    recall: npt.NDArray[np.float64]  # (10,)
    f1: npt.NDArray[np.float64]  # (10,)

    @cached_property
    def predicted(self) -> Indices:
        """The predicted digits, int64 (n,)."""
        predicted: Indices = self.probabilities.argmax(axis=1)
        return predicted

    @cached_property
    def confidence(self) -> npt.NDArray[np.float32]:
        """The probability of the predicted digit, float32 (n,)."""
        confidence: npt.NDArray[np.float32] = self.probabilities.max(axis=1)
        return confidence

    @property
    def accuracy(self) -> float:
        """The fraction of images that are correctly classified."""
        return float(np.trace(self.confusion) / max(1, len(self.labels)))

    def mistakes(self) -> Indices:
        """Return the indices of all misclassified images, the most confident predictions first."""
        return _largest_first(self.confidence, np.flatnonzero(self.predicted != self.labels))

    def least_certain(self, count: int) -> Indices:
        """Return the indices of the `count` images with the smallest margin between the two most probable digits.

        They may be correctly classified or not.
        """
        second, first = np.partition(self.probabilities, -2, axis=1)[:, -2:].T
        return _largest_first(second - first)[:count]

    def hardest(self, count: int, digit: int | None = None) -> Indices:
        """Return the indices of the `count` images with the largest loss, of class `digit` or, with None, of all."""
        candidates = None if digit is None else np.flatnonzero(self.labels == digit)
        return _largest_first(self.losses, candidates)[:count]

    def in_cell(self, label: int, predicted: int) -> Indices:
        """Return the indices of the images in a cell of the confusion matrix, the most confident predictions first."""
        return _largest_first(self.confidence, np.flatnonzero((self.labels == label) & (self.predicted == predicted)))


def _largest_first(values: npt.NDArray[np.float32], candidates: Indices | None = None) -> Indices:
    """Return `candidates`, or all indices for None, in descending order of `values`; ties keep their order."""
    if candidates is None:
        candidates = np.arange(len(values))
    return candidates[np.argsort(-values[candidates], kind="stable")]


def analyse(classifier: "TrainedClassifier", pixels: npt.NDArray[np.uint8], labels: Indices) -> Analysis:
    """Classify `pixels`, uint8 (n, 28, 28), and compare the predictions with `labels`, int64 (n,).

    The metrics of a diverged model are finite too: NaN logits count as 0, as in prediction.
    """
    # Imported here so that a process that only displays an analysis needs neither torch nor scikit-learn.
    import torch

    from mnist_demo.data.dataset import scale_pixels

    model = _without_batch_norm(classifier.model)
    log_probabilities = np.empty((len(labels), DIGITS), np.float32)

    with torch.inference_mode():
        for begin in range(0, len(labels), BATCH):
            batch = slice(begin, begin + BATCH)
            logits = model(torch.from_numpy(scale_pixels(pixels[batch]))).nan_to_num()
            log_probabilities[batch] = logits.log_softmax(dim=1).numpy()
    return analysis_of(log_probabilities, labels)


def _without_batch_norm(model: "Classifier") -> "Classifier":
    """Return an equivalent model with its batch normalisations fused into the preceding convolutions.

    That saves up to a third of the time. `model` is not changed.
    """
    from torch import nn
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    from mnist_demo.models.classifiers import ConvolutionalNetwork

    if not isinstance(model, ConvolutionalNetwork):
        return model
    layers: list[nn.Module] = []
    for layer in model.layers:
        if isinstance(layer, nn.BatchNorm2d) and layers and isinstance(layers[-1], nn.Conv2d):
            layers[-1] = fuse_conv_bn_eval(layers[-1], layer)
        else:
            layers.append(layer)
    fused = ConvolutionalNetwork(*layers)
    return fused.eval()


def analysis_of(log_probabilities: npt.NDArray[np.float32], labels: Indices) -> Analysis:
    """Return the analysis of given predictions, `log_probabilities` float32 (n, 10), for `labels`, int64 (n,)."""
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    digits = np.arange(DIGITS)
    predicted = log_probabilities.argmax(axis=1)
    precision, recall, f1, _support = precision_recall_fscore_support(
        labels, predicted, labels=digits, average=None, zero_division=0
    )
    return Analysis(
        labels=labels,
        probabilities=np.exp(log_probabilities),
        losses=-log_probabilities[np.arange(len(labels)), labels],
        confusion=confusion_matrix(labels, predicted, labels=digits),
        precision=precision,
        recall=recall,
        f1=f1,
    )
