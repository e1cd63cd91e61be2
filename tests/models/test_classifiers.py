import math
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mnist_demo.models.classifiers import (
    ScratchLinear,
    build_model,
    count_parameters,
)
from mnist_demo.models.optimizers import ManualSGD, build_optimizer, lean_calls
from mnist_demo.models.softmax_regression import log_softmax, negative_log_likelihood
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters

MODEL_NAMES = FIELDS["model"].choice_names


def random_batch(n: int = 7, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n, 28, 28, generator=generator), torch.randint(0, 10, (n,), generator=generator)


def test_log_softmax_agrees_with_torch() -> None:
    logits = torch.randn(5, 10) * 10
    torch.testing.assert_close(log_softmax(logits), F.log_softmax(logits, dim=-1))


def test_log_softmax_of_huge_logits_is_finite_where_the_bare_definition_is_not() -> None:
    logits = torch.tensor([[1000.0, 0.0, -1000.0]])
    assert not (logits.exp() / logits.exp().sum()).log().isfinite().all()
    assert log_softmax(logits).tolist() == [[0.0, -1000.0, -2000.0]]


def test_negative_log_likelihood_costs_what_the_definition_says() -> None:
    probabilities = torch.tensor([[0.95, 0.05], [0.95, 0.05]])
    loss = negative_log_likelihood(probabilities.log(), torch.tensor([0, 1]))
    assert loss.item() == pytest.approx((-math.log(0.95) - math.log(0.05)) / 2, rel=1e-6)


def test_scratch_gradients_by_autograd_equal_the_closed_form() -> None:
    images, labels = random_batch()
    model = ScratchLinear()
    model.loss(model(images), labels).backward()
    # ∂L/∂z = (softmax(z) − onehot) / n, and z = xW + b
    error = (F.softmax(model(images), dim=1) - F.one_hot(labels, 10)).detach() / len(images)
    torch.testing.assert_close(model.weights.grad, images.flatten(1).T @ error)
    torch.testing.assert_close(model.bias.grad, error.sum(dim=0))


def test_manual_sgd_moves_like_torch_sgd() -> None:
    by_hand, by_torch = (nn.Parameter(torch.arange(6.0)) for _ in range(2))
    manual: ManualSGD = ManualSGD([by_hand], 0.1)
    reference = torch.optim.SGD([by_torch], 0.1)
    for optimizer, parameter in ((manual, by_hand), (reference, by_torch)):
        for _ in range(3):
            optimizer.zero_grad()
            (parameter**2).sum().backward()
            optimizer.step()
    torch.testing.assert_close(by_hand, by_torch)


def test_scratch_weights_come_from_a_standard_normal() -> None:
    model = build_model(Hyperparameters(model="scratch-linear"))
    weights = model.state_dict()["weights"]
    assert weights.shape == (784, 10)
    assert abs(weights.mean().item()) < 0.05
    assert weights.std().item() == pytest.approx(1, abs=0.05)
    assert model.state_dict()["bias"].shape == (10,)


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_every_model_maps_images_to_ten_logits(name: str) -> None:
    images, _labels = random_batch(3)
    assert build_model(Hyperparameters(model=name))(images).shape == (3, 10)


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_build_model_with_the_same_seed_gives_the_same_weights_and_another_seed_others(name: str) -> None:
    def weights(seed: int) -> Tensor:
        parameters: Iterable[Tensor] = build_model(Hyperparameters(model=name, seed=seed)).parameters()
        return torch.cat([parameter.detach().flatten() for parameter in parameters])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_build_model_leaves_the_global_random_generator_as_it_was() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    build_model(Hyperparameters(model="convnet", seed=9))
    assert torch.rand(1) == expected


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_every_model_restores_from_its_state(name: str) -> None:
    images, _labels = random_batch()
    trained, other = (build_model(Hyperparameters(model=name, seed=seed)) for seed in (0, 1))
    other.load_state_dict(trained.state_dict())
    trained.eval(), other.eval()
    assert torch.equal(trained(images), other(images))


def test_linear_models_have_the_7850_numbers_of_the_tutorial() -> None:
    assert {count_parameters(build_model(Hyperparameters(model=name))) for name in ("linear", "scratch-linear")} == {
        7850
    }


@pytest.mark.parametrize("name", ["convnet", "wide-convnet", "deep-convnet"])
def test_convolutional_models_fit_into_400_kilobytes(name: str) -> None:
    assert count_parameters(build_model(Hyperparameters(model=name))) * 4 < 400_000


def test_mlp_hidden_sizes_decide_its_layers() -> None:
    shapes = [tuple(w.shape) for w in build_model(Hyperparameters(model="mlp", hidden_sizes=(32, 16))).parameters()]
    assert shapes == [(32, 784), (32,), (16, 32), (16,), (10, 16), (10,)]


@pytest.mark.parametrize(
    ("activation", "function"),
    [("relu", F.relu), ("tanh", torch.tanh), ("gelu", F.gelu), ("none", lambda sums: sums)],
)
def test_mlp_applies_its_activation_to_every_hidden_layer(activation: str, function: Any) -> None:
    model = build_model(Hyperparameters(model="mlp", hidden_sizes=(32, 16), activation=activation))
    images = torch.rand(5, 28, 28)
    values = images.flatten(1)
    numbers = list(model.parameters())
    for weight, bias in zip(numbers[:-2:2], numbers[1:-2:2], strict=True):
        values = function(values @ weight.T + bias)
    torch.testing.assert_close(model(images), values @ numbers[-2].T + numbers[-1])


