"""The lesson's code, compared with torch's functions and with the models of the laboratory."""

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.lesson.digits import start_model
from mnist_demo.lesson.tutorial import (
    LOOP_STEPS,
    code_of,
    loop_steps,
    naive_log_softmax,
    naive_softmax,
    predict_logits,
    source_of,
    train_by_hand,
    train_with_torch,
)
from mnist_demo.models.classifiers import ScratchLinear, build_model
from mnist_demo.models.softmax_regression import log_softmax
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.events import Step
from mnist_demo.training.loop import train

# Another memory layout changes the order of summation, and with it the last digit of a float32.
ROUNDING = 1e-5
SETTINGS = Hyperparameters(shuffle=False, epochs=2, training_size=950)


def flat(dataset: DigitDataset) -> tuple[torch.Tensor, torch.Tensor]:
    count = SETTINGS.training_size
    images = torch.from_numpy(scale_pixels(dataset.train_pixels[:count])).flatten(1)
    return images, torch.from_numpy(dataset.train_labels[:count].copy())


def laboratory_losses(hyperparameters: Hyperparameters, dataset: DigitDataset) -> list[float]:
    events = train(build_model(hyperparameters), hyperparameters, dataset)
    return [event.train_loss for event in events if isinstance(event, Step)]


def test_naive_softmax_of_moderate_logits_agrees_with_torch() -> None:
    logits = torch.randn(5, 10, generator=torch.Generator().manual_seed(1)) * 5
    torch.testing.assert_close(naive_softmax(logits), logits.softmax(dim=1))
    torch.testing.assert_close(naive_log_softmax(logits), logits.log_softmax(dim=1))


@pytest.mark.parametrize(("largest", "is_number"), [(88.7, True), (88.8, False), (200.0, False)])
def test_naive_softmax_overflows_beyond_the_logarithm_of_the_largest_float32(largest: float, is_number: bool) -> None:
    assert (largest < math.log(torch.finfo(torch.float32).max)) == is_number
    logits = torch.tensor([largest, 0.0, -5.0])
    assert bool(naive_softmax(logits).isfinite().all()) == is_number
    torch.testing.assert_close(log_softmax(logits), logits.log_softmax(dim=0))


def test_naive_log_softmax_of_an_underflowing_probability_is_minus_infinity_but_the_stable_one_is_not() -> None:
    logits = torch.tensor([60.0, -60.0])
    assert naive_log_softmax(logits).tolist() == [0.0, -math.inf]
    assert log_softmax(logits).tolist() == [0.0, -120.0]


def test_logits_of_the_lesson_are_those_of_the_model_from_scratch(builtin: DigitDataset) -> None:
    model = build_model(Hyperparameters(model="scratch-linear"))
    assert isinstance(model, ScratchLinear)
    x, _y = flat(builtin)
    torch.testing.assert_close(predict_logits(x, model.weights, model.bias), model(x))


def test_training_by_hand_has_the_losses_of_the_model_from_scratch(builtin: DigitDataset) -> None:
    hyperparameters = SETTINGS.replace(model="scratch-linear")
    model = build_model(hyperparameters)
    assert isinstance(model, ScratchLinear)
    losses = train_by_hand(
        model.weights,
        model.bias,
        *flat(builtin),
        hyperparameters.learning_rate,
        hyperparameters.batch_size,
        hyperparameters.epochs,
    )
    assert losses == pytest.approx(laboratory_losses(hyperparameters, builtin), abs=ROUNDING)
    assert len(losses) == 20  # the short last batch is not dropped


def test_training_with_torch_has_the_losses_of_the_linear_model(builtin: DigitDataset) -> None:
    hyperparameters = SETTINGS.replace(model="linear")
    model = start_model()
    losses = train_with_torch(
        model, *flat(builtin), hyperparameters.learning_rate, hyperparameters.batch_size, hyperparameters.epochs
    )
    assert losses == pytest.approx(laboratory_losses(hyperparameters, builtin), abs=ROUNDING)


def test_update_by_hand_is_the_gradient_written_out(builtin: DigitDataset) -> None:
    images, labels = (part[:100] for part in flat(builtin))
    weights, bias = torch.zeros(784, 10), torch.zeros(10)
    by_hand = (weights.clone().requires_grad_(), bias.clone().requires_grad_())
    train_by_hand(*by_hand, images, labels, learning_rate=0.5, batch_size=100, epochs=1)
    # The gradient of the cross-entropy with respect to the logits is softmax minus one-hot: an independent computation.
    error = ((images @ weights + bias).softmax(dim=1) - F.one_hot(labels, 10)) / 100
    torch.testing.assert_close(by_hand[0].detach(), weights - 0.5 * images.T @ error)
    torch.testing.assert_close(by_hand[1].detach(), bias - 0.5 * error.sum(dim=0))


@pytest.mark.parametrize("side", ["by_hand", "with_torch"])
def test_loop_steps_are_all_lines_of_the_function_that_runs(side: str) -> None:
    functions: dict[str, Callable[..., object]] = {"by_hand": train_by_hand, "with_torch": train_with_torch}
    shown = [line.strip() for step in loop_steps() for line in getattr(step, side).splitlines() if line.strip()]
    body = code_of(functions[side]).split(":\n", 1)[1]
    assert shown == [line.strip() for line in body.splitlines() if line.strip() and "#" not in line]


def test_loop_steps_have_the_same_titles_in_both_loops() -> None:
    for function in (train_by_hand, train_with_torch):
        comments = [line.strip("# ") for line in source_of(function).splitlines() if line.strip().startswith("#")]
        assert tuple(comments) == LOOP_STEPS


def test_code_without_docstrings_is_still_valid_python() -> None:
    code = code_of(naive_softmax, ScratchLinear)
    assert '"""' not in code
    compile(code, "shown", "exec")
    assert "powers = logits.exp()" in code
