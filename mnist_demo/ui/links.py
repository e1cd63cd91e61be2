"""Links that a visitor gives to others."""

from urllib.parse import urlsplit, urlunsplit

import streamlit as st

from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.links import Restrictions, address_of_settings, build_link


def page_address() -> str:
    """Return the address of the first page, as this visitor's browser reaches it."""
    url = st.context.url
    parts = urlsplit(url if isinstance(url, str) else "")
    # Of the path, the last part names a page; the first page is the one without.
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rpartition("/")[0] + "/", "", ""))


def settings_link(hyperparameters: Hyperparameters, restrictions: Restrictions) -> str:
    """Return a link that opens the page with these settings, some of them locked or hidden."""
    return build_link(page_address(), {**address_of_settings(hyperparameters), **restrictions.as_parameters()})
