"""Random changes of training images, held against SciPy's own morphology."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.training import augmentation
from mnist_demo.training.augmentation import vary_pen


@pytest.fixture(scope="module")
def images(builtin: DigitDataset) -> Tensor:
    return torch.from_numpy(builtin.train_pixels[:100].copy()) / 255


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize(
    ("change", "reference"),
    [(1.0, ndimage.grey_dilation), (-1.0, ndimage.grey_erosion), (0.0, lambda image, size: image)],
    ids=["thicker", "thinner", "the same"],
)
def test_vary_pen_by_a_whole_pixel_is_dilation_or_erosion(
    change: float, reference: object, images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(augmentation, "PEN_CHANGES", (change, change))
    expected = np.stack([reference(image, size=(3, 3)) for image in images.numpy()])  # type: ignore[operator]
    np.testing.assert_allclose(vary_pen(images, generator()).numpy(), expected, atol=1e-6)


def test_vary_pen_makes_some_strokes_thicker_and_some_thinner(images: Tensor) -> None:
    changed = vary_pen(images, generator())
    thicker = changed.sum(dim=(1, 2)) > images.sum(dim=(1, 2))
    assert thicker.any()
    assert not thicker.all()
    assert torch.equal(changed, vary_pen(images, generator()))
