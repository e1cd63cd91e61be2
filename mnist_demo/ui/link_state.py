"""Links with settings: the one that a session was opened with, what it locks and hides, and those given to others."""

from collections.abc import Mapping, MutableMapping
from urllib.parse import urlsplit, urlunsplit

import streamlit as st

from mnist_demo.settings.fields import shorten
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.links import (
    HIDE,
    LOCKED,
    PARAMETERS,
    PRESET,
    Restrictions,
    address_of_settings,
    build_link,
)
from mnist_demo.training.speed import NAMED_SPEEDS
from mnist_demo.translation import _
from mnist_demo.ui.language.state import link_parameters

SPEED = "speed"
_LINK, _SHARING = "link-parameters", "sharing-settings"


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
    """Have the session go on as if it had been opened with this link, and no more with the one before."""
    for name in st.session_state.get(_LINK, {}):
        if name not in parameters:
            address.pop(name, None)
    st.session_state[_LINK] = dict(parameters)


def speed_from_address(address: Mapping[str, str], default: str) -> tuple[str, list[str]]:
    """Return the name of the speed in an address, or else `default`; and what is wrong with it, if anything."""
    name = address.get(SPEED, default)
    if name in NAMED_SPEEDS:
        return name, []
    sentence = _("The address asks for the speed “{name}”, which does not exist; choose one of {names}.")
    return default, [sentence.format(name=shorten(name), names=", ".join(NAMED_SPEEDS))]


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
    """Return the address of the first page, as this visitor's browser reaches it."""
    url = st.context.url
    parts = urlsplit(url if isinstance(url, str) else "")
    # Of the path, the last part names a page; the first page is the one without.
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rpartition("/")[0] + "/", "", ""))


def settings_link(hyperparameters: Hyperparameters, restrictions: Restrictions) -> str:
    """Return a link that opens the page with these settings, some of them locked or hidden."""
    parameters = {**address_of_settings(hyperparameters), **restrictions.as_parameters(), **link_parameters()}
    return build_link(page_address(), parameters)
