"""A clock that is set by hand, and a registry that goes by it."""

from collections.abc import Iterator

import pytest

from mnist_demo.jobs.registry import JobRegistry
from tests.waiting import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def one_core(clock: Clock) -> Iterator[JobRegistry]:
    registry = JobRegistry(slots=1, clock=clock)
    yield registry
    registry.close()
