"""Settings in an address: what a shared link says, and what becomes of it when it says something that cannot be.

A parameter has the hyperparameter's name with hyphens; ``preset`` names the settings that the others change. With
``locked`` (``1``, or names) the page lets its visitor look at settings but not change them; with ``hide`` (names, or
``settings`` for all) it does not show them. Both are for a teacher's link, and no protection: who edits the address is
free to. In a class they hold; see `mnist_demo.ui.link_state.adopt_link`.

>>> settings_from_address({"preset": "small-network", "epochs": "3"})[0].epochs
3
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from mnist_demo.errors import HyperparameterError
from mnist_demo.settings.architectures import ARCHITECTURES
from mnist_demo.settings.fields import FIELDS, MAX_HIDDEN_LAYERS, Field
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.presets import DEFAULT_PRESET, FORMER_NAMES, PRESETS
from mnist_demo.settings.values import parse_value, shorten
from mnist_demo.translation import _, format_list

PRESET, LOCKED, HIDE = "preset", "locked", "hide"
ALL_SETTINGS = "settings"
_ON = ("1", "true", "on", "yes", "all")


def parameter_of(name: str) -> str:
    """Return the parameter of hyperparameter `name`, which is also the key of its widget."""
    return name.replace("_", "-")


PARAMETERS = {parameter_of(name): name for name in FIELDS}


@dataclass(frozen=True)
class Restrictions:
    """Which settings a link locks and hides, by the keys of their widgets; ``preset`` may be among them."""

    locked: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()

    @classmethod
    def from_address(cls, parameters: Mapping[str, str]) -> "Restrictions":
        """Return what an address asks for; names that are none are left out."""
        return cls(_read_names(parameters.get(LOCKED, "")), _read_names(parameters.get(HIDE, "")))

    @property
    def all_hidden(self) -> bool:
        return self.hidden == _ALL

    @property
    def all_locked(self) -> bool:
        return self.locked == _ALL

    def as_parameters(self) -> dict[str, str]:
        """Return the parameters that `from_address` reads."""
        parameters = {}
        if self.locked:
            parameters[LOCKED] = "1" if self.all_locked else ",".join(sorted(self.locked))
        if self.hidden:
            parameters[HIDE] = ALL_SETTINGS if self.all_hidden else ",".join(sorted(self.hidden))
        return parameters


_ALL = frozenset({PRESET, *PARAMETERS})


def settings_from_address(
    parameters: Mapping[str, str], begin: Hyperparameters | None = None
) -> tuple[Hyperparameters, list[str]]:
    """Return the settings that an address asks for, put right where they cannot be, and a sentence for each such case.

    The parameters change `begin`, such as the settings of the run in the same address, or else the preset that is
    named, or else the default one.
    """
    sentences = []
    wanted = parameters.get(PRESET, DEFAULT_PRESET)
    wanted = FORMER_NAMES.get(wanted, wanted)
    if wanted not in PRESETS:
        sentence = _("The address asks for the preset “{name}”, which does not exist; choose one of {names}.")
        sentences.append(sentence.format(name=shorten(wanted), names=format_list(PRESETS)))
        wanted = DEFAULT_PRESET
    hyperparameters = begin or PRESETS[wanted].hyperparameters
    values = hyperparameters.as_dict()
    for name in FIELDS:
        text = parameters.get(parameter_of(name))
        if text is None:
            continue
        try:
            values[name] = parse_value(name, text)
        except HyperparameterError:
            nearest = _nearest(FIELDS[name], text)
            if nearest is None:
                sentence = _("{title}: the address says “{value}”, which cannot be used; it stays {kept}.")
            else:
                values[name] = nearest
                sentence = _("{title}: the address says “{value}”; the nearest possible value is {kept}.")
            kept = write_value(name, values[name])
            sentences.append(sentence.format(value=shorten(text), title=_(FIELDS[name].title), kept=kept))
    try:
        return Hyperparameters.from_dict(values), sentences
    except HyperparameterError as error:  # values that do not go together
        optimizer = ARCHITECTURES[values["model"]].optimizers[0]
        values |= {"optimizer": optimizer, "weight_decay": 0.0, "one_cycle": False}
        sentences.append(_("{problem} These settings in the address are ignored.").format(problem=error))
        return Hyperparameters.from_dict(values), sentences


def address_of_settings(hyperparameters: Hyperparameters) -> dict[str, str]:
    """Return the parameters for `hyperparameters`: the preset that is nearest, and what differs from it."""
    values = hyperparameters.as_dict()

    def differences(preset: str) -> list[str]:
        others = PRESETS[preset].hyperparameters.as_dict()
        return [name for name in FIELDS if values[name] != others[name]]

    nearest = min(PRESETS, key=lambda preset: (len(differences(preset)), preset != DEFAULT_PRESET))
    changed = {parameter_of(name): write_value(name, values[name]) for name in differences(nearest)}
    return {PRESET: nearest, **changed}


def write_value(name: str, value: Any) -> str:
    """Return the text for the value of hyperparameter `name` that `parse_value` reads as the same value."""
    kind = FIELDS[name].kind
    if value is None:
        return "all"
    if kind == "switch":
        return "on" if value else "off"
    if kind == "sizes":
        return ",".join(map(str, value))
    return repr(value).removesuffix(".0") if kind == "number" else str(value)


def build_link(page: str, parameters: Mapping[str, str]) -> str:
    """Return the address of `page` (its own parameters are left out) with `parameters`."""
    parts = urlsplit(page)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(parameters, safe=","), ""))


def _read_names(text: str) -> frozenset[str]:
    names = {name for name in re.split(r"[,\s]+", text.strip().lower()) if name}
    if names & {*_ON, ALL_SETTINGS}:
        return _ALL
    return frozenset(names & _ALL)


def _nearest(field: Field, text: str) -> Any:
    """Return the allowed value that is nearest to `text`, or None where nothing is near."""
    if field.kind == "choice":
        word = text.strip().lower().replace("_", "-").replace(" ", "-")
        return word if word in field.choice_names else None
    if field.kind == "sizes":
        sizes = [_clamp(field, part) for part in re.split(r"[,\s;x-]+", text.strip())[:50]]
        return tuple(int(size) for size in sizes if size is not None)[:MAX_HIDDEN_LAYERS] or None
    if field.kind in ("integer", "number"):
        number = _clamp(field, text)
        return round(number) if number is not None and field.kind == "integer" else number
    return None


def _clamp(field: Field, text: str) -> float | None:
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return None if math.isnan(number) else min(max(number, field.minimum), field.maximum)
