"""train(): one generator of events for every model; evaluate(): loss and accuracy on images that are not trained on.

The caller drives the generator: while it does not ask for the next event, nothing happens. Pause, single step and stop
are therefore the caller's, and need nothing here.
"""

import math
import time
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from mnist_demo.augmentation import augment, vary_pen
from mnist_demo.datasets import DigitDataset
from mnist_demo.events import Diverged, Epoch, Event, Started, Step
from mnist_demo.hyperparameters import Hyperparameters
from mnist_demo.models import Classifier, Optimizer, build_optimizer, count_parameters

if TYPE_CHECKING:
    from mnist_demo.corrections import ExtraImages
    from mnist_demo.slow_motion import SlowMotion

EVALUATION_BATCH = 1000


def train(
    model: Classifier,
    chosen: Hyperparameters,
    dataset: DigitDataset,
    extra: "ExtraImages | None" = None,
    slow_motion: "SlowMotion | None" = None,
) -> Iterator[Event]:
    """Train `model`, whose weights change with every step, and yield what happens as it happens.

    The same model weights, settings, data and thread count give the same events, number for number, but for
    ``seconds``. Randomness comes from generators of its own and, for dropout, from torch's global one, which is seeded
    here. `extra` images are mixed into every batch and count in its figures. `slow_motion` may look at a step, which
    changes nothing.

    Yields
    ------
    Event
        `Started`; then per epoch a `Step` for every batch (the short last one too) and an `Epoch`; or, as soon as the
        loss is not finite, `Diverged` as the last one.

    Raises
    ------
    HyperparameterError
        Before the first event, when the dataset has not as many images as are asked for.
    """
    n_training, n_validation = chosen.split_sizes(len(dataset.train_labels))
    pixels, labels = _tensor(dataset.train_pixels), torch.from_numpy(dataset.train_labels)
    held_out = (pixels[len(pixels) - n_validation :], labels[len(labels) - n_validation :])
    pixels, labels = pixels[:n_training], labels[:n_training]
    # The built-in digits are not added to themselves: copies of held-out ones would be among them.
    copies = chosen.builtin_copies if dataset.name != "builtin" else 0
    if chosen.synthetic_digits or copies:
        pixels, labels = _with_more_digits(pixels, labels, chosen, copies)
        n_training = len(labels)
    test = (_tensor(dataset.test_pixels), torch.from_numpy(dataset.test_labels))

    torch.manual_seed(chosen.seed)
    order = torch.Generator().manual_seed(chosen.seed)
    variation = torch.Generator().manual_seed(chosen.seed)
    optimizer = build_optimizer(model, chosen)
    steps_per_epoch = math.ceil(n_training / chosen.batch_size)
    total_steps = steps_per_epoch * chosen.epochs
    schedule = _one_cycle(optimizer, chosen, total_steps)
    mix_in = _mixing(extra, chosen)

    yield Started(
        steps_per_epoch,
        total_steps,
        n_training,
        count_parameters(model),
        *evaluate(model, *test),
        *_evaluate_held_out(model, *held_out),
    )
    step, seconds = 0, 0.0
    for epoch in range(1, chosen.epochs + 1):
        model.train()
        loss_sum, correct_sum, n_seen = 0.0, 0, 0
        for batch in _batches(n_training, chosen, order):
            began = time.perf_counter()
            step += 1
            images, batch_labels = pixels[batch].float().div_(255), labels[batch]
            if chosen.pen_variation:
                images = vary_pen(images, variation)
            if chosen.augmentation:
                images = augment(images, variation)
            images, batch_labels = mix_in(images, batch_labels)
            learning_rate = float(optimizer.param_groups[0]["lr"])
            if slow_motion is not None and slow_motion.is_watching:
                began += slow_motion.before_step(model, images, batch_labels)
            optimizer.zero_grad()
            logits = model(images)
            loss = model.loss(logits, batch_labels)
            loss.backward()
            train_loss = loss.item()
            if not math.isfinite(train_loss):
                yield Diverged(step, epoch, learning_rate, chosen.optimizer)
                return
            optimizer.step()
            schedule()
            correct = int((logits.argmax(dim=1) == batch_labels).sum())
            loss_sum += train_loss * len(images)
            correct_sum += correct
            n_seen += len(images)
            seconds += time.perf_counter() - began
            if slow_motion is not None:
                slow_motion.after_step(model, step, epoch, learning_rate)
            yield Step(step, epoch, train_loss, correct / len(images), learning_rate, len(images), seconds)
        test_loss, test_accuracy = evaluate(model, *test)
        # The last update may have broken the weights without a training loss that shows it.
        if not math.isfinite(test_loss):
            yield Diverged(step, epoch, learning_rate, chosen.optimizer)
            return
        yield Epoch(
            epoch,
            step,
            loss_sum / n_seen,
            correct_sum / n_seen,
            test_loss,
            test_accuracy,
            *_evaluate_held_out(model, *held_out),
            seconds,
        )


