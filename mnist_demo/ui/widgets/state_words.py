"""The words for the states of a run, to be translated when shown."""

from mnist_demo.jobs.messages import State
from mnist_demo.translation import N_

STATE_WORDS: dict[State, str] = {
    "queued": N_("queued"),
    "running": N_("running"),
    "paused": N_("paused"),
    "finished": N_("finished"),
    "stopped": N_("stopped"),
    "diverged": N_("diverged"),
    "failed": N_("failed"),
}
