"""The pause between two refreshes of a run that goes on."""

import math

from mnist_demo.jobs.job import Job
from mnist_demo.training.speed import RISING, RISING_SECONDS, steps_a_second

# Seconds of training; from there on, how many seconds lie between two refreshes at least, and in a long run at most. A
# browser needs 0.1 to 0.2 s of a core for each, and the longer a run has lasted, the less its chart moves in a second.
REFRESHES = ((10.0, 2.0, 4.0), (1.5, 1.0, 2.0), (0.0, 0.5, 0.5))
SOONEST_REFRESH_SECONDS = 0.5
# At the rising speed, which is there to be watched: at its end accuracies are measured 0.2 s apart, and refreshes at
# that distance miss every third of them. A run that computes for longer than it is to last at that speed is drawn as
# others are.
WATCHED_REFRESH_SECONDS = 0.12
# While it waits for its turn, which is when many have a run. A refresh costs the server as much as a stroke.
QUEUED_REFRESH_SECONDS = 2.0
# A run of minutes is drawn anew this many times at least, each time some ten pixels longer.
LONG_RUN_REFRESHES = 60
# Of all runs of a server that are watched: half of its core, where a refresh takes 20 ms, so that strokes find room.
REFRESHES_A_SECOND = 25.0


def seconds_between_refreshes(job: Job, running: int = 1) -> float:
    """Return the pause that suits how long the run has lasted and will last, and how many are `running` in all.

    The end of a run is seen when it comes.
    """
    return max(_own_pause(job), running / REFRESHES_A_SECOND)


def _own_pause(job: Job) -> float:
    if job.state == "queued":
        return QUEUED_REFRESH_SECONDS
    trained, left = job.history.seconds, job.history.seconds_left
    least, most = next((least, most) for begin, least, most in REFRESHES if trained >= begin)
    if job.speed == RISING and job.state == "running" and trained + (left or 0) < RISING_SECONDS:
        return WATCHED_REFRESH_SECONDS
    if left is None or job.state != "running":
        return least
    # Whole seconds, so that it seldom changes. In slow motion each step is to be seen.
    wanted = math.ceil((trained + left) / LONG_RUN_REFRESHES) if steps_a_second(job.speed) is None else 0
    return min(max(least, wanted), most, max(left, SOONEST_REFRESH_SECONDS))