@torch.no_grad()
def evaluate(model: Classifier, pixels: Tensor, labels: Tensor) -> tuple[float, float]:
    """Return the mean loss and the accuracy (a fraction) on uint8 `pixels` (n, 28, 28); every image counts the same.

    The model is left in evaluation mode.
    """
    model.eval()
    loss_sum, correct = 0.0, 0
    for batch_pixels, batch_labels in zip(pixels.split(EVALUATION_BATCH), labels.split(EVALUATION_BATCH), strict=True):
        logits = model(batch_pixels.float().div_(255))
        loss_sum += model.loss(logits, batch_labels).item() * len(batch_labels)
        correct += int((logits.argmax(dim=1) == batch_labels).sum())
    return loss_sum / len(labels), correct / len(labels)


def evaluate_on_test(model: Classifier, dataset: DigitDataset) -> tuple[float, float]:
    """Return the mean loss and the accuracy (a fraction) of `model` on the test images of `dataset`."""
    return evaluate(model, _tensor(dataset.test_pixels), torch.from_numpy(dataset.test_labels))


def _evaluate_held_out(model: Classifier, pixels: Tensor, labels: Tensor) -> tuple[float | None, float | None]:
    return evaluate(model, pixels, labels) if len(labels) else (None, None)


def _with_more_digits(
    pixels: Tensor, labels: Tensor, chosen: Hyperparameters, builtin_copies: int
) -> tuple[Tensor, Tensor]:
    """Return `pixels` and `labels` with synthetic digits and copies of the built-in training digits after them."""
    # These import SciPy, Pillow and scikit-learn, which most runs do without.
    from mnist_demo.builtin_digits import load_builtin_digits
    from mnist_demo.synthetic_digits import draw_digits

    more = [draw_digits(chosen.synthetic_digits, chosen.seed)]
    if builtin_copies:
        builtin_pixels, _test_pixels, builtin_labels, _test_labels = load_builtin_digits()
        more += [(builtin_pixels, builtin_labels.astype(np.int64))] * builtin_copies
    all_pixels, all_labels = zip(*more, strict=True)
    return torch.cat([pixels, *map(_tensor, all_pixels)]), torch.cat([labels, *map(torch.from_numpy, all_labels)])


def _batches(n_images: int, chosen: Hyperparameters, order: torch.Generator) -> Iterator[Tensor | slice]:
    if chosen.shuffle:
        yield from torch.randperm(n_images, generator=order).split(chosen.batch_size)
    else:
        for begin in range(0, n_images, chosen.batch_size):
            yield slice(begin, min(begin + chosen.batch_size, n_images))


def _mixing(extra: "ExtraImages | None", chosen: Hyperparameters) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Return a function that adds extra images to a batch, as many as make up their share of it, or none."""
    if extra is None:
        return lambda images, labels: (images, labels)
    ratio = extra.share / (1 - extra.share)
    extra_images, extra_labels = torch.tensor(extra.images), torch.tensor(extra.labels)
    # Generators of its own: without extra images everything stays as it was.
    variation = torch.Generator().manual_seed(chosen.seed)

    def mix_in(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        drawn = torch.randint(len(extra_labels), (math.ceil(len(images) * ratio),), generator=variation)
        changed = augment(extra_images[drawn], variation)
        return torch.cat([images, changed]), torch.cat([labels, extra_labels[drawn]])

    return mix_in


def _one_cycle(optimizer: Optimizer, chosen: Hyperparameters, total_steps: int) -> Callable[[], None]:
    """Return a function to call after every step: it moves the learning rate, or does nothing."""
    if not chosen.one_cycle or not isinstance(optimizer, torch.optim.Optimizer):
        return lambda: None
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, chosen.learning_rate, total_steps=total_steps + 1, cycle_momentum=False
    )
    return schedule.step


def _tensor(pixels: np.ndarray) -> Tensor:
    with warnings.catch_warnings():
        # A read-only memory map is what is wanted: nothing here writes to pixels.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(pixels)
