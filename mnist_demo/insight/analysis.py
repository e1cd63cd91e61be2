"""What a model answers to a whole set of labelled digits, and where it goes wrong.

Galleries are arrays of indices into the set, the most telling image first, so that nothing is copied and a page can
show the very images.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from mnist_demo.models.checkpoints import TrainedClassifier
    from mnist_demo.models.classifiers import Classifier

DIGITS = 10
# What a convnet makes of so many images stays in the processor's cache: 1.6 times as fast as batches of 1,000.
BATCH = 100

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Analysis:
    """The answers to n labelled images, and scikit-learn's figures of them.

    `losses` are the cross-entropies −log p(label); `confusion` has a row for each label and a column for each
    predicted digit. A class without images, or never predicted, has precision, recall and F1 of 0.
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
        """The share of images whose label was predicted."""
        return float(np.trace(self.confusion) / max(1, len(self.labels)))

    def mistakes(self) -> Indices:
        """Return all misread images, the most confidently wrong first."""
        return _largest_first(self.confidence, np.flatnonzero(self.predicted != self.labels))

    def least_certain(self, count: int) -> Indices:
        """Return the images, read rightly or not, whose two most probable digits are the closest."""
        second, first = np.partition(self.probabilities, -2, axis=1)[:, -2:].T
        return _largest_first(second - first)[:count]

    def hardest(self, count: int, digit: int | None = None) -> Indices:
        """Return the images with the largest loss, of one class or of all."""
        candidates = None if digit is None else np.flatnonzero(self.labels == digit)
        return _largest_first(self.losses, candidates)[:count]

    def in_cell(self, label: int, predicted: int) -> Indices:
        """Return the images in a cell of the confusion matrix, the most confidently predicted first."""
        return _largest_first(self.confidence, np.flatnonzero((self.labels == label) & (self.predicted == predicted)))


def _largest_first(values: npt.NDArray[np.float32], candidates: Indices | None = None) -> Indices:
    """Return `candidates` (all for None) by falling value; equals keep their order."""
    if candidates is None:
        candidates = np.arange(len(values))
    return candidates[np.argsort(-values[candidates], kind="stable")]


def analyse(
    classifier: "TrainedClassifier", pixels: npt.NDArray[np.uint8], labels: Indices, threads: int = 1
) -> Analysis:
    """Let `classifier` read `pixels`, uint8 (n, 28, 28), and compare its answers with `labels`, int64 (n,).

    A model that has diverged gives finite figures too: what is no number counts as 0, as it does when it predicts.
    `threads` of them share out the batches: torch's own threads wait for each other after every operation, and were
    ten times slower than one where another program used the cores.
    """
    # Here, not above: a process that only shows an analysis need not have torch or scikit-learn.
    import torch

    from mnist_demo.data.dataset import scale_pixels

    model = _without_batch_norm(classifier.model)
    log_probabilities = np.empty((len(labels), DIGITS), np.float32)

    def read(begin: int) -> None:
        batch = slice(begin, begin + BATCH)
        with torch.inference_mode():  # holds for the thread that it is said in
            logits = model(torch.from_numpy(scale_pixels(pixels[batch]))).nan_to_num()
            log_probabilities[batch] = logits.log_softmax(dim=1).numpy()

    with ThreadPoolExecutor(threads) as readers:
        for _done in readers.map(read, range(0, len(labels), BATCH)):
            pass
    return analysis_of(log_probabilities, labels)


def _without_batch_norm(model: "Classifier") -> "Classifier":
    """Return a model that answers the same, with its batch normalisations worked into the convolutions before them.

    That saves up to a third of the time. `model` stays as it is.
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
    """Return the analysis of answers that are known already: `log_probabilities` float32 (n, 10)."""
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
