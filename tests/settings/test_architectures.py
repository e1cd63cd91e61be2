import inspect
import subprocess
import sys

import pytest

from mnist_demo.models.classifiers import ACTIVATIONS, OF_LEARNING, Network
from mnist_demo.models.optimizers import TORCH_OPTIMIZERS
from mnist_demo.settings.architectures import ARCHITECTURES, Architecture
from mnist_demo.settings.fields import FIELDS
from tests import ROOT


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_names_a_class_that_takes_its_hyperparameters(name: str) -> None:
    architecture: Architecture = ARCHITECTURES[name]
    taken = tuple(inspect.signature(architecture.load_class()).parameters)
    assert architecture.name == name
    assert taken == tuple(argument for argument in architecture.hyperparameters if argument not in OF_LEARNING)
    assert set(architecture.hyperparameters) <= set(FIELDS)
    assert issubclass(architecture.load_class(), Network) != architecture.is_from_scratch


def test_choices_of_models_optimizers_and_activations_are_those_that_can_be_built() -> None:
    assert FIELDS["model"].choice_names == tuple(ARCHITECTURES)
    assert FIELDS["optimizer"].choice_names == tuple(TORCH_OPTIMIZERS)
    assert FIELDS["activation"].choice_names == tuple(ACTIVATIONS)
    assert {name for entry in ARCHITECTURES.values() for name in entry.optimizers} == set(TORCH_OPTIMIZERS)


def test_registry_is_read_without_torch() -> None:
    program = "import sys, mnist_demo.settings, mnist_demo.settings.links; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
