"""Visitors who did something are answered before pages that only refresh, and after those who did before them."""

import threading
from contextlib import AbstractContextManager

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

from mnist_demo.ui import keys
from mnist_demo.ui.server import turns as module
from mnist_demo.ui.server.turns import Turns, is_refresh
from tests.waiting import wait_until


class Part:
    """A part of the page, drawn by a thread in two halves; between them it gives way to others.

    `drawn` has what all of them have drawn, in that order.
    """

    def __init__(self, name: str, turn: AbstractContextManager[None], turns: Turns, drawn: list[str]) -> None:
        self.may_end = threading.Event()
        self._thread = threading.Thread(target=self._draw, args=(name, turn, turns, drawn), daemon=True)
        self._thread.start()

    def _draw(self, name: str, turn: AbstractContextManager[None], turns: Turns, drawn: list[str]) -> None:
        with turn:
            drawn.append(f"{name} begins")
            self.may_end.wait(20)
            turns.give_way()
            drawn.append(f"{name} ends")

    def end(self) -> None:
        self.may_end.set()
        self._thread.join(20)


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_PATIENCE", 20.0)
    monkeypatch.setattr(module, "REFRESH_PATIENCE", 20.0)


@pytest.fixture
def turns() -> Turns:
    return Turns()


@pytest.mark.usefixtures("_patient")
def test_refresh_that_has_begun_goes_on_when_somebody_has_been_answered(turns: Turns) -> None:
    drawn: list[str] = []
    refresh = Part("refresh", turns.refresh(), turns, drawn)
    wait_until(lambda: drawn == ["refresh begins"])

    stroke = Part("stroke", turns.answer(), turns, drawn)
    wait_until(lambda: len(drawn) == 2)
    refresh.may_end.set()
    stroke.end()
    refresh.end()

    assert drawn == ["refresh begins", "stroke begins", "stroke ends", "refresh ends"]


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("kind", ["refresh", "answer"])
def test_pages_refresh_and_visitors_are_answered_one_after_another(kind: str, turns: Turns) -> None:
    drawn: list[str] = []
    first = Part("first", getattr(turns, kind)(), turns, drawn)
    wait_until(lambda: drawn == ["first begins"])
    second = Part("second", getattr(turns, kind)(), turns, drawn)
    second.may_end.set()
    first.end()
    second.end()

    assert drawn == ["first begins", "first ends", "second begins", "second ends"]


def test_neither_waits_for_long(turns: Turns) -> None:
    drawn: list[str] = []
    slow = Part("slow", turns.answer(), turns, drawn)
    wait_until(lambda: drawn == ["slow begins"])

    for name, turn in (("stroke", turns.answer()), ("refresh", turns.refresh()), ("another", turns.refresh())):
        Part(name, turn, turns, drawn).end()
    slow.end()

    others = [f"{name} {verb}" for name in ("stroke", "refresh", "another") for verb in ("begins", "ends")]
    assert drawn == ["slow begins", *others, "slow ends"]


def test_what_a_pulse_asks_for_is_a_refresh_and_a_stroke_is_not() -> None:
    states = WidgetStates()
    states.widgets.add(id="$$ID-0123-canvas", json_value="{}")
    assert not is_refresh(RerunData(widget_states=states))
    assert is_refresh(RerunData(widget_states=states, is_auto_rerun=True))

    # As a browser writes it.
    states.widgets.add(id=f"$$STREAMLIT_INTERNAL_KEY_$$ID-4567-{keys.LIVE_PULSE}__events", json_trigger_value="[]")
    assert is_refresh(RerunData(widget_states=states))
    assert not is_refresh(RerunData())
