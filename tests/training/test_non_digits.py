"""Learning from drawings that are no digit."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.data.non_digits import TESTING_KINDS, draw_non_digits
from mnist_demo.models.checkpoints import TrainedClassifier
from mnist_demo.models.classifiers import build_model
from mnist_demo.models.halves import LEAST_HALVED
from mnist_demo.models.losses import NO_LABEL
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.batches import Batches
from mnist_demo.training.events import Step
from mnist_demo.training.loop import train
from mnist_demo.training.slow_motion import SlowMotion


@pytest.mark.parametrize(("model", "expected"), [("linear", 0), ("mlp", 200)])
def test_non_digits_are_learned_without_labels_by_models_that_can(
    model: str, expected: int, builtin: DigitDataset
) -> None:
    hyperparameters = Hyperparameters(model=model, batch_size=50, training_size=10, non_digits=200)
    labels = torch.cat([labels for _images, labels in Batches(hyperparameters, builtin).epoch()])
    assert (labels != NO_LABEL).sum() == 10
    assert (labels == NO_LABEL).sum() == pytest.approx(expected, abs=20)


@pytest.mark.parametrize("model", ["mlp", "convnet"])
@pytest.mark.parametrize("count", [3, 80])  # a batch that is learned from whole, and one in halves
def test_gradient_of_images_without_a_label_is_that_of_ten_equally_right_digits(
    model: str, count: int, builtin: DigitDataset
) -> None:
    """The reference is torch's cross-entropy of probabilities instead of labels."""
    settings = Hyperparameters(model=model, label_smoothing=0.2, non_digits=1)
    images, labels = torch.from_numpy(scale_pixels(builtin.train_pixels[:count])), torch.arange(count) % 11 - 1
    is_digit, one_hot = labels[:, None] >= 0, F.one_hot(labels.clamp(min=0), 10)
    ours, reference = build_model(settings), build_model(settings)
    for each in (ours, reference):
        each.train()

    loss, wrong = ours.backpropagate(images, labels)

    halves = 2 if model == "convnet" and count >= LEAST_HALVED else 1
    logits = torch.cat([reference(half) for half in images.chunk(halves)])
    F.cross_entropy(logits, torch.where(is_digit, 0.8 * one_hot + 0.02, 0.1)).backward()
    for one, other in zip(ours.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, atol=1e-5, rtol=1e-3)
    assert loss.item() == pytest.approx(F.cross_entropy(logits, torch.where(is_digit, one_hot, 0.1)).item(), rel=1e-4)
    assert int(wrong) == int(((logits.argmax(dim=1) != labels) & (labels >= 0)).sum())


def test_model_that_has_learned_non_digits_is_less_sure_of_unseen_kinds(builtin: DigitDataset) -> None:
    hyperparameters = Hyperparameters(model="convnet", optimizer="adamw", learning_rate=0.01, epochs=4)
    others = np.concatenate(list(draw_non_digits(TESTING_KINDS, 5, seed=9).values()))
    sure = []
    for count in (0, 1000):
        settings = hyperparameters.replace(non_digits=count)
        model = build_model(settings)
        list(train(model, settings, builtin))
        sure.append(TrainedClassifier(model, settings).predict_probabilities(others).max(axis=1).mean())
    assert sure[1] < sure[0] - 0.15


def test_slow_motion_shows_only_images_that_have_a_label(builtin: DigitDataset) -> None:
    settings = Hyperparameters(model="mlp", batch_size=40, epochs=1, training_size=60, non_digits=200)
    motion, shown = SlowMotion(), 0
    for event in train(build_model(settings), settings, builtin, slow_motion=motion):
        if isinstance(event, Step):
            detail = motion.take_detail()
            assert detail is None or (detail.labels != NO_LABEL).all()
            shown += detail is not None and len(detail.images) == len(detail.labels) == len(detail.losses) > 0
        motion.watch_next_step()
    assert shown
