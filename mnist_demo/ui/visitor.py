"""The identity of a visitor, a secret that her browser keeps in a cookie, and small values that are kept for her.

There is no name and no login. The server keeps of the secret only a digest, with the runs and drawings that the visitor
made. The secret is in no address: who gets a link to a run gets that run, and not the others. Where a browser keeps no
cookies, the visitor is somebody else after a reload, and finds her runs through their links alone.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

import streamlit as st

from mnist_demo.errors import KeepingError
from mnist_demo.ui import visitor_state
from mnist_demo.ui.resources import visitor_store
from mnist_demo.ui.widgets.scripts import run_script

COOKIE_SECONDS = 400 * 24 * 60 * 60  # browsers keep a cookie no longer
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
_PREFERENCES = "preferences"

# A page that was opened beside this one, both for the first time, may have set another secret since: then that one
# counts, and this page is opened again, once. A page inside another site's page may keep a cookie for that place only.
_SCRIPT = """
(() => {
  const name = %(name)s, token = %(token)s, flag = name + "-reloaded";
  const found = document.cookie.split("; ").find((part) => part.startsWith(name + "="))?.slice(name.length + 1);
  if (found && found !== token && /^[\\w-]{32}$/.test(found) && !sessionStorage.getItem(flag)) {
    sessionStorage.setItem(flag, "1");
    location.reload();
    return;
  }
  const secure = location.protocol === "https:" ? "; Secure" : "";
  const site = secure && window.self !== window.top ? "; SameSite=None; Partitioned" : "; SameSite=Lax";
  document.cookie = `${name}=${token}; Path=/; Max-Age=%(seconds)d${site}${secure}`;
})();
"""


def owner() -> str:
    """Return what stands for this visitor in saved runs; her secret cannot be found from it."""
    return _digest(_token())


def render_visitor() -> None:
    """Let the browser keep the visitor's secret; nothing of this is to be seen."""
    values = {"name": json.dumps(visitor_state.COOKIE), "token": json.dumps(_token()), "seconds": COOKIE_SECONDS}
    run_script(_SCRIPT % values)


def read_preference(name: str) -> Any:
    """Return what `keep_preference` was last given for `name`, in any session of this visitor; None where nothing."""
    return read_values(_PREFERENCES).get(name)


def keep_preference(name: str, value: Any) -> None:
    """Keep `value`, which JSON must know, for this visitor: it is here again after a reload and after a restart."""
    keep_values(_PREFERENCES, {name: value})


def read_values(name: str) -> dict[str, Any]:
    """Return the values that are kept together as `name` for this visitor, unchecked; the page says what is damaged."""
    try:
        return visitor_store().read_values(owner(), name)
    except KeepingError as error:
        visitor_state.notify_once(str(error))
        return {}


def keep_values(name: str, changes: Mapping[str, Any]) -> bool:
    """Keep `changes` among the values called `name`, and return True; where that cannot be, the page says so."""
    try:
        visitor_store().keep_values(owner(), name, changes)
    except KeepingError as error:
        visitor_state.notify_once(str(error))
        return False
    return True


def forget_values(name: str) -> None:
    """Forget the values called `name`; where that cannot be, the page says so."""
    try:
        visitor_store().forget_values(owner(), name)
    except KeepingError as error:
        visitor_state.notify_once(str(error))


def _token() -> str:
    token = visitor_state.token()
    if token is None:
        token = secret_in(st.context.cookies.get(visitor_state.COOKIE))
        visitor_state.keep_token(token)
        visitor_store().note_visit(_digest(token))
    return token


def secret_in(cookie: object) -> str:
    """Return the secret that a cookie holds, whatever a browser sends; a new one where it is none of ours."""
    return cookie if isinstance(cookie, str) and _TOKEN.fullmatch(cookie) else secrets.token_urlsafe(24)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:40]
