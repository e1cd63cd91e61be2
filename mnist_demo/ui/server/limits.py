"""The limits of the system on a server: open files, and processes with their threads.

Each visitor needs four files, for her connection and her session's event loop, and a thread whenever her page is drawn.
"""

import contextlib
import math
import os
from collections.abc import Iterator
from pathlib import Path

from mnist_demo.ui.streamlit_internals import OPEN_FILES

ENOUGH = 65_536
# Kept for the runs and drawings of those who are here: so many files; so many threads, or a share of a small limit.
SPARE, SPARE_THREADS, SPARE_SHARE = 100, 60, 0.25
PROCESSES, CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")


def allow_many_files() -> None:
    """Ask the system for as many as it allows; many begin with 1,024, which are enough for 250 visitors."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # Windows has no such limit
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
        if soft != resource.RLIM_INFINITY and soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def is_full() -> bool:
    """Tell whether so little is left that whoever comes now would take it from those who are here."""
    return _files_left() < SPARE or any(
        limit - used < min(SPARE_THREADS, SPARE_SHARE * limit) for limit, used in _threads()
    )


def _files_left() -> float:
    with contextlib.suppress(ImportError, OSError):
        import resource

        soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY:
            return soft - len(list(OPEN_FILES.iterdir()))
    return math.inf


def _threads() -> Iterator[tuple[int, int]]:
    """Yield limits on threads, and how many there are: of a container or service (cgroups), of the user (ulimit)."""
    for folder in _cgroups():
        with contextlib.suppress(OSError, ValueError):  # no such limit, or the word “max”
            yield int((folder / "pids.max").read_text()), int((folder / "pids.current").read_text())
    with contextlib.suppress(ImportError, OSError):
        import resource

        soft, _hard = resource.getrlimit(resource.RLIMIT_NPROC)
        if soft != resource.RLIM_INFINITY and os.geteuid() != 0:  # whom it does not bind
            yield soft, sum(_threads_of(folder) for folder in PROCESSES.iterdir() if folder.name.isdigit())


def _cgroups() -> Iterator[Path]:
    """Yield the folders of the cgroups that this process is in, of both versions: cgroups(7)."""
    with contextlib.suppress(OSError):
        for line in (PROCESSES / "self" / "cgroup").read_text().splitlines():
            _number, controllers, path = line.split(":", 2)
            if controllers in ("", "pids"):
                folder = CGROUPS / controllers / path.strip("/")
                yield from (parent for parent in (folder, *folder.parents) if parent.is_relative_to(CGROUPS))


def _threads_of(process: Path) -> int:
    with contextlib.suppress(OSError):  # it has ended meanwhile
        if process.stat().st_uid == os.getuid():
            return len(list((process / "task").iterdir()))
    return 0
