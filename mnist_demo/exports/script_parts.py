"""Functions that an exported script has and the project has not: written to be read there, as short as can be."""

import gzip
import hashlib
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mnist_demo.exports.script_settings import BATCH_SIZES, DIGEST, PRECISION
from mnist_demo.models.halves import LEAST_HALVED
from mnist_demo.models.losses import cross_entropy
from mnist_demo.models.precision import computing_in
from mnist_demo.training.loop import EVALUATION_BATCH


def download_mnist() -> list[np.ndarray]:
    """Return train and test pixels, uint8 (n, 28, 28), then their labels, from OpenML; about a minute, once."""
    from sklearn.datasets import fetch_openml

    pixels, labels = fetch_openml("mnist_784", version=1, return_X_y=True, as_frame=False)
    pixels, labels = pixels.astype(np.uint8).reshape(-1, 28, 28), labels.astype(np.uint8)
    return [pixels[:60_000], pixels[60_000:], labels[:60_000], labels[60_000:]]


def read_folder(folder: str) -> list[np.ndarray]:
    """Return the same from the four files in which MNIST was published, gzipped or not."""
    names = ("train-images-idx3-ubyte", "t10k-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte")
    return [read_idx(Path(folder, name)) for name in names]


def read_idx(path: Path) -> np.ndarray:
    """Return the numbers of an IDX file: after two zeros and the type come the number of axes, their lengths, bytes."""
    content = path.read_bytes() if path.exists() else gzip.decompress(Path(f"{path}.gz").read_bytes())
    shape = np.frombuffer(content, ">i4", count=content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * len(shape)).reshape(shape).copy()


def check_digits(pixels: np.ndarray) -> None:
    """Say so when these are not the training images of the run: then the metrics are others too."""
    header = np.array([2051, *pixels.shape], ">i4").tobytes()
    if hashlib.sha256(header + pixels.tobytes()).hexdigest() != DIGEST:
        print("Attention: these are not the digits that the run learned from.")


def sizes_of_batches(step: int, images: int) -> list[int]:
    """Return how many of `images` each batch of an epoch has that begins after `step` steps."""
    sizes: list[int] = []
    while images:
        size = min(images, BATCH_SIZES[max(begin for begin in BATCH_SIZES if begin <= step + len(sizes))])
        sizes.append(size)
        images -= size
    return sizes


def learn_halves(model: Any, images: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    """Add up the gradients of both halves of a batch, each of which the network normalises by itself.

    Return the loss of each image.

    `smoothing` is the share of every label that all digits get alike in what is learned. A small batch is not halved.
    """
    losses = []
    halves = 2 if len(labels) >= LEAST_HALVED else 1
    for half, right in zip(images.chunk(halves), labels.chunk(halves), strict=True):
        share = len(right) / len(labels)
        with computing_in(PRECISION, "cpu"):
            logits = model(half)
        logits = logits.float()
        losses.append(cross_entropy(logits.detach(), right, reduction="none"))
        (cross_entropy(logits, right, smoothing) * share).backward()
    return torch.cat(losses)


@torch.no_grad()
def evaluate(model: Any, pixels: Tensor, labels: Tensor) -> tuple[float, float]:
    """Return the mean loss and the accuracy on images that are not trained on; every image counts the same."""
    model.eval()
    loss_sum, correct = 0.0, 0
    for batch in torch.arange(len(labels)).split(EVALUATION_BATCH):
        logits = model(pixels[batch].float() / 255)
        loss_sum += model.loss(logits, labels[batch]).item() * len(batch)
        correct += int((logits.argmax(dim=1) == labels[batch]).sum())
    return loss_sum / len(labels), correct / len(labels)


def format_row(*cells: str | int | float) -> str:
    """Return a line of the table: losses and accuracies (fractions) with four decimals."""
    texts = (f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in cells)
    # A letter that is wide, as in Korean, takes two columns.
    return "".join(text.rjust(15 - [*map(unicodedata.east_asian_width, text)].count("W")) for text in texts)
