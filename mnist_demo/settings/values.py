"""The values of hyperparameters: checked, and read from the texts of URLs, commands and text fields."""

from typing import Any

from mnist_demo.errors import HyperparameterError
from mnist_demo.settings.fields import FIELDS, MAX_HIDDEN_LAYERS, Field, Kind
from mnist_demo.translation import N_, _, format_decimal, format_list


def check_value(name: str, value: Any) -> Any:
    """Return `value` of hyperparameter `name` in its own type, or raise HyperparameterError saying what was expected.

    Lists become tuples and whole floats integers, as JSON and widgets deliver them; nothing else is converted.
    """
    field = FIELDS[name]
    if value is None and field.optional:
        return None
    if field.kind == "choice" and value in field.choice_names:
        return value
    if field.kind == "switch" and isinstance(value, bool):
        return value
    if field.kind == "sizes" and _are_sizes_within(field, value):
        return tuple(int(size) for size in value)
    if field.kind == "integer" and _is_whole_within(field, value):
        return int(value)
    if field.kind == "number" and _is_number_within(field, value):
        return float(value)
    raise _error(name, value)


def parse_value(name: str, text: str) -> Any:
    """Return the value that `text`, from a URL, a command or a text field, means for hyperparameter `name`.

    Raises
    ------
    HyperparameterError
        When the text is not of the field's kind or out of its bounds.
    """
    field = FIELDS[name]
    text = text.strip()
    if field.optional and text.lower() in ("", "all"):
        return None
    try:
        value: Any = text
        if field.kind == "switch":
            value = _SWITCH_WORDS.get(text.lower())
        elif field.kind == "sizes":
            value = [int(size) for size in text.replace("-", ",").split(",")]
        elif field.kind == "integer":
            value = int(text)
        elif field.kind == "number":
            value = float(text)
        return check_value(name, value)
    except ValueError:  # HyperparameterError is one too; here the text as it was given is shown
        raise _error(name, text) from None


_SWITCH_WORDS = {
    "true": True,
    "on": True,
    "yes": True,
    "1": True,
    "false": False,
    "off": False,
    "no": False,
    "0": False,
}


def _is_number_within(field: Field, value: Any) -> bool:
    # A NaN, which compares as false, is not within; True is a number to Python, but not to a person.
    return isinstance(value, int | float) and not isinstance(value, bool) and field.minimum <= value <= field.maximum


def _is_whole_within(field: Field, value: Any) -> bool:
    return _is_number_within(field, value) and value == int(value)


def _are_sizes_within(field: Field, value: Any) -> bool:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MAX_HIDDEN_LAYERS:
        return False
    return all(_is_whole_within(field, size) for size in value)


# Whole sentences, so that each can be translated as one.
_EXPECTATIONS: dict[Kind, str] = {
    "choice": N_("{title} must be one of {choices}, but is {value}."),
    "switch": N_("{title} must be on or off, but is {value}."),
    "sizes": N_(
        "{title} must be 1 to {layers} whole numbers from {minimum} to {maximum}, with commas between them, but is "
        "{value}."
    ),
    "integer": N_("{title} must be a whole number from {minimum} to {maximum}, but is {value}."),
    "number": N_("{title} must be a number from {minimum} to {maximum}, but is {value}."),
}


def _error(name: str, value: Any) -> HyperparameterError:
    field = FIELDS[name]
    sentence = _(_EXPECTATIONS[field.kind])
    if field.kind == "integer" and field.optional:
        sentence = _("{title} must be a whole number from {minimum} to {maximum}, or all, but is {value}.")
    message = sentence.format(
        title=_(field.title),
        choices=format_list(field.choice_names),
        layers=MAX_HIDDEN_LAYERS,
        minimum=format_decimal(field.minimum, ",.10g"),
        maximum=format_decimal(field.maximum, ",.10g"),
        value=_("empty") if value is None or value == "" else f"“{shorten(value)}”",
    )
    return HyperparameterError(message, name)


def shorten(value: Any) -> str:
    """Return `value` as text of at most 60 characters on one line: a pasted page must not become a page of error."""
    text = f"{value:g}" if isinstance(value, float) else " ".join(str(value).split())
    return text if len(text) <= 60 else text[:59] + "…"
