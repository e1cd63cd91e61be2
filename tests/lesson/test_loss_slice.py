"""The slice of the loss, compared with the whole model at the same weights."""

import pytest
import torch
import torch.nn.functional as F
from sklearn.neighbors import KNeighborsClassifier

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.lesson.digits import LessonDigits, prepare_lesson
from mnist_demo.lesson.parts import judge_overfitting
from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.loop import evaluate


@pytest.fixture(scope="module")
def digits(builtin: DigitDataset) -> LessonDigits:
    return prepare_lesson(builtin)


def moved(digits: LessonDigits, place: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return weights and bias after a move of length `place` down the gradient, computed here independently."""
    line = digits.downhill
    x, y = digits.x[: len(line.labels)], line.labels
    error = ((x @ digits.start_weights + digits.start_bias).softmax(dim=1) - F.one_hot(y, 10)) / len(y)
    by_weights, by_bias = x.T @ error, error.sum(dim=0)
    length = torch.cat([by_weights.flatten(), by_bias]).norm()
    return digits.start_weights - place * by_weights / length, digits.start_bias - place * by_bias / length


@pytest.mark.parametrize("place", [-1.0, 0.0, 0.4, 1.7, 7.0, 60.0])
def test_slice_is_the_exact_loss_of_the_model_with_the_weights_at_that_place(
    digits: LessonDigits, place: float
) -> None:
    line = digits.downhill
    weights, bias = moved(digits, place)
    true = F.cross_entropy(digits.x[: len(line.labels)] @ weights + bias, line.labels)
    torch.testing.assert_close(line.losses(torch.tensor([place]))[0], true, rtol=1e-4, atol=1e-5)


def test_slope_agrees_with_finite_differences_and_is_steepest_at_the_start(digits: LessonDigits) -> None:
    line = digits.downhill
    for place in (0.0, 0.8, 3.0):
        ahead, behind = line.losses(torch.tensor([place + 0.01, place - 0.01])).tolist()
        assert line.slope(place) == pytest.approx((ahead - behind) / 0.02, abs=2e-3)
    assert line.slope(0.0) < 0


def test_first_step_of_the_slice_is_a_step_of_gradient_descent_with_all_weights(digits: LessonDigits) -> None:
    line = digits.downhill
    x, y = digits.x[: len(line.labels)], line.labels
    weights, bias = digits.trainable_start()
    F.cross_entropy(x @ weights + bias, y).backward()
    assert weights.grad is not None
    assert bias.grad is not None
    after = F.cross_entropy(x @ (weights - 0.5 * weights.grad) + bias - 0.5 * bias.grad, y)
    assert line.descend(0.5, 1)[1][1] == pytest.approx(after.item(), rel=1e-4)


def test_descent_falls_at_every_step_with_a_good_rate_and_overshoots_with_a_large_one(digits: LessonDigits) -> None:
    losses = [loss for _place, loss in digits.downhill.descend(0.5, 8)]
    assert losses == sorted(losses, reverse=True)
    assert max(loss for _place, loss in digits.downhill.descend(50, 8)) > 5 * losses[0]


def test_prepared_model_has_the_metrics_that_the_laboratory_would_report(
    digits: LessonDigits, builtin: DigitDataset
) -> None:
    model = build_model(Hyperparameters(model="linear"))
    with torch.no_grad():
        weight, bias = model.parameters()
        weight.copy_(digits.weights.T)
        bias.copy_(digits.bias)
    pixels, labels = torch.tensor(builtin.test_pixels), torch.tensor(builtin.test_labels)
    loss, accuracy = evaluate(model, pixels, labels)
    assert digits.trained.test_loss == pytest.approx(loss, rel=1e-4)
    assert digits.trained.test_accuracy == pytest.approx(accuracy)


def test_training_without_scaling_has_a_huge_loss_and_still_learns(digits: LessonDigits) -> None:
    assert max(digits.trained_unscaled.losses) > 1000 * max(digits.trained.losses)
    assert digits.trained_unscaled.test_accuracy > 0.5


def test_both_loops_from_the_same_weights_agree_up_to_rounding(digits: LessonDigits) -> None:
    by_hand, with_torch = digits.both_loops
    assert by_hand == pytest.approx(with_torch, abs=1e-4)
    assert by_hand == digits.trained.losses


def test_well_read_digits_are_correctly_classified(digits: LessonDigits) -> None:
    assert digits.well_read
    assert all(digits.test_logits[index].argmax() == digits.test_y[index] for index in digits.well_read)


def test_program_that_knows_digits_by_heart_is_the_nearest_neighbour_of_scikit_learn(digits: LessonDigits) -> None:
    neighbour = KNeighborsClassifier(1).fit(digits.x.numpy(), digits.y.numpy())
    assert digits.memory_accuracy == pytest.approx(neighbour.score(digits.test_x.numpy(), digits.test_y.numpy()))


def test_digits_learned_again_and_again_are_known_by_heart_and_the_test_loss_rises_meanwhile(
    digits: LessonDigits,
) -> None:
    run = digits.overfitting
    assert run.epochs == sorted(set(run.epochs))
    assert run.epochs[-1] == 1000
    assert run.train_losses[-1] == min(run.train_losses) < 0.01
    assert run.train_accuracy == 1
    assert run.test_accuracy < digits.trained.test_accuracy
    assert judge_overfitting(run.test_losses) == "rises"


def test_model_from_scratch_begins_far_worse_because_its_weights_are_far_larger(digits: LessonDigits) -> None:
    loss, times = digits.from_scratch
    assert times == pytest.approx(28 * 3**0.5, rel=0.05)  # normal of deviation 1, against uniform within 1 / 28
    assert loss > 5 * digits.start_test_loss
    assert digits.start_test_loss == pytest.approx(2.3, abs=0.1)
