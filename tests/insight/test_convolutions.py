"""The numbers of convolutions, compared with torch's own convolution and with the maps that pages show."""

import numpy as np
import pytest
import torch
from torch import nn

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.insight.activations import layer_activations
from mnist_demo.insight.convolutions import convolutions_of
from mnist_demo.models.checkpoints import TrainedClassifier
from mnist_demo.models.classifiers import Network, build_model
from mnist_demo.settings.hyperparameters import Hyperparameters


def build(model: str) -> TrainedClassifier:
    hyperparameters = Hyperparameters(model=model)
    return TrainedClassifier(build_model(hyperparameters).eval(), hyperparameters)


@pytest.mark.parametrize("model", ["convnet", "wide-convnet", "deep-convnet"])
def test_every_number_of_every_map_is_the_sum_of_patch_times_filter(model: str, builtin: DigitDataset) -> None:
    classifier, image = build(model), scale_pixels(builtin.test_pixels[0])
    network = classifier.model
    assert isinstance(network, Network)
    outputs: list[np.ndarray] = []
    hooks = [
        layer.register_forward_hook(lambda _layer, _inputs, output: outputs.append(output[0].numpy()))
        for layer in network.modules()
        if isinstance(layer, nn.Conv2d)
    ]
    with torch.no_grad():
        network(torch.tensor(image[None]))
    for hook in hooks:
        hook.remove()
    found = convolutions_of(classifier, image)
    shown = [layer.maps for layer in layer_activations(classifier, image) if layer.kind == "convolution"]
    assert len(found) == len(outputs) == len(shown)
    for convolution, output, maps in zip(found, outputs, shown, strict=True):
        n, height, width = output.shape
        sums = np.array(
            [
                [[convolution.products(number, row, column).sum() for column in range(width)] for row in range(height)]
                for number in (0, n - 1)
            ]
        )
        assert sums == pytest.approx(output[[0, n - 1]], abs=1e-4)
        assert convolution.sums == pytest.approx(output)
        assert convolution.answers == pytest.approx(maps, abs=1e-5)


def test_models_without_convolutions_have_none(builtin: DigitDataset) -> None:
    image = scale_pixels(builtin.test_pixels[0])
    assert [convolutions_of(build(model), image) for model in ("linear", "mlp")] == [[], []]
