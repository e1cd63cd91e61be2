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
# A thick marker on a small drawing fills loops and corners. How many images are drawn so, and how many pixels wider its
# strokes are on either side.
MARKER_SHARE = 0.2
MARKER_CHANGES = (0.5, 4.0)
DIGIT_SIDE = 20  # pixels that MNIST's digits are high or wide


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
    """Return `images`, (n, h, w), each as if drawn with a wider or a narrower pen, and some with a thick marker.

    All randomness comes from `generator`, whose state moves on.
    """
    low, high = PEN_CHANGES
    change = (torch.rand(len(images), 1, 1, generator=generator) * (high - low) + low).to(images.device)
    thick, thin = _by_a_square(images.unsqueeze(1)).squeeze(1), -_by_a_square(-images.unsqueeze(1)).squeeze(1)
    varied = torch.where(change > 0, images.lerp(thick, change.abs()), images.lerp(thin, change.abs()))
    low, high = MARKER_CHANGES
    chosen = (torch.rand(len(images), generator=generator) < MARKER_SHARE).nonzero().flatten().to(images.device)
    if not len(chosen):
        return varied
    wider = (torch.rand(len(chosen), generator=generator) * (high - low) + low).to(images.device)
    return varied.index_copy(0, chosen, draw_with_marker(varied[chosen], wider))


def draw_with_marker(images: Tensor, wider: Tensor) -> Tensor:
    """Return `images`, (n, h, w), with strokes wider by `wider` pixels, (n,), 0 to 4, on either side, in the same box.

    A digit whose strokes are wider would be larger, and is therefore drawn smaller.
    """
    strokes = widened = images.unsqueeze(1)
    # Squares and crosses in turn are together nearly round.
    for pixels, widen in enumerate((_by_a_square, _by_a_cross) * 2):
        share = (wider - pixels).clamp(0, 1)[:, None, None, None]
        next_strokes = widen(strokes)
        widened = torch.where(share > 0, strokes.lerp(next_strokes, share), widened)
        strokes = next_strokes
    smaller = torch.zeros(len(images), 2, 3, device=images.device)
    smaller[:, 0, 0] = smaller[:, 1, 1] = 1 + 2 * wider / DIGIT_SIDE
    return transform(widened.squeeze(1), smaller)


def _by_a_square(images: Tensor) -> Tensor:
    return F.max_pool2d(images, 3, stride=1, padding=1)


def _by_a_cross(images: Tensor) -> Tensor:
    across = F.max_pool2d(images, (1, 3), stride=1, padding=(0, 1))
    return across.maximum(F.max_pool2d(images, (3, 1), stride=1, padding=(1, 0)))
