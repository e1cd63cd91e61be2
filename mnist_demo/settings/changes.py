"""Settings that are changed while a run goes on: which ones can be, and the check of a change.

>>> changes = [Change(500, "learning_rate", 0.05)]
>>> with_changes(Hyperparameters(), changes).learning_rate
0.05
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from mnist_demo.errors import HyperparameterError
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.links import PARAMETERS, parameter_of
from mnist_demo.settings.values import check_value, parse_value
from mnist_demo.translation import _, format_list


class Change(NamedTuple):
    """Hyperparameter `name` gets `value` when `step` steps have been made: it counts from the next one on."""

    step: int
    name: str
    value: float

    def __str__(self) -> str:
        return f"{self.step}:{parameter_of(self.name)}={self.value:.10g}"


def changeable_names(hyperparameters: Hyperparameters) -> list[str]:
    """Return the names of the settings that can be changed while a run with `hyperparameters` goes on."""
    return [
        name
        for name, field in FIELDS.items()
        if field.changeable
        and hyperparameters.uses(name)
        and not (name == "weight_decay" and hyperparameters.architecture.is_from_scratch)
    ]


def with_change(hyperparameters: Hyperparameters, name: str, value: Any) -> Hyperparameters:
    """Return the settings of a run from a change on.

    Raises
    ------
    HyperparameterError
        When this setting cannot be changed while such a run goes on, or cannot have that value.
    """
    names = changeable_names(hyperparameters)
    if name not in names:
        message = _("“{name}” cannot be changed while this run goes on; only {names} can.")
        raise HyperparameterError(message.format(name=str(name)[:60], names=format_list(names)), name)
    return hyperparameters.replace(**{name: value})


def with_changes(hyperparameters: Hyperparameters, changes: Iterable[Change]) -> Hyperparameters:
    """Return the settings of a run when all of `changes` are made; raise HyperparameterError as `with_change` does."""
    for change in changes:
        hyperparameters = with_change(hyperparameters, change.name, change.value)
    return hyperparameters


def parse_change(text: str) -> Change:
    """Return the change that a text such as ``500:learning-rate=0.05`` means, as ``str(change)`` writes it.

    Raises
    ------
    HyperparameterError
        When it means none.
    """
    step, _colon, setting = text.partition(":")
    parameter, equals, value = setting.partition("=")
    name = PARAMETERS.get(parameter.strip(), "")
    if not step.strip().isdecimal() or not equals or not name or not FIELDS[name].changeable:
        names = format_list(parameter_of(name) for name, field in FIELDS.items() if field.changeable)
        message = _("A change must be STEP:SETTING=VALUE, with one of {names}, but is “{text}”.")
        raise HyperparameterError(message.format(names=names, text=text[:60]))
    return Change(int(step), name, parse_value(name, value))


def changes_from_json(values: Any) -> tuple[Change, ...]:
    """Return the changes that JSON has as lists of step, name and value, in their order.

    Raises
    ------
    ValueError, TypeError
        When they are something else. HyperparameterError is a ValueError.
    """
    changes = []
    for step, name, value in values:
        if isinstance(step, bool) or not isinstance(step, int) or step < 0 or not FIELDS[str(name)].changeable:
            raise ValueError("no change")
        changes.append(Change(step, name, check_value(name, value)))
    return tuple(sorted(changes, key=lambda change: change.step))


def position_after(steps: int, images: int, batch_size: int, changes: Iterable[Change]) -> tuple[int, int]:
    """Return how many epochs are through after so many steps, and how many of the `images` the next one has met.

    `batch_size` is that of the first step, `changes` are in the order of their steps. Every epoch's last batch has what
    is left.
    """
    epoch = seen = done = 0
    sizes = [(change.step, int(change.value)) for change in changes if change.name == "batch_size"]
    for until, next_size in [*(size for size in sizes if size[0] < steps), (steps, batch_size)]:
        to_do, left = until - done, -(-(images - seen) // batch_size)
        if to_do < left:
            seen += to_do * batch_size
        else:
            whole, rest = divmod(to_do - left, -(-images // batch_size))
            epoch, seen = epoch + 1 + whole, rest * batch_size
        done, batch_size = until, next_size
    return epoch, seen


def steps_from(position: tuple[int, int], images: int, batch_size: int, epochs: int) -> int:
    """Return how many steps of `batch_size` go from a position, as `position_after` has it, to the end of the run."""
    epoch, seen = position
    return -(-(images - seen) // batch_size) + (epochs - epoch - 1) * -(-images // batch_size)
