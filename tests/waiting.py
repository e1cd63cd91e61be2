"""For what happens beside a test: in a thread, a process, a browser."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection

PATIENCE = 30.0


class Clock:
    """A clock that stands still unless it is put forward, or goes on by `tick` whenever somebody looks at it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.tick = 0.0

    def __call__(self) -> float:
        self.now += self.tick
        return self.now


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until `condition` holds; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


def run(coroutine: Coroutine[None, None, None]) -> None:
    """Run it in an event loop, in a thread of its own: this one may have a loop already, a browser's."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, coroutine).result()


# What processes do. Here, not beside their tests: this module is imported without torch.
def say_hello(answer: Connection) -> None:
    answer.send("hello")


def wait_for_ever(answer: Connection) -> None:
    answer.send("begun")
    threading.Event().wait()
