"""The batches of an epoch hold the images and labels that they should, however they are cut."""

import numpy as np
import pytest
import torch

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.batches import Batches


# Several batches that become floats at once, one, and one that is larger than the whole; the last may be short.
@pytest.mark.parametrize("batch_size", [1, 30, 150, 320, 1000])
@pytest.mark.parametrize("shuffle", [False, True])
def test_batches_hold_every_image_once_with_its_label(builtin: DigitDataset, batch_size: int, shuffle: bool) -> None:
    hyperparameters = Hyperparameters(training_size=350, batch_size=batch_size, shuffle=shuffle, seed=3)
    order = torch.randperm(350, generator=torch.Generator().manual_seed(3)).numpy() if shuffle else np.arange(350)

    # Copied at once: the memory of a batch is that of the next one.
    batches = [(images.numpy().copy(), labels.numpy()) for images, labels in Batches(hyperparameters, builtin).epoch()]

    assert [len(labels) for _images, labels in batches] == [
        len(range(first, min(first + batch_size, 350))) for first in range(0, 350, batch_size)
    ]
    images, labels = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    np.testing.assert_allclose(images, builtin.train_pixels[order] / 255, rtol=2**-23)
    np.testing.assert_array_equal(labels, builtin.train_labels[order])


@pytest.mark.parametrize("skip", [30, 210, 330])
def test_epoch_that_goes_on_in_its_middle_has_the_batches_that_were_left(builtin: DigitDataset, skip: int) -> None:
    hyperparameters = Hyperparameters(training_size=350, batch_size=30, seed=3)
    whole = [(images.clone(), labels) for images, labels in Batches(hyperparameters, builtin).epoch()]

    rest = [(images.clone(), labels) for images, labels in Batches(hyperparameters, builtin).epoch(skip)]

    assert len(rest) == len(whole) - skip // 30
    for found, expected in zip(rest, whole[skip // 30 :], strict=True):
        assert torch.equal(found[0], expected[0])
        assert torch.equal(found[1], expected[1])
