"""Random changes of training images: what a hand and a pen do differently each time."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

# The ranges within which a digit stays the same digit: a 6 turned by 90° is none any more.
MAX_ROTATION = math.radians(12)
MAX_SHEAR = math.radians(12)
SCALES = (0.85, 1.15)
MAX_SHIFT_PIXELS = 2.0
PEN_CHANGES = (-0.15, 0.5)  # pixels on either side of a stroke, at most 1; thinner than that, fine strokes vanish


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return `images`, (n, h, w), each turned, slanted, scaled and shifted by random amounts; outside stays blank.

    All randomness comes from `generator`, whose state moves on.
    """
    return transform(images, random_matrices(images, generator))


def random_matrices(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return how each of `images`, (n, h, w), is to be changed: (n, 2, 3), from the changed image to the original."""
    n, height, width = images.shape

    def uniform(low: float, high: float) -> Tensor:
        # Drawn on the processor, so that every device gets the same numbers.
        return (torch.rand(n, generator=generator) * (high - low) + low).to(images.device)

    angle, shear = uniform(-MAX_ROTATION, MAX_ROTATION), uniform(-MAX_SHEAR, MAX_SHEAR)
    scale_x, scale_y = 1 / uniform(*SCALES), 1 / uniform(*SCALES)
    # affine_grid counts from -1 to 1 across the image: one pixel is 2 / width.
    shift_x = uniform(-MAX_SHIFT_PIXELS, MAX_SHIFT_PIXELS) * 2 / width
    shift_y = uniform(-MAX_SHIFT_PIXELS, MAX_SHIFT_PIXELS) * 2 / height
    cosine, sine, slant = angle.cos(), angle.sin(), shear.tan()
    return torch.stack(  # rotation · shear · scale
        [
            torch.stack([cosine * scale_x, (cosine * slant - sine) * scale_y, shift_x], dim=1),
            torch.stack([sine * scale_x, (sine * slant + cosine) * scale_y, shift_y], dim=1),
        ],
        dim=1,
    )


def transform(images: Tensor, matrices: Tensor) -> Tensor:
    """Return `images`, (n, h, w), changed as `random_matrices` says."""
    grid = F.affine_grid(matrices, [len(images), 1, *images.shape[1:]], align_corners=False)
    return F.grid_sample(images.unsqueeze(1), grid, align_corners=False).squeeze(1)


def vary_pen(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return `images`, (n, h, w), each as if drawn with a wider or a narrower pen.

    All randomness comes from `generator`, whose state moves on.
    """
    low, high = PEN_CHANGES
    change = (torch.rand(len(images), 1, 1, generator=generator) * (high - low) + low).to(images.device)
    thick = F.max_pool2d(images.unsqueeze(1), 3, stride=1, padding=1).squeeze(1)
    thin = -F.max_pool2d(-images.unsqueeze(1), 3, stride=1, padding=1).squeeze(1)
    return torch.where(change > 0, images.lerp(thick, change.abs()), images.lerp(thin, change.abs()))
