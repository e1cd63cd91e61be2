"""Several values of one setting, or of two: what a person typed, and the hyperparameters of the runs that try them."""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mnist_demo.errors import HyperparameterError
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.values import parse_value, shorten
from mnist_demo.translation import _

MAX_VALUES = 8  # of one setting
MAX_RUNS = 16  # of a grid of two
# A comma that may be a decimal one, as in 0,05 and 1,5, or stand between thousands, as in 1,000.
_DOUBTFUL_COMMA = {"number": re.compile(r"(?<![\d.])\d+,\d+(?![\d.])"), "integer": re.compile(r"\d,0\d")}


def parse_values(name: str, text: str) -> list[Any]:
    """Return the values of hyperparameter `name` that `text` lists: between commas, layers of units between semicolons.

    Between semicolons numbers may be written with a decimal comma.

    Raises
    ------
    HyperparameterError
        When one of them is not of the field's kind or out of its bounds, which the sentence says, or when a comma may
        be a decimal one.
    """
    kind = FIELDS[name].kind
    if kind == "number" and ";" in text:
        text = text.replace(",", ".").replace(";", ",")
    if kind in _DOUBTFUL_COMMA and _DOUBTFUL_COMMA[kind].search(text):
        sentence = _(
            "“{text}” may be one number or two: write a decimal point (0.05), and a space after a comma between values."
        )
        raise HyperparameterError(sentence.format(text=shorten(text)), name)
    parts = [part.strip() for part in text.split(";" if kind == "sizes" else ",")]
    return [parse_value(name, part) for part in parts if part] or [parse_value(name, text)]


def format_values(name: str, values: Sequence[Any]) -> str:
    """Return the text that `parse_values` makes `values` of."""
    if FIELDS[name].kind == "sizes":
        return "; ".join(", ".join(map(str, sizes)) for sizes in values)
    return ", ".join(
        "all" if value is None else f"{value:g}" if isinstance(value, float) else str(value) for value in values
    )


def other_value(name: str, value: Any) -> Any:
    """Return a value of hyperparameter `name` to try instead of `value`: about half of it, twice of what is counted."""
    field = FIELDS[name]
    if field.kind == "choice":
        return next(choice for choice in field.choice_names if choice != value)
    if field.kind == "switch":
        return not value
    if field.kind == "sizes":
        return tuple(max(1, size // 2) for size in value) if max(value) > 1 else (2,)
    if not value:
        return int(field.step) if field.kind == "integer" else field.step
    if field.kind == "integer":
        return 2 * value if 2 * value <= field.maximum else value // 2
    return max(value / 2, field.minimum) if value > field.minimum else 2 * value


def vary(base: Hyperparameters, values: Mapping[str, Sequence[Any]]) -> list[Hyperparameters]:
    """Return `base` with every combination of the `values` by name of a hyperparameter; `base` itself is left out.

    Raises
    ------
    HyperparameterError
        When no other combination is left, they are too many, or one of them cannot be.
    """
    for name, tried in values.items():
        if len(tried) > MAX_VALUES:
            sentence = _("At most {limit} values of a setting can be tried at once, but “{setting}” has {count}.")
            raise HyperparameterError(
                sentence.format(limit=MAX_VALUES, count=len(tried), setting=_(FIELDS[name].title)), name
            )
    combinations = itertools.product(*values.values())
    varied = [base.replace(**dict(zip(values, combination, strict=True))) for combination in combinations]
    others = [hyperparameters for hyperparameters in dict.fromkeys(varied) if hyperparameters != base]
    first = next(iter(values))
    if not others:
        sentence = _("Change the value of “{setting}” first: it is the same as in the run that you copy.")
        raise HyperparameterError(sentence.format(setting=_(FIELDS[first].title)), first)
    if len(others) > MAX_RUNS:
        sentence = _("At most {limit} runs can be started at once, but these values make {count}: remove some of them.")
        raise HyperparameterError(sentence.format(limit=MAX_RUNS, count=len(others)), first)
    return others
