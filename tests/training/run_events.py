"""The events of a run, made comparable with those of another one."""

import dataclasses
from collections.abc import Iterable

from mnist_demo.training.events import Epoch, Evaluated, Event, Step


def without_seconds(events: Iterable[Event]) -> list[Event]:
    """Return the events with no time in them: all else of a run is the same whenever it is repeated."""
    return [_without_seconds(event) for event in events]


def _without_seconds(event: Event) -> Event:
    match event:
        case Step():
            return event._replace(seconds=0.0)
        case Epoch() | Evaluated():
            return dataclasses.replace(event, seconds=0.0)
        case _:
            return event
