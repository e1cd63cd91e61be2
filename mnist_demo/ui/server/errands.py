"""The errands that this visitor has computed beside the page, for as long as she is here."""

from collections.abc import Callable
from typing import TypeVar

from mnist_demo.jobs.errand import run_errand
from mnist_demo.ui import visitor
from mnist_demo.ui.resources import errand_queue
from mnist_demo.ui.streamlit_internals import has_left, session_id

Answer = TypeVar("Answer")


def errand(function: Callable[..., Answer], *arguments: object, seconds: float) -> Callable[..., Answer]:
    """Return a function, for any thread, that calls `function` in another process; see `run_errand`.

    It gets `arguments` and those of the call. It ends, whatever it has done by then, after so many `seconds`, and when
    the visitor has left.
    """
    session, owner = session_id(), visitor.owner()
    return lambda *more: run_errand(
        errand_queue(), owner, function, *arguments, *more, seconds=seconds, is_wanted=lambda: not has_left(session)
    )
