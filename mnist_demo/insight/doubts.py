"""Whether somebody's digits stand upright, bright on black: judged by how well the starter model reads them."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_demo.data.dataset import MNIST, DigitDataset, scale_pixels
from mnist_demo.models.checkpoints import TrainedClassifier
from mnist_demo.translation import N_, _, format_percent, joined

# It reads 99 % of MNIST's test images. Of so few, digits in another hand or by another pen are still read.
ENOUGH, JUDGED_IMAGES, TURNED_IMAGES = 0.75, 200, 50
Images = npt.NDArray[np.float32]
SWAPPED = N_(
    "The starter model reads {accuracy} of these images, but {other} of them when rows and columns are swapped: "
    "they seem to be transposed. They are used as they are."
)
INVERTED = N_(
    "The starter model reads {accuracy} of these images, but {other} of them when bright and dark are swapped: "
    "they seem to be dark on bright. They are used as they are."
)
TURNED = N_(
    "The starter model reads {accuracy} of these images, but {other} of them when they are turned or mirrored: "
    "they seem not to stand upright. They are used as they are."
)
NO_DIGITS = N_(
    "The starter model reads {accuracy} of these images: they seem to be no digits, or to have other labels. They "
    "are used as they are."
)


def _turn(images: Images, quarters: int, is_mirrored: int, is_inverted: int) -> Images:
    turned = np.rot90(images, quarters, axes=(1, 2))
    turned = turned[:, :, ::-1] if is_mirrored else turned
    return np.ascontiguousarray(1 - turned if is_inverted else turned, dtype=np.float32)


def find_doubt(dataset: DigitDataset, starter: TrainedClassifier) -> str:
    """Return what is unusual about the images of a folder, a sentence or two; empty where they are read well enough.

    The training and the test images are judged apart, for they may come from different places. A matter of tenths of a
    second, however many they are.
    """
    if dataset.name != "folder" or dataset.digest == MNIST.train_sha256:
        return ""
    train = _judge(dataset.train_pixels, dataset.train_labels, starter)
    test = _judge(dataset.test_pixels, dataset.test_labels, starter)
    if train and test and train.sentence == test.sentence:
        return Judgement(
            train.sentence, *((one + other) / 2 for one, other in zip(train[1:], test[1:], strict=True))
        ).said()
    doubts = []
    if train:
        doubts.append(_("Training images: {sentence}").format(sentence=train.said()))
    if test:
        doubts.append(_("Test images: {sentence}").format(sentence=test.said()))
    return joined(" ", doubts) if doubts else ""


class Judgement(NamedTuple):
    """What is unusual about some images, and the shares of them that are read as they are and otherwise."""

    sentence: str
    accuracy: float
    other: float

    def said(self) -> str:
        """Return the sentence with the shares in it."""
        accuracy, other = format_percent(self.accuracy, digits=0), format_percent(self.other, digits=0)
        return _(self.sentence).format(accuracy=accuracy, other=other)


def _judge(
    pixels: npt.NDArray[np.uint8], all_labels: npt.NDArray[np.int64], starter: TrainedClassifier
) -> Judgement | None:
    """Return what is unusual about the images, of which some are looked at; None where they are read well enough."""
    chosen = np.linspace(0, len(all_labels) - 1, min(JUDGED_IMAGES, len(all_labels))).astype(int)
    images, labels = scale_pixels(pixels[chosen]), all_labels[chosen]

    def share_read(turn: tuple[int, int, int], step: int = 1) -> float:
        read = starter.predict_probabilities(_turn(images[::step], *turn)).argmax(axis=1)
        return float((read == labels[::step]).mean())

    accuracy = share_read((0, 0, 0))
    if accuracy >= ENOUGH:
        return None
    turns = [(quarters, mirrored, inverted) for quarters in range(4) for mirrored in (0, 1) for inverted in (0, 1)]
    shares = {turn: share_read(turn, JUDGED_IMAGES // TURNED_IMAGES) for turn in turns}
    best = max(shares, key=shares.__getitem__)
    quarters, mirrored, _inverted = best
    sentence = NO_DIGITS
    if shares[best] >= ENOUGH:
        # Mirrored and turned by a quarter is swapped.
        sentence = INVERTED if (quarters, mirrored) == (0, 0) else SWAPPED if mirrored and quarters == 3 else TURNED
    return Judgement(sentence, accuracy, shares[best])
