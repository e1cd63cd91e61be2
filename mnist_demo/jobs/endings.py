"""Sentences about runs that ended otherwise than by themselves."""

import signal

from mnist_demo.translation import _


def could_not_be_started(error: Exception) -> str:
    """Return the sentence for a run whose process or threads the system did not give."""
    return _("The training process could not be started: {error}.").format(error=error)


def ended_unexpectedly(reason: str) -> str:
    """Return the sentence for a run whose process has gone."""
    return _(
        "The training process ended unexpectedly ({reason}). What it had learned until then is kept; press "
        "“Start training” to train again."
    ).format(reason=reason)


def describe_end(exit_code: int | None) -> str:
    """Return in words how a process ended."""
    if exit_code is not None and exit_code < 0:
        return signal.Signals(-exit_code).name
    return _("exit status {status}").format(status=exit_code)
