"""Memory of processes on Linux, from /proc: what is theirs alone, and their share of what they have in common."""

from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1e6


@dataclass(frozen=True)
class Memory:
    """Megabytes (10⁶ bytes): `own` would be free if the process ended; `share` counts common pages by their owners."""

    own: float
    share: float


def can_read_memory() -> bool:
    return Path("/proc/self/smaps_rollup").exists()


def read_memory(pid: int) -> Memory:
    """Return the memory of process `pid` (USS and PSS, as they are called)."""
    kilobytes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, number, *_unit = line.split()
        kilobytes[name.rstrip(":")] = int(number)
    own = kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]
    return Memory(own * 1024 / MEGABYTE, kilobytes["Pss"] * 1024 / MEGABYTE)


def descendants(pid: int) -> list[int]:
    """Return the processes that `pid` started, and those that they started, the oldest first."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                # The name of the program, in parentheses, may hold spaces.
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has just ended
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found, open_pids = [], [pid]
    while open_pids:
        begun = sorted(children.get(open_pids.pop(0), []))
        found += begun
        open_pids += begun
    return found
