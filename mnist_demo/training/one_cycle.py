"""The one-cycle schedule of the learning rate."""

import torch


class OneCycle:
    """torch's one-cycle schedule, of which the peak, and the number of steps to come, can be changed on the way.

    With another number of steps, what is left of the schedule is spread over them: the learning rate makes no jump.
    The learning rate of a step follows from its number and the changes before it.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, peak: float, total_steps: int) -> None:
        self._optimizer, self._total_steps = optimizer, total_steps
        self._step = 0
        # The place on the schedule after so many steps, and how much further each step goes: 1 until that is changed.
        self._since, self._begin, self._pace = 0, 0.0, 1.0
        self.set_peak(peak)

    def set_peak(self, peak: float) -> None:
        """Let the highest learning rate be another one: all are that much higher or lower from the next step on."""
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimizer, peak, total_steps=self._total_steps + 1, cycle_momentum=False
        )
        self.move_to(self._step)

    def spread_over(self, steps_to_come: int) -> None:
        """Spread what is left of the schedule over so many steps."""
        self._since, self._begin = self._step, self._place()
        self._pace = (self._total_steps - self._begin) / steps_to_come

    def step(self) -> None:
        """Set the learning rate of the step after the one that has just been made."""
        self.move_to(self._step + 1)

    def move_to(self, step: int) -> None:
        """Set the learning rate of the step that comes after so many."""
        self._step = step
        if step:
            # torch goes one further. A count above 1 tells it that there were steps before.
            self._schedule.load_state_dict({"last_epoch": self._place() - 1, "_step_count": step + 1})
            self._schedule.step()

    def _place(self) -> float:
        return self._begin + (self._step - self._since) * self._pace
