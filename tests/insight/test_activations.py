"""Weights and activations, compared with the models' own outputs."""

import numpy as np
import pytest
import torch
from torch import nn

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.errors import ImageError
from mnist_demo.insight.activations import LAYER_KINDS, first_layer_weights, layer_activations
from mnist_demo.models.checkpoints import TrainedClassifier, load_checkpoint
from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.hyperparameters import Hyperparameters


def build(model: str) -> TrainedClassifier:
    hyperparameters = Hyperparameters(model=model, hidden_sizes=(20, 12))
    return TrainedClassifier(build_model(hyperparameters).eval(), hyperparameters)


@pytest.fixture(scope="module")
def image(builtin: DigitDataset) -> np.ndarray:
    return scale_pixels(builtin.test_pixels[0])


@pytest.mark.parametrize("model", ["scratch-linear", "linear", "mlp", "convnet", "wide-convnet", "deep-convnet"])
def test_the_last_layer_of_every_model_is_its_logits(model: str, image: np.ndarray) -> None:
    classifier = build(model)
    layers = layer_activations(classifier, image)
    with torch.no_grad():
        expected = classifier.model(torch.tensor(image[None]))[0].numpy()
    assert layers[-1].kind == "logits"
    assert layers[-1].maps.ravel() == pytest.approx(expected, abs=1e-4)
    assert {layer.kind for layer in layers} <= set(LAYER_KINDS)


@pytest.mark.parametrize("model", ["scratch-linear", "linear"])
def test_contributions_of_a_linear_model_and_its_bias_add_up_to_the_logits(model: str, image: np.ndarray) -> None:
    classifier = build(model)
    products, logits = layer_activations(classifier, image)
    *_, bias = classifier.model.parameters()
    sums = products.maps.sum(axis=(1, 2)) + bias.detach().numpy()
    assert sums == pytest.approx(logits.maps.ravel(), abs=1e-4)


def test_activations_of_a_network_agree_with_hooks_on_its_layers(image: np.ndarray) -> None:
    classifier = load_checkpoint("starter")
    seen: list[np.ndarray] = []
    model = classifier.model
    assert isinstance(model, nn.Module)
    hooks = [
        layer.register_forward_hook(lambda _layer, _inputs, output: seen.append(output[0].numpy()))
        for layer in model.modules()
        if isinstance(layer, nn.ReLU | nn.MaxPool2d | nn.AdaptiveMaxPool2d)
    ]
    classifier.predict_probabilities(image[None])
    for hook in hooks:
        hook.remove()
    layers = layer_activations(classifier, image)
    assert len(layers) == len(seen) + 1
    for layer, expected in zip(layers, seen, strict=False):
        assert layer.maps == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("model", ["convnet", "wide-convnet"])
def test_pooling_before_normalisation_is_shown_as_the_maximum_of_each_neighbourhood(
    model: str, image: np.ndarray
) -> None:
    classifier = build(model)
    network = classifier.model
    assert isinstance(network, nn.Module)
    # As after some training, means and variances are not 0 and 1.
    network.train()
    network(torch.rand(20, 28, 28, generator=torch.Generator().manual_seed(0)))
    network.eval()
    layers = layer_activations(classifier, image)
    pooled = [index for index, layer in enumerate(layers) if layer.kind == "pooling"]
    assert pooled
    for index in pooled:
        found = torch.from_numpy(layers[index - 1].maps)
        assert layers[index].maps == pytest.approx(nn.functional.max_pool2d(found[None], 2)[0].numpy(), abs=1e-5)
        assert layers[index].maps.min() >= 0


def test_first_layer_weights_have_an_image_for_each_digit_unit_or_filter() -> None:
    linear, mlp, convnet = (build(model) for model in ("linear", "mlp", "convnet"))
    assert first_layer_weights(linear).shape == (10, 28, 28)
    assert first_layer_weights(mlp).shape == (20, 28, 28)
    assert first_layer_weights(convnet).shape == (32, 5, 5)
    scratch = build("scratch-linear")
    weights = scratch.model.state_dict()["weights"].numpy()
    assert (first_layer_weights(scratch)[3] == weights[:, 3].reshape(28, 28)).all()


def test_weights_are_a_copy_that_training_does_not_change() -> None:
    classifier = build("linear")
    before = first_layer_weights(classifier)
    kept = before.copy()
    for parameter in classifier.model.parameters():
        parameter.data.add_(1)
    assert (before == kept).all()


def test_activations_of_an_invalid_image_raise() -> None:
    with pytest.raises(ImageError, match="28, 28"):
        layer_activations(build("linear"), np.zeros((8, 8), np.float32))
