"""The link to a class, as other machines in the room reach it."""

import socket
from urllib.parse import urlsplit, urlunsplit

from mnist_demo.settings.links import build_link

# What a machine calls itself: on a pupil's phone these names mean the phone.
OWN_NAMES = ("localhost", "127.0.0.1", "::1")
# Where a server listens that listens at all of its addresses; None is Streamlit's word for it.
ALL_ADDRESSES = (None, "", "0.0.0.0", "::")


def class_link(page: str, code: str, language: str = "", host: str | None = None) -> str:
    """Return the link that joins a class.

    Parameters
    ----------
    page
        The address of the page “Class”, as the teacher's browser reaches it.
    language
        That everybody is to read, empty for each one's own.
    host
        This machine's address in the network, for a teacher who sits at the server; None where nobody else reaches it.
    """
    parts = urlsplit(page)
    if host is not None and parts.hostname in OWN_NAMES:
        port = f":{parts.port}" if parts.port else ""
        parts = parts._replace(netloc=f"{host}{port}")
    return build_link(urlunsplit(parts), {"code": code} | ({"lang": language} if language else {}))


def network_address(listens_at: str | None = None) -> str | None:
    """Return the address by which others reach a server of this machine, None without one; nothing is sent for that.

    One that `listens_at` a single address is reached by that, which its visitors have typed, or by none.
    """
    if listens_at not in ALL_ADDRESSES:
        return None
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))  # reserved for documentation (RFC 5737): only the way there is looked up
            address: str = probe.getsockname()[0]
    except OSError:
        return None
    return None if address.startswith(("127.", "0.")) else address
