import time

import pytest
from torch import Tensor

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import HyperparameterError
from mnist_demo.jobs import estimate as cost
from mnist_demo.jobs.estimate import (
    MEASUREMENTS,
    START_SECONDS,
    WATCHED,
    CostEstimator,
    Rates,
    estimate_cost,
    measure_rates,
)
from mnist_demo.models.classifiers import Linear
from mnist_demo.settings.hyperparameters import Hyperparameters
from tests.waiting import Clock, wait_until

RATES = Rates(step=0.01, evaluated_image=0.001, synthetic_digit=0.1)


def test_estimate_cost_adds_the_start_steps_evaluations_and_synthetic_digits(builtin: DigitDataset) -> None:
    hyperparameters = Hyperparameters(
        batch_size=100, epochs=3, training_size=1000, validation_size=40, synthetic_digits=50
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


def test_estimator_answers_at_once_and_knows_later(builtin: DigitDataset) -> None:
    estimator, hyperparameters = CostEstimator(), Hyperparameters()
    assert estimator.ask(hyperparameters, builtin, may_measure=False) == cost.CostEstimate(None, is_coming=False)
    assert estimator.ask(hyperparameters, builtin) == cost.CostEstimate(None, is_coming=True)
    deadline = time.monotonic() + 30
    while (estimate := estimator.ask(hyperparameters, builtin)).seconds is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    # It is measured again, while somebody asks.
    while (estimate := estimator.ask(hyperparameters, builtin)).is_coming:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert estimate.seconds is not None
    # What does not change the pace is not measured again.
    longer = estimator.ask(hyperparameters.replace(epochs=10, seed=4, learning_rate=0.1), builtin, may_measure=False)
    assert longer.seconds is not None
    assert longer.seconds > estimate.seconds


def test_estimate_counts_the_steps_that_several_measurements_saw_in_a_second(
    builtin: DigitDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [0.01 * number for number in range(1, 20)]
    asked = iter(steps)
    monkeypatch.setattr(cost, "measure_rates", lambda hyperparameters, dataset, device: Rates(next(asked), 0.0, 0.0))
    estimator, hyperparameters = CostEstimator(), Hyperparameters(epochs=1, training_size=100)
    deadline = time.monotonic() + 30
    while estimator.ask(hyperparameters, builtin).is_coming:
        assert time.monotonic() < deadline
    measured = steps[:MEASUREMENTS]
    mean_pace = sum(1 / step for step in measured) / MEASUREMENTS
    assert estimator.ask(hyperparameters, builtin).seconds == pytest.approx(START_SECONDS + WATCHED / mean_pace)
    assert next(asked) == steps[MEASUREMENTS]


def test_estimate_is_of_the_device_that_is_asked_about(builtin: DigitDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = {"cpu": 0.5, "cuda": 0.01}
    monkeypatch.setattr(
        cost, "measure_rates", lambda hyperparameters, dataset, device: Rates(steps[device], 0.0, 0.0, 3.0)
    )
    estimator, hyperparameters = CostEstimator(), Hyperparameters(epochs=1, training_size=100)
    deadline = time.monotonic() + 30
    for device, step in steps.items():
        while (estimate := estimator.ask(hyperparameters, builtin, device=device)).is_coming:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        # What the first steps took is counted once, and not made longer by being watched.
        assert estimate.seconds == pytest.approx(START_SECONDS + 3.0 + WATCHED * step)


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


def test_measurement_that_fails_is_tried_again_after_a_while(builtin: DigitDataset) -> None:
    answers: list[Rates | OSError] = [OSError("no more processes"), RATES]

    def measure(hyperparameters: Hyperparameters, dataset: DigitDataset, device: str) -> Rates:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, OSError):
            raise answer
        return answer

    clock = Clock()
    estimator = CostEstimator(measure=measure, clock=clock)
    wait_until(lambda: not estimator.ask(Hyperparameters(), builtin).is_coming)
    assert estimator.ask(Hyperparameters(), builtin).seconds is None

    clock.now += cost.RETRY_SECONDS
    wait_until(lambda: estimator.ask(Hyperparameters(), builtin).seconds is not None)
