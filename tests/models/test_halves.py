import copy

import pytest
import torch
import torch.nn.functional as F

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.models.classifiers import ConvolutionalNetwork, build_model
from mnist_demo.models.halves import LEAST_HALVED
from mnist_demo.second_thread import SECOND_THREAD
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.loop import train
from tests.training.run_events import without_seconds


def network(**settings: object) -> ConvolutionalNetwork:
    model = build_model(Hyperparameters(model="convnet", optimizer="adamw", **settings))  # type: ignore[arg-type]
    assert isinstance(model, ConvolutionalNetwork)
    return model


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_batch_is_learned_from_as_two_that_are_normalised_apart(smoothing: float) -> None:
    model = network(label_smoothing=smoothing)
    reference = copy.deepcopy(model)
    images, labels = torch.rand(LEAST_HALVED + 7, 28, 28), torch.arange(LEAST_HALVED + 7) % 10

    loss, wrong = model.backpropagate(images, labels)

    expected_loss, expected_wrong = 0.0, 0
    for half, right in zip(images.chunk(2), labels.chunk(2), strict=True):
        logits = reference(half)
        share = len(right) / len(labels)
        (F.cross_entropy(logits, right, label_smoothing=smoothing) * share).backward()
        expected_loss += F.cross_entropy(logits, right).item() * share
        expected_wrong += int((logits.argmax(dim=1) != right).sum())
    assert loss.item() == pytest.approx(expected_loss, rel=1e-6)
    assert int(wrong) == expected_wrong
    for ours, theirs in zip(model.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad)
    for noted, expected in zip(model.buffers(), reference.buffers(), strict=True):
        torch.testing.assert_close(noted, expected)


def test_small_batch_is_learned_from_as_a_whole() -> None:
    model = network()
    reference = copy.deepcopy(model)
    images, labels = torch.rand(LEAST_HALVED - 1, 28, 28), torch.arange(LEAST_HALVED - 1) % 10

    model.backpropagate(images, labels)

    reference.loss(reference(images), labels).backward()
    for ours, theirs in zip(model.parameters(), reference.parameters(), strict=True):
        assert ours.grad is not None
        assert torch.equal(ours.grad, theirs.grad)  # type: ignore[arg-type]


@pytest.mark.parametrize(("dropout", "precision"), [(0.0, "float32"), (0.3, "float32"), (0.0, "bfloat16")])
def test_numbers_do_not_depend_on_whether_there_is_a_second_core(
    dropout: float, precision: str, builtin: DigitDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    hyperparameters = Hyperparameters(
        model="convnet",
        optimizer="adamw",
        learning_rate=0.01,
        dropout=dropout,
        precision=precision,
        batch_size=100,
        training_size=300,
        epochs=2,
    )
    histories = []
    for may_compute in (False, True):
        monkeypatch.setattr(SECOND_THREAD, "may_compute", may_compute)
        monkeypatch.setattr(SECOND_THREAD, "_alone_until", 0.0)
        histories.append(without_seconds(list(train(build_model(hyperparameters), hyperparameters, builtin))))
    assert histories[0] == histories[1]


@pytest.mark.parametrize("size", [LEAST_HALVED - 1, 2 * LEAST_HALVED])
def test_bfloat16_rounds_what_is_learned_and_leaves_everything_else_exact(size: int) -> None:
    exact, rounded = network(), network(precision="bfloat16")
    images, labels = torch.rand(size, 28, 28), torch.arange(size) % 10

    losses = [model.backpropagate(images, labels)[0] for model in (exact, rounded)]

    assert losses[0] != losses[1]
    # Eight bits of a number are about two and a half digits.
    assert losses[1].item() == pytest.approx(losses[0].item(), rel=0.02)
    for ours, theirs in zip(rounded.parameters(), exact.parameters(), strict=True):
        assert ours.dtype == ours.grad.dtype == torch.float32  # type: ignore[union-attr]
        assert F.cosine_similarity(ours.grad.flatten(), theirs.grad.flatten(), dim=0) > 0.9  # type: ignore[union-attr]
    for model in (exact, rounded):
        model.load_state_dict(network().state_dict())
        model.eval()
    assert torch.equal(exact(images), rounded(images))
