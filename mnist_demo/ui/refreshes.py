"""How often the page draws a run again while it goes on."""

import math

from mnist_demo.jobs import Job

# Seconds of training, and how many seconds lie between two refreshes from there on. A browser needs 0.1 to 0.2 s of a
# core for each, and the longer a run has lasted, the less its chart moves in a second.
REFRESHES = ((10.0, 2.0), (1.5, 1.0), (0.0, 0.5))
SOONEST_REFRESH_SECONDS = 0.5
# A run of minutes is drawn anew this many times at least, each time some ten pixels longer.
LONG_RUN_REFRESHES, LATEST_REFRESH_SECONDS = 60, 4.0


def seconds_between_refreshes(job: Job) -> float:
    """Return the pause that suits how long the run has lasted, or a shorter one: its end is seen when it comes."""
    trained, left = job.history.seconds, job.history.seconds_left
    pause = next(pause for begin, pause in REFRESHES if trained >= begin)
    if left is None or job.state != "running":
        return pause
    if trained >= REFRESHES[0][0] and job.speed is None:
        # Whole seconds, so that it seldom changes.
        pause = min(max(pause, math.ceil((trained + left) / LONG_RUN_REFRESHES)), LATEST_REFRESH_SECONDS)
    return min(pause, max(left, SOONEST_REFRESH_SECONDS))
