"""The settings of a run while it goes on: what is changed on the way reaches whatever computes with it."""

import math
from collections.abc import Iterable

import torch

from mnist_demo.models.classifiers import Classifier, Network
from mnist_demo.models.optimizers import Optimizer
from mnist_demo.settings.changes import Change, position_after, steps_from, with_change, with_changes
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.batches import Batches
from mnist_demo.training.events import Changed
from mnist_demo.training.one_cycle import OneCycle


class LiveSettings:
    """The settings of one run, at first those of `hyperparameters`, and all changes of them, made and to come.

    Attributes
    ----------
    changes
        In the order of their steps.
    due
        After how many steps the next of them is to be made; infinite when there is none.
    one_cycle
        The schedule of the learning rate, None where that is constant.

    Raises
    ------
    HyperparameterError
        When `changes` has one that this run cannot make.
    """

    def __init__(
        self,
        hyperparameters: Hyperparameters,
        model: Classifier,
        optimizer: Optimizer,
        batches: Batches,
        changes: Iterable[Change] = (),
    ) -> None:
        self._begin, self._current = hyperparameters, hyperparameters
        self._model, self._optimizer, self._batches = model, optimizer, batches
        self.changes = sorted(changes, key=lambda change: change.step)
        with_changes(hyperparameters, self.changes)
        self.one_cycle: OneCycle | None = None
        if hyperparameters.one_cycle and isinstance(optimizer, torch.optim.Optimizer):
            total_steps = batches.steps_per_epoch * hyperparameters.epochs
            self.one_cycle = OneCycle(optimizer, hyperparameters.learning_rate, total_steps)
        self._made = 0
        self._look_ahead()

    def go_to(self, step: int) -> None:
        """Take the settings that the step after `step` steps of an interrupted run is made with."""
        while self.due < step:
            self._make_next()
        if self.one_cycle is not None:
            self.one_cycle.move_to(step)

    def ask(self, change: Change) -> None:
        """Note a change that is to be made, none before its step; it takes the place of another one at that step.

        Raises
        ------
        HyperparameterError
            When this run cannot make it.
        """
        with_change(self._current, change.name, change.value)
        to_come = [other for other in self.changes[self._made :] if other[:2] != change[:2]]
        self.changes[self._made :] = sorted([*to_come, change], key=lambda other: other.step)
        self._look_ahead()

    def make_due(self, step: int) -> list[Changed]:
        """Make the changes that are due after `step` steps; return those that did change something."""
        made = []
        while self.due <= step:
            change = self.changes[self._made]
            if getattr(self._current, change.name) == change.value:
                del self.changes[self._made]
                self._look_ahead()
                continue
            self._make_next()
            epoch, seen = self._position(step)
            epochs = epoch + seen / self._batches.n_images
            made.append(Changed(step, epochs, change.name, float(change.value)))
        return made

    def steps_from(self, step: int) -> int:
        """Return how many steps there are after `step`, if nothing more changes."""
        size, epochs = self._current.batch_size, self._current.epochs
        return steps_from(self._position(step), self._batches.n_images, size, epochs)

    def _look_ahead(self) -> None:
        self.due = self.changes[self._made].step if self._made < len(self.changes) else math.inf

    def _position(self, step: int) -> tuple[int, int]:
        return position_after(step, self._batches.n_images, self._begin.batch_size, self.changes)

    def _make_next(self) -> None:
        step, name, value = self.changes[self._made]
        self._made += 1
        self._look_ahead()
        self._current = with_change(self._current, name, value)
        if name == "batch_size":
            self._batches.batch_size = self._current.batch_size
            if self.one_cycle is not None:
                self.one_cycle.move_to(step)
                self.one_cycle.spread_over(self.steps_from(step))
        elif name == "learning_rate" and self.one_cycle is not None:
            self.one_cycle.set_peak(value)
        elif name in _IN_OPTIMIZER:
            for group in self._optimizer.param_groups:
                group[_IN_OPTIMIZER[name]] = value
        elif isinstance(self._model, Network):
            self._model.label_smoothing = self._current.label_smoothing
            for layer in self._model.modules():
                if isinstance(layer, torch.nn.Dropout):
                    layer.p = self._current.dropout


# What torch's optimizers, and that by hand, call them.
_IN_OPTIMIZER = {"learning_rate": "lr", "weight_decay": "weight_decay"}
