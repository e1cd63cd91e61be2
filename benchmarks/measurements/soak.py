"""A server in long use: memory, files, threads, processes and disk, once it has warmed up and at the end."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.comparison import Comparison, Sample, at_most, at_most_times
from benchmarks.drivers.crowd import crowd_at
from benchmarks.drivers.memory import read_memory
from benchmarks.surroundings import Surroundings
from mnist_demo.files import sizes_below
from mnist_demo.translation import N_
from tests.browser.server import descendants

VISITORS = 4
SAMPLES = 30
# In a quick try: for a visit of each.
QUICK_SECONDS = 4.0
# What "flat" allows for noise.
FLAT = at_most_times(1.1)


@dataclass(frozen=True)
class Use:
    """What a server uses at one moment: megabytes that it wrote and has on the disk, open files, threads, processes."""

    memory: float
    files: int
    threads: int
    processes: int
    disk: float

    @classmethod
    def of(cls, pid: int, home: Path) -> "Use":
        """Look at the process `pid` of a page and its home; needs Linux's /proc."""
        return cls(
            read_memory(pid).written,
            len(list(Path(f"/proc/{pid}/fd").iterdir())),
            len(list(Path(f"/proc/{pid}/task").iterdir())),
            len(descendants(pid)),
            sum(sizes_below(home)) / 1e6,
        )


def measure_soak(surroundings: Surroundings, minutes: float) -> Iterator[Comparison]:
    """Yield what is used in the last third of `minutes`, against the third before it.

    In the first third caches fill, and the first of those who have left a run behind come to the end of its lease.
    """
    seconds = QUICK_SECONDS if surroundings.quick else 60 * minutes
    with surroundings.serve() as server, crowd_at(f"{server.url}/?speed=full", VISITORS) as crowd:
        began, uses = time.monotonic(), list[Use]()
        while len(uses) < SAMPLES:
            time.sleep(max(0.0, began + (len(uses) + 1) * seconds / SAMPLES - time.monotonic()))
            uses.append(Use.of(server.process.pid, surroundings.home))
        faults = crowd.faults + server.complaints()
    values = {"minutes": seconds / 60, "visits": crowd.visits, "problem": faults[0] if faults else ""}
    third = SAMPLES // 3
    middle, last = uses[third : 2 * third], uses[2 * third :]
    for what, name, unit, goal in (
        (N_("after {minutes:g} minutes and {visits} visits: memory of the server"), "memory", "MB", FLAT),
        (N_("… open files"), "files", "", FLAT),
        (N_("… threads"), "threads", "", FLAT),
        (N_("… processes"), "processes", "", FLAT),
        (N_("… what is saved"), "disk", "MB", None),
    ):
        ours, theirs = (Sample(tuple(float(getattr(use, name)) for use in part)) for part in (last, middle))
        yield Comparison(what, unit, ours, N_("in the third before it"), theirs, goal=goal, values=values)
    what = N_("… errors {problem}")
    yield Comparison(what, "", Sample((float(len(faults)),)), goal=at_most(0, ""), values=values)
