"""The bounds on what bad input may cost: seconds, megabytes, and one sentence on one line."""

import contextlib
import re
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from mnist_demo.errors import MnistDemoError

SECONDS, MEGABYTES = 2.0, 500
# Of real time, which is not what is computed on a busy machine: but nothing waits for anything.
HANG_SECONDS = 30.0


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Let what is done be refused with one sentence; it may not compute for long, nor need much memory."""
    forget_peak()
    began, used, seen = time.thread_time(), peak_kilobytes(), time.monotonic()
    sentence = "accepted"
    try:
        yield
    except MnistDemoError as error:
        sentence = str(error)
    assert re.fullmatch(r".{5,1000}", sentence)  # on one line
    assert time.thread_time() - began < SECONDS
    assert time.monotonic() - seen < HANG_SECONDS
    assert peak_kilobytes() - used < 1000 * MEGABYTES


def forget_peak() -> None:
    """Let `peak_kilobytes` begin anew; where the system cannot, the peak is that of whatever came before."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_kilobytes() -> int:
    """Return the most memory that this process had, since the peak was forgotten where the system lets it be."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s*(\d+)", status.read_text()) if status.exists() else None
    return int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
