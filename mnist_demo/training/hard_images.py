"""Learning, after the first epoch, from the images that a model finds hard: most of the others it reads already.

See Loshchilov and Hutter, *Online Batch Selection for Faster Training of Neural Networks*, 2015.
"""

import math

import torch
from torch import Tensor


class HardImages:
    """The training images with the highest losses, which an epoch goes through again and again.

    An epoch has as many images as there are, so that it lasts as long as any other; but it consists of passes through
    the hardest `share` of them (0 to 1), chosen anew for each pass by the loss that each image had when it was last
    learned from. Between passes all is decided by `losses`, float32 (n,), and `generator`, which puts them in order
    (None: that of their numbers); within one also by `order`, int64 (k,), the images of the pass.
    """

    def __init__(self, n_images: int, share: float, generator: torch.Generator | None) -> None:
        self.losses = torch.full((n_images,), math.inf)
        self.order = torch.zeros(math.ceil(share * n_images), dtype=torch.int64)
        self._generator = generator

    def take(self, begin: int, end: int) -> Tensor:
        """Return the images, int64 (end − begin,), at these places of an epoch; to be asked for in turn, once each."""
        parts = []
        while begin < end:
            place = begin % len(self.order)
            if place == 0:
                self._choose()
            parts.append(self.order[place : place + end - begin])
            begin += len(parts[-1])
        return torch.cat(parts)

    def note(self, images: Tensor, losses: Tensor) -> None:
        """Remember the losses, (n,), of these images, int64 (n,), as they have just been learned from."""
        self.losses[images] = losses

    def _choose(self) -> None:
        hardest = self.losses.argsort(descending=True, stable=True)[: len(self.order)]
        if self._generator is None:
            self.order = hardest.sort().values
        else:
            self.order = hardest[torch.randperm(len(hardest), generator=self._generator)]
