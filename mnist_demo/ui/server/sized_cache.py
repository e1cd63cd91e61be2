"""A cache of things that differ in size, bounded by the bytes of all of them."""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Kept = TypeVar("Kept")


class SizedCache(Generic[Kept]):
    """Keeps what was used last, at most `max_bytes` of it in all, and one thing whatever its size.

    Parameters
    ----------
    size_of
        Returns how many bytes a thing has.
    """

    def __init__(self, max_bytes: int, size_of: Callable[[Kept], int]) -> None:
        self._max_bytes, self._size_of = max_bytes, size_of
        self._kept: OrderedDict[Hashable, tuple[Kept, int]] = OrderedDict()
        self._lock, self._making = threading.Lock(), threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Kept], is_large: bool = False) -> Kept:
        """Return what is kept under `key`, or what `make` returns now; of `is_large` things one is made at a time."""
        with self._making if is_large else contextlib.nullcontext():
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key][0]
            made = make()
            with self._lock:
                self._kept[key] = made, self._size_of(made)
                while len(self._kept) > 1 and self.size > self._max_bytes:
                    self._kept.popitem(last=False)
            return made

    @property
    def size(self) -> int:
        """How many bytes are kept."""
        return sum(size for _kept, size in self._kept.values())
