"""Durations in words."""

from mnist_demo.translation import _, format_unit


def format_duration(seconds: float) -> str:
    """Return `seconds` as a measurement of half a second can tell them: in at most two digits."""
    if seconds < 1:
        return _("less than a second")
    if seconds < 90:
        duration = format_unit(float(f"{seconds:.2g}"), "second")
    else:
        duration = format_unit(seconds / 60, "minute") if seconds < 90 * 60 else format_unit(seconds / 3600, "hour")
    return _("about {duration}").format(duration=duration)
