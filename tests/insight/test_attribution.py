import time

import numpy as np
import numpy.typing as npt
import pytest
import torch

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.errors import ImageError
from mnist_demo.insight.attribution import contributions
from mnist_demo.models.checkpoints import TrainedClassifier, load_checkpoint
from mnist_demo.models.classifiers import Linear, ScratchLinear, build_model
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.loop import train


def trained(model: str, dataset: DigitDataset) -> TrainedClassifier:
    hyperparameters = Hyperparameters(
        model=model, learning_rate=0.1, epochs=1, training_size=300, dropout=0.0 if "linear" in model else 0.2
    )
    classifier = build_model(hyperparameters)
    list(train(classifier, hyperparameters, dataset))
    classifier.eval()
    return TrainedClassifier(classifier, hyperparameters)


@pytest.fixture(scope="module")
def images(builtin: DigitDataset) -> npt.NDArray[np.float32]:
    return scale_pixels(builtin.test_pixels[:6])


@torch.no_grad()
def relative_logits(classifier: TrainedClassifier, image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    logits = classifier.model(torch.tensor(image[None])).numpy()[0]
    return np.asarray(logits - logits.mean())


@pytest.mark.parametrize("model", ["linear", "scratch-linear"])
def test_contributions_of_a_linear_model_are_weight_less_mean_weight_times_input(
    model: str, builtin: DigitDataset, images: npt.NDArray[np.float32]
) -> None:
    classifier = trained(model, builtin)
    assert isinstance(classifier.model, Linear | ScratchLinear)
    state = {name: tensor.numpy() for name, tensor in classifier.model.state_dict().items()}
    weights = state["weights"].T if model == "scratch-linear" else state["layers.1.weight"]  # (10, 784)
    bias = state["bias"] if model == "scratch-linear" else state["layers.1.bias"]
    for digit in (0, 7):
        parts = contributions(classifier, images[0], digit)
        expected = (weights[digit] - weights.mean(axis=0)).reshape(28, 28) * images[0]
        assert parts == pytest.approx(expected, abs=1e-6)
        total = parts.sum(dtype=np.float64) + bias[digit] - bias.mean()
        assert total == pytest.approx(relative_logits(classifier, images[0])[digit], abs=1e-4)


@pytest.mark.parametrize("model", FIELDS["model"].choice_names)
def test_contributions_add_up_to_the_difference_from_a_blank_image(
    model: str, builtin: DigitDataset, images: npt.NDArray[np.float32]
) -> None:
    classifier = trained(model, builtin)
    for image in images:
        expected = relative_logits(classifier, image) - relative_logits(classifier, np.zeros_like(image))
        for digit in range(10):
            parts = contributions(classifier, image, digit)
            assert parts.shape == (28, 28)
            assert parts.dtype == np.float32
            assert parts.sum() == pytest.approx(expected[digit], rel=0.02, abs=0.001)


def test_contributions_of_a_convnet_agree_with_an_integral_of_a_thousand_steps(
    images: npt.NDArray[np.float32],
) -> None:
    classifier = load_checkpoint("starter")
    image = images[1]
    parts = contributions(classifier, image, 3)
    gradients = []
    for batch in torch.linspace(0, 1, 1001)[1:].split(100):
        way = (torch.tensor(image) * batch.view(-1, 1, 1)).requires_grad_()
        logits = classifier.model(way)
        gradients.append(torch.autograd.grad((logits[:, 3] - logits.mean(dim=1)).sum(), way)[0])
    reference = (torch.cat(gradients).mean(dim=0) * torch.tensor(image)).numpy()
    assert np.abs(parts - reference).sum() < 0.1 * np.abs(reference).sum()
    assert np.corrcoef(parts.ravel(), reference.ravel())[0, 1] > 0.99


def test_contributions_to_all_digits_cancel_out(builtin: DigitDataset, images: npt.NDArray[np.float32]) -> None:
    classifier = trained("linear", builtin)
    total = sum(contributions(classifier, images[0], digit) for digit in range(10))
    assert np.abs(total).max() < 1e-5


def test_contributions_of_a_blank_image_are_zero(images: npt.NDArray[np.float32]) -> None:
    parts = contributions(load_checkpoint("starter"), np.zeros((28, 28), np.float32), 3)
    assert not parts.any()
    assert not contributions(load_checkpoint("starter"), images[0], 3)[images[0] == 0].any()


def test_contributions_do_not_change_the_model_or_its_gradients(images: npt.NDArray[np.float32]) -> None:
    classifier = load_checkpoint("starter")
    before = {name: tensor.clone() for name, tensor in classifier.model.state_dict().items()}
    with torch.no_grad():  # as a page may call it
        contributions(classifier, images[0], 5)
    assert all(torch.equal(tensor, before[name]) for name, tensor in classifier.model.state_dict().items())
    assert all(parameter.grad is None for parameter in classifier.model.parameters())


def test_contributions_of_a_diverged_model_are_zero(images: npt.NDArray[np.float32]) -> None:
    hyperparameters = Hyperparameters(model="mlp")
    model = build_model(hyperparameters)
    model.load_state_dict({name: tensor * torch.nan for name, tensor in model.state_dict().items()})
    model.eval()
    assert not contributions(TrainedClassifier(model, hyperparameters), images[0], 5).any()


def test_contributions_of_an_image_of_another_shape_raise(images: npt.NDArray[np.float32]) -> None:
    with pytest.raises(ImageError, match="shape"):
        contributions(load_checkpoint("starter"), images[0, :20], 5)


def test_contributions_take_less_than_a_tenth_of_a_second(images: npt.NDArray[np.float32]) -> None:
    classifier = load_checkpoint("starter")
    seconds = []
    for _number in range(10):
        began = time.perf_counter()
        contributions(classifier, images[0], 5)
        seconds.append(time.perf_counter() - began)
    assert min(seconds) < 0.1  # 15 to 30 ms on an idle machine
