"""The digits and the small trained model that the lesson shows, prepared once per data set."""

import functools
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.lesson.loss_slice import LossSlice, slice_downhill
from mnist_demo.lesson.tutorial import LinearModel, same_weights, train_by_hand, train_with_torch
from mnist_demo.models.classifiers import build_model
from mnist_demo.models.softmax_regression import log_softmax
from mnist_demo.settings.hyperparameters import Hyperparameters

TRAINING_IMAGES, TEST_IMAGES, SLICE_IMAGES = 5000, 1000, 500
BATCH_SIZE, LEARNING_RATE, SEED = 100, 0.5, 0
# Learned by heart: so few digits, and the epochs after which the losses are noted, each 1.15 times the one before.
FEW_IMAGES, MANY_EPOCHS, GROWTH = 100, 1000, 1.15


@dataclass(frozen=True)
class Outcome:
    """The metrics of a short training: the loss of every step, and loss and accuracy (a fraction) on test images."""

    losses: list[float]
    test_loss: float
    test_accuracy: float


@dataclass(frozen=True)
class Overfitting:
    """Losses after each of `epochs` on the few digits that are learned and on test digits; accuracies at the end."""

    epochs: list[int]
    train_losses: list[float]
    test_losses: list[float]
    train_accuracy: float
    test_accuracy: float


@dataclass(frozen=True, eq=False)
class LessonDigits:
    """The first images of a data set, flattened, x float32 (n, 784) in [0, 1] and y int64 (n,), and a model of them.

    A short training by hand from `start_weights` and `start_bias` results in `weights` (784, 10) and `bias` (10,);
    `trained` holds its metrics.
    """

    x: Tensor
    y: Tensor
    test_x: Tensor
    test_y: Tensor
    start_weights: Tensor
    start_bias: Tensor
    weights: Tensor
    bias: Tensor
    trained: Outcome

    @property
    def epochs(self) -> int:
        return epochs_of(len(self.x))

    @functools.cached_property
    def test_logits(self) -> Tensor:
        """The trained model's logits for the test images, (n_test, 10)."""
        return self.test_x @ self.weights + self.bias

    @functools.cached_property
    def well_read(self) -> list[int]:
        """Indices of the most confidently and correctly classified test digits, one per class if there is one."""
        probabilities = log_softmax(self.test_logits).exp()
        most_confident = [int((probabilities[:, digit] * (self.test_y == digit)).argmax()) for digit in range(10)]
        return [index for digit, index in enumerate(most_confident) if self.test_logits[index].argmax() == digit]

    @functools.cached_property
    def trained_unscaled(self) -> Outcome:
        """The metrics of the same training with pixels from 0 to 255."""
        weights, bias = self.trainable_start()
        return _train(weights, bias, (self.x * 255, self.y), (self.test_x * 255, self.test_y))

    @functools.cached_property
    def both_loops(self) -> tuple[list[float], list[float]]:
        """The losses of every step, first of the loop by hand and then of the loop with torch, from equal weights."""
        model = start_model()
        weights, bias = same_weights(model)
        by_hand = train_by_hand(weights, bias, self.x, self.y, LEARNING_RATE, BATCH_SIZE, self.epochs)
        return by_hand, train_with_torch(model, self.x, self.y, LEARNING_RATE, BATCH_SIZE, self.epochs)

    @functools.cached_property
    def nearest(self) -> Tensor:
        """For each test digit, the index of the training digit whose pixels are nearest to its own, (n_test,)."""
        return torch.cdist(self.test_x, self.x).argmin(dim=1)

    @functools.cached_property
    def memory_accuracy(self) -> float:
        """How many test digits have the label of their nearest training digit, a fraction."""
        return float((self.y[self.nearest] == self.test_y).float().mean())

    @functools.cached_property
    def from_scratch(self) -> tuple[float, float]:
        """Of the model from scratch before training: the test loss, and how many times as large its weights are."""
        model = build_model(Hyperparameters(model="scratch-linear", seed=SEED))
        weights, _bias = model.parameters()
        loss = F.cross_entropy(model(self.test_x).detach(), self.test_y)
        return float(loss), float(weights.detach().std() / self.start_weights.std())

    @functools.cached_property
    def start_test_loss(self) -> float:
        """The test loss of the initial weights."""
        return float(F.cross_entropy(self.test_x @ self.start_weights + self.start_bias, self.test_y))

    @functools.cached_property
    def overfitting(self) -> Overfitting:
        """What happens when the first few digits are learned again and again; takes about a second."""
        return _learn_by_heart(self)

    @functools.cached_property
    def downhill(self) -> LossSlice:
        """The slice of the loss that starts at the initial weights, in the direction of steepest descent."""
        return slice_downhill(self.start_weights, self.start_bias, self.x[:SLICE_IMAGES], self.y[:SLICE_IMAGES])

    def trainable_start(self) -> tuple[Tensor, Tensor]:
        """Return new copies of the initial weights and bias that require gradients."""
        return self.start_weights.clone().requires_grad_(), self.start_bias.clone().requires_grad_()


