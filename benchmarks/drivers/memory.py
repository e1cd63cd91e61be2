"""Memory of processes on Linux, from /proc: what is theirs alone, and their share of what they have in common."""

from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1e6


@dataclass(frozen=True)
class Memory:
    """Megabytes (10⁶ bytes): `own` would be free if the process ended; `share` counts common pages by their owners.

    `written` is what of its own it has written itself. The rest are files that only it has open at the moment, such as
    the digits: as soon as a run is started, they are not its own any more.
    """

    own: float
    share: float
    written: float


def can_read_memory() -> bool:
    return Path("/proc/self/smaps_rollup").exists()


def read_memory(pid: int) -> Memory:
    """Return the memory of process `pid` (USS and PSS, as they are called)."""
    kilobytes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, number, *_unit = line.split()
        kilobytes[name.rstrip(":")] = int(number)
    own = kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]
    return Memory(*(1024 * size / MEGABYTE for size in (own, kilobytes["Pss"], kilobytes["Private_Dirty"])))
