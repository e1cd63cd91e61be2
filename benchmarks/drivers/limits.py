"""The machine's own limits: how fast it multiplies matrices and reads memory, and what the tutorial costs at least."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

SIDE = 1024  # of the matrices multiplied, 4 MB each
READ_BYTES = 2**28  # far more than any cache holds
N_PIXELS, N_CLASSES = 784, 10


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
        memory = torch.ones(READ_BYTES // 4)
        read = _least_seconds(memory.sum, repeats)
    finally:
        torch.set_num_threads(before)
    return Limits(2 * SIDE**3 / multiply, READ_BYTES / read)


def _least_seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the shortest time of `work`: what disturbs it only ever adds to it."""
    seconds = []
    for _repeat in range(repeats + 1):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)
