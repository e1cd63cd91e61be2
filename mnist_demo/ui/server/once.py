"""Things that a server makes once, for all visitors, and must not lose.

Not Streamlit's cache: that is cleared by one message of any browser, and with it went the runs of everybody.
"""

import functools
import threading
from collections.abc import Callable
from typing import TypeVar

Made = TypeVar("Made")
_made: dict[Callable[[], object], object] = {}


def once(make: Callable[[], Made]) -> Callable[[], Made]:
    """Return a function that calls `make` when it is first called, and returns the same ever after.

    However many threads ask at the same time, it is made once. What raises is tried again the next time.
    """
    lock = threading.RLock()

    @functools.wraps(make)
    def get() -> Made:
        if make not in _made:
            with lock:
                if make not in _made:
                    _made[make] = make()
        made: Made = _made[make]  # type: ignore[assignment]
        return made

    return get


def forget_all() -> None:
    """Forget all that was made, as a server that is started anew; for tests."""
    _made.clear()
