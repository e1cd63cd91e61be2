"""The limit on the server's open files: each visitor needs four, for her connection and her session's event loop."""

import contextlib

from mnist_demo.ui.streamlit_internals import OPEN_FILES

ENOUGH = 65_536
# Kept for the runs and drawings of those who are here.
SPARE = 100


def allow_many() -> None:
    """Ask the system for as many as it allows; many begin with 1,024, which are enough for 250 visitors."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # Windows has no such limit
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
        if soft != resource.RLIM_INFINITY and soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def are_scarce() -> bool:
    """Tell whether so few are left that whoever comes now would take them from those who are here."""
    with contextlib.suppress(ImportError, OSError):
        import resource

        soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        return soft != resource.RLIM_INFINITY and len(list(OPEN_FILES.iterdir())) > soft - SPARE
    return False
