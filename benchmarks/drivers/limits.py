"""The machine's own limits: how fast it multiplies, convolves and reads memory; what a training costs at least."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.hyperparameters import Hyperparameters

SIDE = 1024  # of the matrices multiplied, 4 MB each
READ_BYTES, QUICK_READ_BYTES = 2**28, 2**22  # the first is far more than any cache holds
N_PIXELS, N_CLASSES = 784, 10
# Images, channels, and side of what is convolved (3 × 3): the machine's rate is that of the quickest.
CONVOLUTIONS = ((64, 64, 28), (256, 64, 14), (32, 128, 28), (128, 128, 14))
QUICK_CONVOLUTIONS = ((2, 64, 28),)
COUNTED = 8  # images


@dataclass(frozen=True)
class Limits:
    """What the machine can do with one thread: floating-point operations and bytes a second."""

    flops: float
    bytes_read: float

    def tutorial_seconds(self, n_images: int, epochs: int) -> float:
        """Return the least time for training the linear classifier: its multiplications, and reading its images once.

        Two multiplications of (batch, 784) by 10 columns a step, forward and for the gradient, 2 operations each; the
        images as float32 come from memory for the first, and are in the cache for the second.
        """
        operations = 2 * 2 * N_PIXELS * N_CLASSES * n_images * epochs
        return operations / self.flops + 4 * N_PIXELS * n_images * epochs / self.bytes_read


def measure_limits(quick: bool = False) -> Limits:
    """Measure both, with one thread: the tutorial's steps are too small to share out."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        repeats = 2 if quick else 10
        left, right = torch.rand(SIDE, SIDE), torch.rand(SIDE, SIDE)
        multiply = _least_seconds(lambda: left @ right, repeats)
        size = QUICK_READ_BYTES if quick else READ_BYTES
        memory = torch.ones(size // 4)
        read = _least_seconds(memory.sum, repeats)
    finally:
        torch.set_num_threads(before)
    return Limits(2 * SIDE**3 / multiply, size / read)


def measure_convolutions(precision: str, quick: bool = False) -> float:
    """Return the floating-point operations a second of this machine's quickest convolution, with the default threads.

    `precision` is ``float32`` or ``bfloat16``.
    """
    kind = getattr(torch, precision)
    rates = []
    for images, channels, side in QUICK_CONVOLUTIONS if quick else CONVOLUTIONS:
        pixels = torch.rand(images, channels, side, side, dtype=kind).to(memory_format=torch.channels_last)
        kernels = torch.rand(channels, channels, 3, 3, dtype=kind).to(memory_format=torch.channels_last)
        with torch.inference_mode():
            seconds = _least_seconds(lambda: F.conv2d(pixels, kernels, padding=1), 2 if quick else 10)  # noqa: B023
        rates.append(2 * 9 * channels**2 * images * side**2 / seconds)
    return max(rates)


def training_operations(hyperparameters: Hyperparameters, n_images: int) -> int:
    """Return the multiplications and additions of so many images' training, forward and backward."""
    model = build_model(hyperparameters)
    # So few that they are learned from in this thread alone: what others compute is not counted.
    images, labels = torch.rand(COUNTED, 28, 28), torch.zeros(COUNTED, dtype=torch.long)
    with FlopCounterMode(display=False) as counter:
        model.backpropagate(images, labels)
    return int(counter.get_total_flops() * n_images // COUNTED)


def _least_seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the shortest time of `work`: what disturbs it only ever adds to it."""
    seconds = []
    for _repeat in range(repeats + 1):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)
