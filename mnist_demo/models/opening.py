"""A first look at a model out of somebody's file, before it is believed: for a process that can be ended."""

import numpy as np
import numpy.typing as npt

from mnist_demo.data.dataset import scale_pixels
from mnist_demo.files import Content
from mnist_demo.models.checkpoints import load_checkpoint_bytes


def measure_checkpoint(
    content: Content, name: str, pixels: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]
) -> float:
    """Return the share of the digits `pixels`, uint8 (n, 28, 28), that the model in a checkpoint reads as `labels`.

    Raises
    ------
    CheckpointError
        As `load_checkpoint_bytes` does, which calls the file `name`.
    """
    predicted = load_checkpoint_bytes(bytes(content), name).predict_probabilities(scale_pixels(pixels)).argmax(axis=1)
    return float(np.mean(predicted == labels))
