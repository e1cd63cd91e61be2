"""Whether somebody's digits stand upright, bright on black: judged by how well the starter model reads them."""

import numpy as np
import numpy.typing as npt

from mnist_demo.data.dataset import MNIST, DigitDataset, scale_pixels
from mnist_demo.models.checkpoints import TrainedClassifier
from mnist_demo.translation import N_, _, format_percent

# It reads 99 % of MNIST's test images. Of so few, digits in another hand or by another pen are still read.
ENOUGH, JUDGED_IMAGES, TURNED_IMAGES = 0.75, 200, 50
Images = npt.NDArray[np.float32]
SWAPPED = N_(
    "The starter model reads {accuracy} of these test images, but {other} of them when rows and columns are swapped: "
    "they seem to be transposed. They are used as they are."
)
INVERTED = N_(
    "The starter model reads {accuracy} of these test images, but {other} of them when bright and dark are swapped: "
    "they seem to be dark on bright. They are used as they are."
)
TURNED = N_(
    "The starter model reads {accuracy} of these test images, but {other} of them when they are turned or mirrored: "
    "they seem not to stand upright. They are used as they are."
)
NO_DIGITS = N_(
    "The starter model reads {accuracy} of these test images: they seem to be no digits, or to have other labels. They "
    "are used as they are."
)


def _turn(images: Images, quarters: int, is_mirrored: int, is_inverted: int) -> Images:
    turned = np.rot90(images, quarters, axes=(1, 2))
    turned = turned[:, :, ::-1] if is_mirrored else turned
    return np.ascontiguousarray(1 - turned if is_inverted else turned, dtype=np.float32)


def find_doubt(dataset: DigitDataset, starter: TrainedClassifier) -> str:
    """Return what is unusual about the test images of a folder, a sentence; empty where they are read well enough.

    A matter of tenths of a second.
    """
    if dataset.name != "folder" or dataset.digest == MNIST.train_sha256:
        return ""
    chosen = np.linspace(0, len(dataset.test_labels) - 1, min(JUDGED_IMAGES, len(dataset.test_labels))).astype(int)
    images, labels = scale_pixels(dataset.test_pixels[chosen]), dataset.test_labels[chosen]

    def share_read(turn: tuple[int, int, int], step: int = 1) -> float:
        read = starter.predict_probabilities(_turn(images[::step], *turn)).argmax(axis=1)
        return float((read == labels[::step]).mean())

    accuracy = share_read((0, 0, 0))
    if accuracy >= ENOUGH:
        return ""
    turns = [(quarters, mirrored, inverted) for quarters in range(4) for mirrored in (0, 1) for inverted in (0, 1)]
    shares = {turn: share_read(turn, JUDGED_IMAGES // TURNED_IMAGES) for turn in turns}
    best = max(shares, key=shares.__getitem__)
    quarters, mirrored, _inverted = best
    sentence = NO_DIGITS
    if shares[best] >= ENOUGH:
        # Mirrored and turned by a quarter is swapped.
        sentence = INVERTED if (quarters, mirrored) == (0, 0) else SWAPPED if mirrored and quarters == 3 else TURNED
    return _(sentence).format(accuracy=format_percent(accuracy, digits=0), other=format_percent(shares[best], digits=0))
