"""Estimates for all visitors of a server: asked for again and again, measured beside them, and remembered."""

import time
from collections.abc import Callable

import pytest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import JobError
from mnist_demo.jobs import estimator as cost
from mnist_demo.jobs.estimate import START_SECONDS, WATCHED, Rates
from mnist_demo.jobs.estimator import MEASUREMENTS, WANTED_SECONDS, CostEstimate, CostEstimator
from mnist_demo.settings.hyperparameters import Hyperparameters
from tests.waiting import Clock, wait_until

RATES = Rates(step=0.01, evaluated_image=0.001, synthetic_digit=0.1)


def test_estimator_answers_at_once_and_knows_later(builtin: DigitDataset) -> None:
    estimator, hyperparameters = CostEstimator(), Hyperparameters()
    assert estimator.ask(hyperparameters, builtin, may_measure=False) == CostEstimate(None, is_coming=False)
    assert estimator.ask(hyperparameters, builtin) == CostEstimate(None, is_coming=True)
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
    monkeypatch.setattr(cost, "measure_rates", lambda *_asked: Rates(next(asked), 0.0, 0.0))
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
        cost, "measure_rates", lambda _settings, _dataset, device, _is_wanted: Rates(steps[device], 0.0, 0.0, 3.0)
    )
    estimator, hyperparameters = CostEstimator(), Hyperparameters(epochs=1, training_size=100)
    deadline = time.monotonic() + 30
    for device, step in steps.items():
        while (estimate := estimator.ask(hyperparameters, builtin, device=device)).is_coming:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        # What the first steps took is counted once, and not made longer by being watched.
        assert estimate.seconds == pytest.approx(START_SECONDS + 3.0 + WATCHED * step)


def test_measurement_that_fails_is_tried_again_after_a_while(builtin: DigitDataset) -> None:
    answers: list[Rates | OSError] = [OSError("no more processes"), RATES]

    def measure(*_asked: object) -> Rates:
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


def test_estimator_remembers_the_settings_that_were_measured_last(
    builtin: DigitDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost, "MAX_REMEMBERED", 2)
    estimator = CostEstimator(measure=lambda *_asked: RATES)
    settings = [Hyperparameters(batch_size=size) for size in (10, 20, 30)]
    for asked in settings:
        assert estimator.ask(asked, builtin, may_measure=False).seconds is None
    assert not estimator._measured
    for asked in settings:
        wait_until(lambda asked=asked: not estimator.ask(asked, builtin).is_coming)  # type: ignore[misc]
    known = [estimator.ask(asked, builtin, may_measure=False).seconds is not None for asked in settings]
    assert known == [False, True, True]


def test_measurement_ends_when_nobody_asks_for_it_any_more_and_is_made_for_the_next_who_does(
    builtin: DigitDataset,
) -> None:
    clock, ended = Clock(), list[str]()

    def measure(
        _settings: Hyperparameters, _dataset: DigitDataset, _device: str, is_wanted: Callable[[], bool]
    ) -> Rates:
        if ended:
            return RATES
        wait_until(lambda: not is_wanted())
        ended.append("the first")
        raise JobError("Nobody is waiting for this any more.")

    estimator, hers = CostEstimator(measure=measure, clock=clock), Hyperparameters()
    assert estimator.ask(hers, builtin).is_coming
    clock.now += WANTED_SECONDS - 1
    assert estimator.ask(hers, builtin).is_coming
    clock.now += WANTED_SECONDS - 1
    # Of other settings nobody makes it last.
    assert estimator.ask(hers.replace(batch_size=20), builtin).is_coming
    assert not ended
    clock.now += 1
    wait_until(lambda: bool(ended))
    wait_until(lambda: estimator.ask(hers, builtin).seconds is not None)
