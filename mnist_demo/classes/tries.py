"""A limit on how many wrong codes of a class are tried from one place."""

import threading
import time
from collections.abc import Callable

# A code is one of 31 ** 10, some 8 × 10 ** 14: at this pace nobody finds one of a thousand classes by trying. A whole
# class behind one address mistypes less.
MAX_WRONG = 40
WINDOW_SECONDS = 600.0
MAX_PLACES = 10_000


class TryLimit:
    """Counts the wrong tries of each place, such as a network address; of one server process, for several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: dict[str, list[float]] = {}

    def may_try(self, place: str) -> bool:
        """Tell whether fewer than ``MAX_WRONG`` wrong codes came from `place` in the last ten minutes."""
        with self._lock:
            return len(self._recent(place)) < MAX_WRONG

    def note_wrong(self, place: str) -> None:
        """Count a wrong code that came from `place`."""
        with self._lock:
            recent = [*self._recent(place), self._clock()]
            self._wrong.pop(place, None)
            while len(self._wrong) >= MAX_PLACES:  # the place that was noted longest ago
                del self._wrong[next(iter(self._wrong))]
            self._wrong[place] = recent

    def _recent(self, place: str) -> list[float]:
        moment = self._clock()
        return [since for since in self._wrong.get(place, ()) if moment - since < WINDOW_SECONDS]
