"""Durations in words."""

from mnist_demo.translation import _


def format_duration(seconds: float) -> str:
    """Return `seconds` as a measurement of half a second can tell them: in at most two digits."""
    if seconds < 1:
        return _("less than a second")
    if seconds < 90:
        return _("about {seconds} s").format(seconds=f"{float(f'{seconds:.2g}'):.0f}")
    if seconds < 90 * 60:
        return _("about {minutes} min").format(minutes=f"{seconds / 60:.0f}")
    return _("about {hours} h").format(hours=f"{seconds / 3600:.0f}")
