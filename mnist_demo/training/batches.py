"""The batches that a run learns from: which images, in what order, changed how, and what is mixed in.

All randomness of a run is here, but for dropout's, which is torch's global generator.
"""

import math
import warnings
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch
from torch import Tensor

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.models.halves import LEAST_HALVED
from mnist_demo.models.losses import NO_LABEL
from mnist_demo.second_thread import SECOND_THREAD
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.augmentation import augment, random_matrices, transform, vary_pen
from mnist_demo.training.fine_tuning import ExtraImages
from mnist_demo.training.hard_images import HardImages

# So many images at once become floats: enough for a small batch to cost little, and few enough to stay in the cache.
CONVERTED_IMAGES = 200
# A division takes four times as long as this, and differs from it in the last bit of a float at most.
SCALE = 1 / 255


class Batches:
    """The training images of a run: `n_images` of them, at first in `steps_per_epoch` batches, and those held out.

    `batch_size` may be set anew; an epoch that is under way is then gone on with by `rest_of_epoch`.

    Raises
    ------
    HyperparameterError
        When the dataset has not as many images as are asked for.
    """

    def __init__(
        self,
        hyperparameters: Hyperparameters,
        dataset: DigitDataset,
        extra: ExtraImages | None = None,
        device: str = "cpu",
    ) -> None:
        n_training, n_validation = hyperparameters.split_sizes(len(dataset.train_labels))
        pixels, labels = as_tensor(dataset.train_pixels), torch.from_numpy(dataset.train_labels)
        begin = len(pixels) - n_validation
        self.held_out = (pixels[begin:].to(device), labels[begin:].to(device))
        pixels, labels = pixels[:n_training], labels[:n_training]
        # The built-in digits are not added to themselves: copies of held-out ones would be among them.
        copies = hyperparameters.builtin_copies if dataset.name != "builtin" else 0
        if hyperparameters.synthetic_digits or copies or hyperparameters.learned_non_digits:
            pixels, labels = _with_more_digits(pixels, labels, hyperparameters, copies)
        # As bytes, 47 MB of MNIST, all of them have room on any device.
        self._pixels, self._labels = pixels.to(device), labels.to(device)
        self._hyperparameters = hyperparameters
        self.n_images = len(labels)
        self.batch_size = hyperparameters.batch_size
        self.steps_per_epoch = math.ceil(self.n_images / self.batch_size)
        # Generators of their own: what is not used leaves everything else as it was.
        self._generators = {
            name: torch.Generator().manual_seed(hyperparameters.seed) for name in ("order", "variation", "mixing")
        }
        self._epoch_order = self._generators["order"].get_state()
        self._order: Tensor | None = None
        self.hard_images: HardImages | None = None
        if hyperparameters.uses("hard_share") and hyperparameters.hard_share < 1:
            generator = self._generators["order"] if hyperparameters.shuffle else None
            self.hard_images = HardImages(self.n_images, hyperparameters.hard_share, generator)
        # Whether the epoch under way is one of hard images, and which images the newest batch has of the data set.
        self._is_hard, self._newest = False, torch.empty(0, dtype=torch.int64)
        self._mix_in = _mixing(extra, self._generators["mixing"], device)

    def epoch(self, skip: int = 0, number: int = 1) -> Iterator[tuple[Tensor, Tensor]]:
        """Return the batches of epoch `number`: images, float32 (n, 28, 28) in [0, 1], and labels, int64 (n,).

        The first `skip` images of the epoch have been met already. The order is drawn at once, that of hard images, and
        all else, on the way. A batch's images may be overwritten by the next batch's: copy them to keep them.
        """
        self._is_hard = self.hard_images is not None and number > 1
        if self._is_hard:
            return self.rest_of_epoch(skip)
        self._epoch_order = self._generators["order"].get_state()
        if self._hyperparameters.shuffle:
            order = torch.randperm(self.n_images, generator=self._generators["order"])
            self._order = order.to(self._labels.device)
        return self.rest_of_epoch(skip)

    def rest_of_epoch(self, skip: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Return the batches of the epoch that is under way, in its order, without its first `skip` images."""
        return self._hard_batches(skip) if self._is_hard else self._batches_in_order(skip)

    def note_losses(self, losses: Tensor) -> None:
        """Remember how large the loss, (n,), of each image of the newest batch is; those mixed in are the last."""
        if self.hard_images is not None:
            self.hard_images.note(self._newest, losses[: len(self._newest)].cpu())

    def _hard_batches(self, skip: int) -> Iterator[tuple[Tensor, Tensor]]:
        assert self.hard_images is not None
        size = self.batch_size
        for begin in range(skip, self.n_images, size):
            self._newest = self.hard_images.take(begin, min(begin + size, self.n_images))
            which = self._newest.to(self._labels.device)
            images = self._pixels.index_select(0, which).float().mul_(SCALE)
            yield self._varied(images, self._labels.index_select(0, which))

    def _batches_in_order(self, skip: int) -> Iterator[tuple[Tensor, Tensor]]:
        labels, order, size = self._labels, self._order, self.batch_size
        # Of the images, for whoever notes their losses: on the processor, and made once an epoch.
        numbers = None
        if self.hard_images is not None:
            numbers = torch.arange(self.n_images) if order is None else order.cpu()
        if order is not None:
            labels = labels.index_select(0, order)
        chunk = min(size * max(1, CONVERTED_IMAGES // size), self.n_images)
        # Made once, and filled again and again: it stays in the cache, and its parts need not be cut out anew.
        images = self._pixels.new_empty((chunk, *self._pixels.shape[1:]), dtype=torch.float32)
        batches = images.split(size)
        for begin in range(skip, self.n_images, chunk):
            which = slice(begin, begin + chunk)
            # index_select takes a tenth of the time that indexing with a tensor does.
            pixels = self._pixels[which] if order is None else self._pixels.index_select(0, order[which])
            if len(pixels) < len(images):
                images = images[: len(pixels)]
                batches = images.split(size)
            images.copy_(pixels).mul_(SCALE)
            for first, batch in zip(range(begin, self.n_images, size), batches, strict=False):
                if numbers is not None:
                    self._newest = numbers[first : first + size]
                yield self._varied(batch, labels[first : first + size])

    def _varied(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        variation = self._generators["variation"]
        if self._hyperparameters.pen_variation:
            images = vary_pen(images, variation)
        if self._hyperparameters.augmentation:
            images = _augment_halves(images, variation)
        return self._mix_in(images, labels)

    def random_state(self, inside_epoch: bool) -> dict[str, Tensor]:
        """Return the states of the generators: of the order, that at the beginning of an epoch which is under way.

        One of hard images draws its order on the way, and goes on from the state of now.
        """
        states = {name: generator.get_state() for name, generator in self._generators.items()}
        return {**states, "order": self._epoch_order} if inside_epoch and not self._is_hard else states

    def restore_random_state(self, states: Mapping[str, Tensor]) -> None:
        """Go on from what `random_state` gave; raise RuntimeError or TypeError when that is no state."""
        for name, generator in self._generators.items():
            generator.set_state(states[name])
        self._epoch_order = states["order"]


def as_tensor(pixels: np.ndarray) -> Tensor:
    """Return `pixels` as a tensor that shares their memory, and may be read-only as they are."""
    with warnings.catch_warnings():
        # A read-only memory map is what is wanted: nothing here writes to pixels.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(pixels)


def _augment_halves(images: Tensor, generator: torch.Generator) -> Tensor:
    """Do what `augment` does, with the second thread's help where there is one."""
    if len(images) < LEAST_HALVED or images.device.type != "cpu":
        return augment(images, generator)
    first, second = zip(images.chunk(2), random_matrices(images, generator).chunk(2), strict=True)
    return torch.cat(SECOND_THREAD.both(lambda: transform(*first), lambda: transform(*second)))


def _with_more_digits(
    pixels: Tensor, labels: Tensor, hyperparameters: Hyperparameters, builtin_copies: int
) -> tuple[Tensor, Tensor]:
    """Return `pixels` and `labels` with synthetic digits, copies of built-in ones, and what is no digit after them."""
    # These import SciPy and Pillow, which most runs do without.
    from mnist_demo.data.builtin_digits import load_builtin
    from mnist_demo.data.non_digits import draw_fitting_pixels
    from mnist_demo.data.synthetic_digits import draw_digits

    more = [draw_digits(hyperparameters.synthetic_digits, hyperparameters.seed)]
    if builtin_copies:
        more += [(load_builtin().train_pixels, load_builtin().train_labels)] * builtin_copies
    if hyperparameters.learned_non_digits:
        non_digits = draw_fitting_pixels(hyperparameters.non_digits, hyperparameters.seed)
        more.append((non_digits, np.full(len(non_digits), NO_LABEL)))
    all_pixels, all_labels = zip(*more, strict=True)
    return torch.cat([pixels, *map(as_tensor, all_pixels)]), torch.cat([labels, *map(torch.from_numpy, all_labels)])


def _mixing(
    extra: ExtraImages | None, variation: torch.Generator, device: str
) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Return a function that adds extra images to a batch, as many as make up their share of it, or none."""
    if extra is None:
        return lambda images, labels: (images, labels)
    ratio = extra.share / (1 - extra.share)
    extra_images, extra_labels = torch.tensor(extra.images, device=device), torch.tensor(extra.labels, device=device)

    def mix_in(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        drawn = torch.randint(len(extra_labels), (math.ceil(len(images) * ratio),), generator=variation)
        changed = augment(extra_images[drawn], variation)
        return torch.cat([images, changed]), torch.cat([labels, extra_labels[drawn]])

    return mix_in
