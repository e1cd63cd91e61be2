"""Links with settings: the one that a session was opened with, what it locks and hides, and those given to others."""

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import streamlit as st
from markupsafe import Markup

from mnist_demo.errors import ClassError
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.links import (
    HIDE,
    LOCKED,
    PARAMETERS,
    PRESET,
    Restrictions,
    address_of_settings,
    build_link,
    settings_from_address,
)
from mnist_demo.settings.values import shorten
from mnist_demo.training.speed import NAMED_SPEEDS
from mnist_demo.translation import _, format_list
from mnist_demo.ui.language.state import link_parameters

# The addresses of the pages; the first is also the one without.
PAGES = ("train-and-draw", "look-inside", "compare", "lesson", "class", "runs")
TRAIN_AND_DRAW, LOOK_INSIDE, COMPARE, LESSON, CLASS, RUNS = PAGES
ONLY_PARAMETER, ONLY_BENCH = "only", "draw"
SPEED = "speed"
_LINK, _SHARING = "link-parameters", "sharing-settings"
_FIXED, _TO_FILL_IN = "settings-fixed-by-the-class", "settings-of-the-class"


def keep_link(address: MutableMapping[str, str]) -> None:
    """Remember the link that this session was opened with, if it locks or hides something, and keep it in the address.

    A change of page empties the address, and a reload of the next page must not unlock what a teacher has locked.
    """
    link: dict[str, str] | None = st.session_state.get(_LINK)
    if link is None:
        link = {name: address[name] for name in (PRESET, LOCKED, HIDE, *PARAMETERS) if name in address}
        if Restrictions.from_address(link) == Restrictions():
            link = {}
        st.session_state[_LINK] = link
    for name, text in link.items():
        if address.get(name) != text:
            address[name] = text


def adopt_link(parameters: Mapping[str, str], address: MutableMapping[str, str]) -> None:
    """Have the session go on as if it had been opened with this link of a class, and no more with the one before.

    What it locks or hides is as the link says from now on, whatever an address or a run of somebody else says.
    """
    for name in st.session_state.get(_LINK, {}):
        if name not in parameters:
            address.pop(name, None)
    st.session_state[_LINK] = dict(parameters)
    settings, _sentences = settings_from_address(parameters)
    closed = restrictions().locked | restrictions().hidden
    st.session_state[_FIXED] = {name: getattr(settings, name) for key, name in PARAMETERS.items() if key in closed}
    st.session_state[_TO_FILL_IN] = settings if parameters else None


def settings_to_fill_in() -> Hyperparameters | None:
    """Return, once, the settings of a link that was adopted: the form is to have them."""
    settings: Hyperparameters | None = st.session_state.pop(_TO_FILL_IN, None)
    return settings


def fixed_settings() -> dict[str, Any]:
    """Return the values of the settings that the class locks or hides, by their names."""
    fixed: dict[str, Any] = st.session_state.get(_FIXED, {})
    return fixed


def check_fixed(hyperparameters: Hyperparameters, changed: Iterable[str] = ()) -> None:
    """Raise ClassError where a run with these settings, some `changed` on its way, has others than the class fixes."""
    fixed = fixed_settings()
    others = {name for name, value in fixed.items() if getattr(hyperparameters, name) != value}
    others |= fixed.keys() & set(changed)
    if others:
        titles = format_list([_(field.title) for name, field in FIELDS.items() if name in others])
        sentence = _("The teacher of your class has chosen one value for all: {titles}. This run would have another.")
        raise ClassError(sentence.format(titles=titles))


def overruled(address: Mapping[str, str]) -> list[str]:
    """Return a sentence where an address asks for another value of what the class fixes, else nothing."""
    asked, _sentences = settings_from_address(address)
    names = fixed_settings() if PRESET in address else {PARAMETERS[key] for key in PARAMETERS.keys() & address.keys()}
    if all(getattr(asked, name) == value for name, value in fixed_settings().items() if name in names):
        return []
    return [_("The address asks for other settings than those of your class: what its teacher chose for all stays.")]


def speed_from_address(address: Mapping[str, str], default: str) -> tuple[str, list[str]]:
    """Return the name of the speed in an address, or else `default`; and what is wrong with it, if anything."""
    name = address.get(SPEED, default)
    if name in NAMED_SPEEDS:
        return name, []
    sentence = _("The address asks for the speed “{name}”, which does not exist; choose one of {names}.")
    return default, [sentence.format(name=shorten(name), names=format_list(NAMED_SPEEDS))]


def restrictions() -> Restrictions:
    """Return what is locked and hidden on this page."""
    return Restrictions.from_address(st.session_state.get(_LINK, {}))


def is_sharing() -> bool:
    """Tell whether the link to the settings is to be shown."""
    return bool(st.session_state.get(_SHARING, False))


def toggle_sharing() -> None:
    """Show the link to the settings, or do not any more."""
    st.session_state[_SHARING] = not is_sharing()


def page_address() -> str:
    """Return the address of the first page, as this visitor's browser reaches it; the server may be below a path."""
    parts = urlsplit(_visible_address())
    path = parts.path.strip("/").split("/")
    # The last part may name a page; the first page is the one without.
    above = "/".join(path[:-1] if path[-1] in PAGES else path)
    return urlunsplit((parts.scheme, parts.netloc, f"/{above}/" if above else "/", "", ""))


def is_secure() -> bool:
    """Tell whether the browser counts this page among those that may copy, and use a camera: https, or this machine."""
    parts = urlsplit(_visible_address())
    host = parts.hostname or ""
    return parts.scheme != "http" or host in ("localhost", "::1") or host.startswith("127.")


def _visible_address() -> str:
    url = st.context.url
    return url if isinstance(url, str) else ""


def bench_frame() -> str:
    """Return the line of HTML that puts the bench alone into another page."""
    link = build_link(page_address(), {ONLY_PARAMETER: ONLY_BENCH, "embed": "true", **link_parameters()})
    frame = Markup('<iframe src="{}" title="{}" width="100%" height="640" allow="camera; clipboard-write"></iframe>')
    return str(frame.format(link, _("Draw a digit here")))


def settings_link(hyperparameters: Hyperparameters, restrictions: Restrictions) -> str:
    """Return a link that opens the page with these settings, some of them locked or hidden."""
    parameters = {**address_of_settings(hyperparameters), **restrictions.as_parameters(), **link_parameters()}
    return build_link(page_address(), parameters)
