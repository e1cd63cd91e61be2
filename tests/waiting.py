"""For what happens beside a test: in a thread, a process, a browser."""

import time
from collections.abc import Callable

PATIENCE = 30.0


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until `condition` holds; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)
