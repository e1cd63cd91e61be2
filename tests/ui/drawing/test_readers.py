"""Models that read a gallery do so once."""

from typing import Any

import numpy as np
import torch

from mnist_demo.ui.drawing.readers import AT_ONCE, Reader


class Counting:
    """A model that reads a 3 in everything, and remembers how many images it was asked for at a time."""

    def __init__(self) -> None:
        self.model = torch.nn.Linear(1, 1)
        self.asked: list[int] = []

    def predict_probabilities(self, images: np.ndarray) -> np.ndarray:
        self.asked.append(len(images))
        return np.eye(10, dtype=np.float32)[[3] * len(images)]


def test_gallery_is_read_a_few_at_a_time_and_once_for_the_same_model_and_images() -> None:
    classifier: Any = Counting()
    images = np.random.default_rng(0).random((2 * AT_ONCE + 5, 28, 28), np.float32)
    for _drawn_again in range(3):
        assert Reader("mine", "Read by mine.", classifier).read_digits(images).tolist() == [3] * len(images)
    assert classifier.asked == [AT_ONCE, AT_ONCE, 5]
    Reader("mine", "Read by mine.", classifier).read_digits(images[:1])
    assert classifier.asked[3:] == [1]
