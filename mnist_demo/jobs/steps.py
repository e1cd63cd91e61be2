"""Single steps of a paused run: each takes its cores in turn, as everything else does that a visitor has computed."""

from collections.abc import Callable

from mnist_demo.jobs.messages import Command, DoStep, State
from mnist_demo.jobs.waiting import beside, next_moment

MAX_STEPS_AWAITED = 20  # more are not asked for ahead


class Steps:
    """The place of one run's single steps in the queue: see `mnist_demo.jobs.waiting.Waiting`.

    Somebody waits for them, so that a long run gives way to one at once; but each has a turn of its own, so that many
    steps, of one run or of many, take no more cores than there are. Changes under the run's lock.

    Parameters
    ----------
    visitor, cores_used
        Whose they are, and how many cores one keeps busy.
    send
        Sends a command to whoever makes them.
    """

    is_brief, gives_way, keeps_turn, turn_began = True, False, False, 0.0

    def __init__(self, visitor: str, cores_used: int, send: Callable[[Command], None]) -> None:
        self.visitor = beside("steps", visitor)
        self.cores_used = cores_used
        self.awaited = 0  # that were asked for and are not done yet
        self.is_on = False  # whether one of them is being made
        self.queued_at = self.computes_since = 0
        self._send = send

    @property
    def state(self) -> State:
        return "running" if self.is_on else "queued" if self.awaited else "paused"

    def ask(self) -> None:
        """Have one more made, when it is its turn; or not, where too many are awaited."""
        if self.awaited < MAX_STEPS_AWAITED:
            self.awaited += 1
            self.queued_at = next_moment()

    def go_on(self) -> None:
        """Have the next one made: there are cores for it."""
        self.is_on, self.computes_since = True, next_moment()
        self._send(DoStep())

    def note_done(self) -> None:
        """Note that the one that was being made is done."""
        self.awaited, self.is_on = self.awaited - 1, False

    def drop_waiting(self) -> None:
        """Have no more made than the one that is."""
        self.awaited = int(self.is_on)
