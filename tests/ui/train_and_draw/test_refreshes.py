"""The pause until the page draws a run again."""

from types import SimpleNamespace
from typing import Any

import pytest

from mnist_demo.training.events import Started, Step
from mnist_demo.training.history import History
from mnist_demo.training.speed import RISING
from mnist_demo.ui.train_and_draw.refreshes import seconds_between_refreshes


def running(trained: float, total: float, **changes: Any) -> Any:
    """A run of `total` seconds, one step a second, of which `trained` are done."""
    history = History()
    history.append(Started(1, round(total), 100, 7850, 2.3, 0.1, None, None))
    for step in range(1, round(trained) + 1):
        history.append(Step(step, 1, 1.0, 0.5, 0.1, 100, float(step)))
    return SimpleNamespace(**{"history": history, "state": "running", "speed": None, **changes})


@pytest.mark.parametrize(
    ("trained", "total", "pause"),
    [
        (0, 60, 0.5),
        (0, 1000, 0.5),
        (3, 60, 1.0),
        (3, 70, 2.0),
        (3, 1000, 2.0),
        (20, 60, 2.0),
        (20, 120, 2.0),
        (20, 170, 3.0),
        (20, 1000, 4.0),
    ],
)
def test_page_draws_a_run_less_often_the_longer_it_has_lasted_and_will_last(
    trained: float, total: float, pause: float
) -> None:
    assert seconds_between_refreshes(running(trained, total)) == pause


def test_page_draws_a_run_again_when_it_will_have_ended() -> None:
    assert seconds_between_refreshes(running(999, 1000)) == pytest.approx(1.0)


def test_page_waits_no_longer_for_a_long_run_in_slow_motion() -> None:
    assert seconds_between_refreshes(running(20, 1000, speed=2.0)) == 2.0


def test_page_draws_a_run_that_is_there_to_be_watched_as_often_as_it_is_measured() -> None:
    runs = [running(trained, 4, speed=RISING) for trained in (0, 1, 3)]
    assert [seconds_between_refreshes(run) for run in runs] == [0.12, 0.12, 0.12]


def test_pages_of_a_class_that_watches_thirty_runs_draw_them_less_often() -> None:
    watched = running(0, 4, speed=RISING)
    assert [seconds_between_refreshes(watched, many) for many in (1, 5, 30)] == [0.12, 0.2, 1.2]


def test_page_draws_a_watched_run_that_computes_for_long_as_seldom_as_others() -> None:
    assert seconds_between_refreshes(running(3, 60, speed=RISING)) == 1.0


def test_page_draws_a_paused_run_that_is_there_to_be_watched_no_sooner_than_others() -> None:
    assert seconds_between_refreshes(running(1, 60, speed=RISING, state="paused")) == 0.5


def test_page_asks_seldom_whether_a_run_that_waits_has_its_turn() -> None:
    assert seconds_between_refreshes(running(0, 60, state="queued")) == 2.0
