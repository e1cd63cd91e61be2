import doctest
from array import array
from itertools import pairwise
from typing import Any

import pytest

from mnist_demo.training import history as history_module
from mnist_demo.training.events import Epoch, Event, Started, Step, Stopped
from mnist_demo.training.history import History, Point


def step_number(step: int) -> Step:
    return Step(step, 1, float(step), step / 10_000, 0.5, 100, step * 0.01)


def grown(steps: int, total: int = 1000) -> History:
    history = History()
    history.append(Started(100, total, 10_000, 7850, 2.3, 0.1, None, None))
    for step in range(1, steps + 1):
        history.append(step_number(step))
    return history


def test_history_example_in_its_docstring_is_true() -> None:
    failed, tried = doctest.testmod(history_module)
    assert tried > 0
    assert failed == 0


def test_thinned_steps_of_a_short_run_are_the_steps_themselves() -> None:
    thinned = grown(30).thinned_steps(400)
    assert thinned.bucket == 1
    assert thinned.step == list(range(1, 31))
    assert thinned.train_loss == [float(step) for step in range(1, 31)]


@pytest.mark.parametrize("steps", [400, 401, 999, 5000])
def test_thinned_steps_are_at_most_the_limit_and_means_of_all_steps(steps: int) -> None:
    thinned = grown(steps).thinned_steps(400)
    assert 200 <= len(thinned.step) <= 400
    assert thinned.step[-1] == steps
    assert thinned.train_loss[0] == pytest.approx(sum(range(1, thinned.bucket + 1)) / thinned.bucket)
    last = range(len(thinned.step) * thinned.bucket - thinned.bucket + 1, steps + 1)
    assert thinned.train_loss[-1] == pytest.approx(sum(last) / len(last))


def test_thinned_steps_stay_where_they_are_while_new_ones_come() -> None:
    before, after = grown(900).thinned_steps(400), grown(1000).thinned_steps(400)
    complete = len(before.step) - 1
    assert after.train_loss[:complete] == before.train_loss[:complete]


def test_thinned_steps_asked_for_again_and_again_are_those_asked_for_once() -> None:
    often = History()
    for count in (*range(1, 60), 64, 65, 200, 1000, 1001, 1999):
        while often.step_count < count:
            often.append(step_number(often.step_count + 1))
        for limit in (10, 16):
            thinned, at_once = often.thinned_steps(limit), grown(count).thinned_steps(limit)
            assert (thinned.bucket, thinned.step) == (at_once.bucket, at_once.step)
            assert thinned.train_loss == pytest.approx(at_once.train_loss, rel=1e-12)
            assert thinned.train_accuracy == pytest.approx(at_once.train_accuracy, rel=1e-12)


def test_thinned_steps_of_a_long_run_read_only_what_is_new() -> None:
    class CountingArray(array):  # type: ignore[type-arg]
        read = 0

        def __getitem__(self, place: Any) -> Any:
            found = super().__getitem__(place)
            CountingArray.read += len(found) if isinstance(place, slice) else 1
            return found

    history = grown(100_000)
    history.steps["train_loss"] = CountingArray("d", history.steps["train_loss"])
    bucket = history.thinned_steps(400).bucket
    CountingArray.read = 0
    history.append(step_number(100_001))
    history.thinned_steps(400)
    assert 0 < CountingArray.read <= bucket + 1


def test_measured_points_are_those_before_training_after_each_epoch_and_at_the_stop() -> None:
    history = grown(250)
    for epoch in (1, 2):
        history.append(Epoch(epoch, 100 * epoch, 0.4, 0.9, 0.3 / epoch, 0.91, 0.5, 0.8, float(epoch)))
    history.append(Stopped(250, 0.2, 0.93))
    assert history.measured_points("test_loss") == [
        Point(0, 0, 0, 2.3),
        Point(100, 1, 1.0, 0.3),
        Point(200, 2, 2.0, 0.15),
        Point(250, 2.5, 2.5, 0.2),
    ]
    assert [point.value for point in history.measured_points("validation_accuracy")] == [0.8, 0.8]
    assert [point.epoch for point in history.measured_points("train_loss")] == [1, 2]


@pytest.mark.parametrize("epochs", [1, 39, 40, 41, 79, 80, 500])
def test_measured_points_of_many_epochs_are_thinned_evenly_from_the_first_to_the_newest(epochs: int) -> None:
    history = grown(0)
    for epoch in range(1, epochs + 1):
        history.append(Epoch(epoch, 100 * epoch, 0.4, 0.9, 0.3, 0.91, None, None, float(epoch)))
    points = history.measured_points("test_loss", limit=40)
    places = [point.epoch for point in points]
    assert min(epochs + 1, 20) <= len(points) <= 40
    assert (places[0], places[-1]) == (0, epochs)
    gaps = {after - before for before, after in pairwise(places[1:])}
    assert len(gaps) <= 1
    assert places[1] <= max(gaps, default=epochs)


def test_measured_points_before_anything_is_measured_are_none() -> None:
    assert History().measured_points("test_loss") == []
    assert History().step_points("train_loss", 10) == []


def test_step_points_are_the_thinned_steps_with_their_epochs_and_seconds() -> None:
    history = grown(999)
    thinned, points = history.thinned_steps(400), history.step_points("train_accuracy", 400)
    assert [(point.step, point.value) for point in points] == list(
        zip(thinned.step, thinned.train_accuracy, strict=True)
    )
    assert (points[-1].step, points[-1].epoch) == (999, 9.99)
    assert points[-1].seconds == pytest.approx(9.99)


def test_pace_and_time_left_follow_from_the_last_steps() -> None:
    history = grown(500)
    assert history.images_per_second == pytest.approx(100 / 0.01)
    assert history.seconds_left == pytest.approx(10 * 10_000 / 10_000 - 500 * 100 / 10_000)
    assert history.progress == 0.5


def test_empty_history_has_no_metrics() -> None:
    history = History()
    assert history.images_per_second is None
    assert history.seconds_left is None
    assert history.test_accuracy is None
    assert history.progress == 0
    assert history.thinned_steps(10).step == []


def test_test_accuracy_is_that_of_the_untrained_model_until_an_epoch_has_ended() -> None:
    history = grown(100)
    assert history.test_accuracy == 0.1
    history.append(Epoch(1, 100, 0.4, 0.9, 0.3, 0.91, None, None, 1.0))
    assert history.test_accuracy == 0.91


def test_history_in_parts_is_the_same_as_event_by_event() -> None:
    events: list[Event] = [
        Started(2, 4, 200, 7850, 2.3, 0.1, None, None),
        step_number(1),
        step_number(2),
        Epoch(1, 2, 0.4, 0.9, 0.3, 0.91, None, None, 0.02),
        step_number(3),
        Stopped(3, 0.2, 0.93),
    ]
    one_by_one, in_parts = History(), History()
    for event in events:
        one_by_one.append(event)
    for part in (events[:1], events[1:2], [], events[2:5], events[5:]):
        in_parts.extend(History.of(part))
    assert vars(in_parts) == vars(one_by_one)
    assert in_parts.step_count == 3