def test_mlp_without_activation_is_one_linear_map_and_with_any_other_it_is_none() -> None:
    first, second = torch.rand(2, 5, 28, 28)
    for activation in FIELDS["activation"].choice_names:
        model = build_model(Hyperparameters(model="mlp", hidden_sizes=(64, 32), activation=activation))
        middle = (model(first) + model(second)) / 2
        is_linear = torch.allclose(model((first + second) / 2), middle, atol=1e-5)
        assert is_linear == (activation == "none")


@pytest.mark.parametrize("optimizer", FIELDS["optimizer"].choice_names)
def test_build_optimizer_passes_learning_rate_and_weight_decay(optimizer: str) -> None:
    hyperparameters = Hyperparameters(optimizer=optimizer, learning_rate=0.02, weight_decay=0.003)
    group = build_optimizer(build_model(hyperparameters).parameters(), hyperparameters).param_groups[0]
    assert group["lr"] == 0.02
    assert group["weight_decay"] == 0.003


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_backpropagate_of_any_model_adds_the_gradient_that_autograd_finds(model: str) -> None:
    hyperparameters = Hyperparameters(model=model)
    classifier, reference = build_model(hyperparameters), build_model(hyperparameters)
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(7, 28, 28, generator=generator)
    labels = torch.tensor([3, 1, 4, 1, 5, 9, 2])
    for times in (1, 2):  # backward() adds to what is there already
        loss, wrong = classifier.backpropagate(images, labels)
        logits = reference(images)
        expected = F.cross_entropy(logits, labels)
        expected.backward()
        assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
        assert wrong.item() == (logits.argmax(dim=1) != labels).sum()
        for parameter, other in zip(classifier.parameters(), reference.parameters(), strict=True):
            assert parameter.grad is not None
            torch.testing.assert_close(parameter.grad, other.grad, rtol=1e-3, atol=1e-6 * times)


@pytest.mark.parametrize("model", ["mlp", "convnet"])
def test_smoothed_labels_change_what_a_network_learns_and_not_the_loss_that_it_reports(model: str) -> None:
    classifier, reference = (build_model(Hyperparameters(model=model, label_smoothing=share)) for share in (0.2, 0.0))
    images, labels = torch.rand(7, 28, 28), torch.tensor([3, 1, 4, 1, 5, 9, 2])

    loss, _wrong = classifier.backpropagate(images, labels)

    logits = reference(images)
    assert loss.item() == pytest.approx(F.cross_entropy(logits, labels).item(), rel=1e-5)
    # From the definition: cross-entropy against 80 % of the label, and 2 % of it for each of the ten digits.
    shares = 0.8 * F.one_hot(labels, 10) + 0.02
    (-(shares * logits.log_softmax(dim=1)).sum(dim=1).mean()).backward()
    for parameter, other in zip(classifier.parameters(), reference.parameters(), strict=True):
        assert parameter.grad is not None
        torch.testing.assert_close(parameter.grad, other.grad, rtol=1e-3, atol=1e-6)


def test_backpropagate_of_the_linear_model_agrees_with_finite_differences() -> None:
    classifier = build_model(Hyperparameters())
    assert isinstance(classifier, torch.nn.Module)
    classifier.double()
    images, labels = torch.rand(5, 28, 28, dtype=torch.float64), torch.tensor([0, 1, 2, 3, 9])
    classifier.backpropagate(images, labels)
    weight = next(classifier.parameters())
    assert weight.grad is not None
    for row, column in ((0, 300), (3, 5), (9, 700)):
        losses = []
        for change in (1e-5, -2e-5):
            with torch.no_grad():
                weight[row, column] += change
                losses.append(classifier.loss(classifier(images), labels).item())
        with torch.no_grad():
            weight[row, column] += 1e-5
        assert weight.grad[row, column].item() == pytest.approx((losses[0] - losses[1]) / 2e-5, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("optimizer", FIELDS["optimizer"].choice_names)
def test_lean_calls_do_what_the_optimizer_does(optimizer: str) -> None:
    hyperparameters = Hyperparameters(optimizer=optimizer, weight_decay=0.01, learning_rate=0.1)
    lean, plain = build_model(hyperparameters), build_model(hyperparameters)
    zero_grad, step = lean_calls(build_optimizer(lean.parameters(), hyperparameters))
    reference = build_optimizer(plain.parameters(), hyperparameters)
    images, labels = torch.rand(20, 28, 28), torch.arange(20) % 10
    for _step in range(3):
        zero_grad()
        reference.zero_grad()
        lean.backpropagate(images, labels)
        plain.backpropagate(images, labels)
        step()
        reference.step()
    for parameter, other in zip(lean.parameters(), plain.parameters(), strict=True):
        assert torch.equal(parameter, other)


def test_no_optimizer_loads_torchs_compiler() -> None:
    # It takes as long to load as all else that a run needs.
    program = """
import sys
from mnist_demo.data.loading import load_dataset
from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.loop import train
for optimizer, one_cycle in (("sgd", False), ("momentum", False), ("adam", False), ("adamw", True)):
    settings = Hyperparameters(optimizer=optimizer, one_cycle=one_cycle, epochs=1, training_size=50, batch_size=25)
    training = train(build_model(settings), settings, load_dataset("builtin"))
    list(training)
    state = training.state()
    settings = settings.replace(epochs=2)
    list(train(build_model(settings), settings, load_dataset("builtin"), resume_from=state))
print("torch._dynamo" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("False\n", "")
