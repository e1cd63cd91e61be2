"""Random changes of training images, held against SciPy's own morphology."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.training import augmentation
from mnist_demo.training.augmentation import DIGIT_SIDE, MARKER_SHARE, draw_with_marker, vary_pen


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
    monkeypatch.setattr(augmentation, "MARKER_SHARE", 0)
    expected = np.stack([reference(image, size=(3, 3)) for image in images.numpy()])  # type: ignore[operator]
    np.testing.assert_allclose(vary_pen(images, generator()).numpy(), expected, atol=1e-6)


def test_vary_pen_makes_some_strokes_thicker_and_some_thinner(images: Tensor) -> None:
    changed = vary_pen(images, generator())
    thicker = changed.sum(dim=(1, 2)) > images.sum(dim=(1, 2))
    assert thicker.any()
    assert not thicker.all()
    assert torch.equal(changed, vary_pen(images, generator()))


def test_vary_pen_draws_about_as_many_with_a_marker_as_it_says(images: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augmentation, "PEN_CHANGES", (0, 0))
    many = images.repeat(10, 1, 1)
    changed = (vary_pen(many, generator()) != many).any(dim=2).any(dim=1)
    assert changed.float().mean() == pytest.approx(MARKER_SHARE, abs=0.04)


@pytest.mark.parametrize("wider", [1, 2, 4])
def test_draw_with_marker_widens_a_stroke_on_either_side_and_fits_the_box_again(wider: int) -> None:
    stem = torch.zeros(1, 28, 28)
    stem[0, 4:24, 12:15] = 1
    (drawn,) = draw_with_marker(stem, torch.tensor([float(wider)]))
    zoom = DIGIT_SIDE / (DIGIT_SIDE + 2 * wider)
    assert drawn.sum(dim=1).max().item() == pytest.approx((3 + 2 * wider) * zoom, abs=0.3)
    assert drawn.sum(dim=0).max().item() == pytest.approx(DIGIT_SIDE, abs=0.5)


def test_draw_with_marker_by_no_more_pixels_leaves_the_images(images: Tensor) -> None:
    torch.testing.assert_close(draw_with_marker(images, torch.zeros(len(images))), images, atol=1e-5, rtol=0)


def test_draw_with_marker_by_three_pixels_fills_a_small_ring_and_rounds_a_dot() -> None:
    ring = torch.zeros(1, 28, 28)
    ring[0, 10:17, 10:17] = 1
    ring[0, 12:15, 12:15] = 0
    dot = torch.zeros(1, 28, 28)
    dot[0, 13:15, 13:15] = 1
    filled, rounded = draw_with_marker(torch.cat([ring, dot]), torch.tensor([3.0, 3.0]))
    assert filled[13, 13] > 0.9
    corner, side = rounded[11, 11], rounded[14, 11]
    assert side > corner
