"""The identity of a visitor: no name and no login, but a secret that her browser keeps in a cookie.

The server asks for nothing else, and keeps of it only a digest, with the runs that the visitor made. The secret is in
no address: who gets a link to a run gets that run, and not the others. Where a browser keeps no cookies, the visitor
is somebody else after a reload, and finds her runs through their links alone.
"""

import hashlib
import json
import re
import secrets

import streamlit as st

from mnist_demo.ui import visitor_state
from mnist_demo.ui.widgets.scripts import run_script

COOKIE = "mnist_demo_visitor"
COOKIE_SECONDS = 400 * 24 * 60 * 60  # browsers keep a cookie no longer
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")

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
    return hashlib.sha256(_token().encode()).hexdigest()[:40]


def render_visitor() -> None:
    """Let the browser keep the visitor's secret; nothing of this is to be seen."""
    values = {"name": json.dumps(COOKIE), "token": json.dumps(_token()), "seconds": COOKIE_SECONDS}
    run_script(_SCRIPT % values)


def _token() -> str:
    token = visitor_state.token()
    if token is None:
        kept = st.context.cookies.get(COOKIE)
        token = kept if isinstance(kept, str) and _TOKEN.fullmatch(kept) else secrets.token_urlsafe(24)
        visitor_state.keep_token(token)
    return token
