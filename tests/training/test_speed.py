import itertools
import time

import pytest

from mnist_demo.settings.presets import PRESETS
from mnist_demo.training.progress import is_evaluated
from mnist_demo.training.slow_motion import SlowMotion
from mnist_demo.training.speed import RISING, RISING_SECONDS, RisingSpeed, seconds_at_speed


@pytest.mark.parametrize("steps", [200, 3000, 100_000])
def test_rising_speed_begins_with_20_steps_a_second_and_ends_in_five_seconds(steps: int) -> None:
    rising = RisingSpeed(steps)
    assert rising.seconds_until(1) == pytest.approx(1 / 20, rel=0.06)
    assert rising.seconds_until(steps) == pytest.approx(RISING_SECONDS, rel=1e-3)
    assert rising.seconds_until(steps // 2) >= RISING_SECONDS / 2


def test_rising_speed_of_few_steps_stays_at_20_steps_a_second() -> None:
    assert [RisingSpeed(75).seconds_until(step) for step in (1, 75)] == pytest.approx([1 / 20, 75 / 20])


@pytest.mark.parametrize(
    ("per_epoch", "epochs"), [(600, 5), (15, 5)], ids=["a first run on MNIST", "on the built-in digits"]
)
def test_first_run_has_ten_accuracies_to_watch(per_epoch: int, epochs: int) -> None:
    total = per_epoch * epochs
    between = [step for step in range(1, total + 1) if is_evaluated(step, per_epoch, total)]
    assert 1 + len(between) + epochs >= 10  # before the first step, and after each epoch, as well
    rising = RisingSpeed(total)
    moments = [rising.seconds_until(step) for step in between]
    assert all(later - earlier > 0.2 for earlier, later in itertools.pairwise(moments))  # seconds: each is drawn


def test_accuracy_is_measured_ever_more_seldom_between_epochs() -> None:
    assert [step for step in range(1, 3001) if is_evaluated(step, 700, 3000)] == [10, 30, 100, 300, 1000, 3000]
    assert not is_evaluated(300, 300, 3000)  # the end of an epoch, after which it is measured anyway


def test_preset_of_a_single_epoch_has_a_curve_to_show() -> None:
    preset = PRESETS["convnet-in-seconds"].hyperparameters
    steps = 60_000 // preset.batch_size
    assert preset.epochs == 1
    assert [step for step in range(1, steps) if is_evaluated(step, steps, steps)] == [10, 30, 100]


@pytest.mark.parametrize(("speed", "seconds"), [(None, 0.0), (RISING, 5.0), (2.0, 1500.0)])
def test_speed_spreads_a_run_out_over_seconds(speed: float | None, seconds: float) -> None:
    assert seconds_at_speed(speed, 3000) == seconds


def test_rising_speed_waits_for_each_step_and_begins_anew_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    run = SlowMotion()
    run.steps_left = 3000
    run.set_speed(RISING)
    waits = []
    for _step in range(40):
        waits.append(run.seconds_to_wait())
        now += waits[-1]
        run.note_step()
    assert waits[0] == pytest.approx(1 / 20, rel=0.06)
    assert all(later < earlier for earlier, later in itertools.pairwise(waits))
    now += 60
    run.set_speed(run.speed)  # as the worker does when it goes on
    assert run.seconds_to_wait() == pytest.approx(waits[0], rel=0.06)
    assert not run.is_watching
