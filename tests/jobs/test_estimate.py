import time

import pytest
from torch import Tensor

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import HyperparameterError
from mnist_demo.jobs import estimate as cost
from mnist_demo.jobs.estimate import (
    START_SECONDS,
    WATCHED,
    Rates,
    estimate_cost,
    measure_rates,
)
from mnist_demo.models.classifiers import Linear
from mnist_demo.settings.hyperparameters import Hyperparameters

RATES = Rates(step=0.01, evaluated_image=0.001, synthetic_digit=0.1)


def test_estimate_cost_adds_the_start_steps_evaluations_and_synthetic_digits(builtin: DigitDataset) -> None:
    hyperparameters = Hyperparameters(
        model="mlp",
        batch_size=100,
        epochs=3,
        training_size=1000,
        validation_size=40,
        synthetic_digits=30,
        non_digits=20,
    )
    # On the test images before training, at steps 5, 10, 15, 20, 25 and 30, and after three epochs of 11 steps.
    steps, evaluated = 3 * 11, 10 * 360 + 4 * 40
    expected = START_SECONDS + WATCHED * (steps * 0.01 + evaluated * 0.001 + 50 * 0.1)
    assert estimate_cost(hyperparameters, builtin, RATES) == pytest.approx(expected)


def test_estimate_cost_asking_for_more_images_than_there_are_raises(builtin: DigitDataset) -> None:
    with pytest.raises(HyperparameterError):
        estimate_cost(Hyperparameters(training_size=5000), builtin, RATES)


@pytest.mark.parametrize("model", ["scratch-linear", "mlp", "convnet"])
def test_measure_rates_of_any_kind_of_model_measures_steps_and_evaluations(model: str, builtin: DigitDataset) -> None:
    rates = measure_rates(Hyperparameters(model=model), builtin)
    assert rates.step > 0
    assert rates.evaluated_image > 0
    assert rates.synthetic_digit == 0


def test_measure_rates_takes_a_batch_larger_than_the_data_for_what_it_is(builtin: DigitDataset) -> None:
    hyperparameters = Hyperparameters(batch_size=10_000, synthetic_digits=1000, augmentation=True)
    rates = measure_rates(hyperparameters, builtin)
    assert rates.step > measure_rates(hyperparameters.replace(batch_size=10), builtin).step
    assert rates.synthetic_digit > 0


def test_measurement_on_the_processor_counts_only_while_it_computes(
    builtin: DigitDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    hyperparameters = Hyperparameters(model="linear", batch_size=10)
    for name in ("WARM_UP_SECONDS", "MEASURED_SECONDS", "EVALUATION_SECONDS"):
        monkeypatch.setattr(cost, name, 0.005)
    slept = 0.0

    def backpropagate(model: Linear, *batch: Tensor) -> tuple[Tensor, Tensor]:
        nonlocal slept
        time.sleep(0.02)
        slept += 0.02
        return original(model, *batch)

    original = Linear.backpropagate
    monkeypatch.setattr(Linear, "backpropagate", backpropagate)
    rates = cost._measured(hyperparameters, builtin, "cpu")
    # By the clock on the wall a step would be at least as long as it sleeps.
    assert slept > 0.02
    assert 0 < rates.step < 0.02