def start_model() -> LinearModel:
    """Return the linear model with the initial weights of every training in the lesson.

    The state of torch's global random generator is not changed.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        return LinearModel()


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """Return the fraction of `logits` (n, 10) whose largest value is at the index in `labels` (n,)."""
    return float((logits.argmax(dim=1) == labels).float().mean())


def epochs_of(n_images: int) -> int:
    """Return the epochs of a short training: more for a small data set, for about the same number of steps."""
    return max(1, TRAINING_IMAGES // n_images)


def prepare_lesson(dataset: DigitDataset) -> LessonDigits:
    """Train a linear model on the first digits of `dataset`, and return both; takes a tenth of a second."""
    x, test_x = (
        torch.from_numpy(scale_pixels(pixels[:count])).flatten(1)
        for pixels, count in ((dataset.train_pixels, TRAINING_IMAGES), (dataset.test_pixels, TEST_IMAGES))
    )
    y = torch.tensor(dataset.train_labels[:TRAINING_IMAGES])
    test_y = torch.tensor(dataset.test_labels[:TEST_IMAGES])
    start_weights, start_bias = (start.detach() for start in same_weights(start_model()))
    weights, bias = same_weights(start_model())
    trained = _train(weights, bias, (x, y), (test_x, test_y))
    return LessonDigits(x, y, test_x, test_y, start_weights, start_bias, weights.detach(), bias.detach(), trained)


def _learn_by_heart(digits: LessonDigits) -> Overfitting:
    weights, bias = digits.trainable_start()
    x, y = digits.x[:FEW_IMAGES], digits.y[:FEW_IMAGES]
    noted: list[tuple[int, float, float]] = []
    epoch = 0
    while epoch < MANY_EPOCHS:
        until = min(MANY_EPOCHS, max(epoch + 1, round(epoch * GROWTH)))
        train_by_hand(weights, bias, x, y, LEARNING_RATE, BATCH_SIZE, until - epoch)
        epoch = until
        with torch.no_grad():
            logits, test_logits = x @ weights + bias, digits.test_x @ weights + bias
        test_loss = F.cross_entropy(test_logits, digits.test_y)
        noted.append((epoch, float(F.cross_entropy(logits, y)), float(test_loss)))
    epochs, train_losses, test_losses = map(list, zip(*noted, strict=True))
    return Overfitting(epochs, train_losses, test_losses, accuracy(logits, y), accuracy(test_logits, digits.test_y))


def _train(weights: Tensor, bias: Tensor, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> Outcome:
    losses = train_by_hand(weights, bias, *train, LEARNING_RATE, BATCH_SIZE, epochs_of(len(train[1])))
    logits = (test[0] @ weights + bias).detach()
    return Outcome(losses, float(F.cross_entropy(logits, test[1])), accuracy(logits, test[1]))
