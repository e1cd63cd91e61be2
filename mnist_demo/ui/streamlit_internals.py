"""Everything of Streamlit that the page relies on and its documentation does not promise: read it before an upgrade.

`tests/ui/test_streamlit_internals.py` checks that each of these is still there. Where one is gone, or works otherwise:

- **Sessions** (`session_id`, `is_session_alive`, `has_left`): ``streamlit.runtime.get_instance`` and the context of a
  script's run. A run of a visitor who has gone stops when its lease ends, and only these tell whose a session is and
  whether it is alive. Look for a public way to a session's id, and for an end-of-session hook that does not fire at
  every lost connection.
- **The listening socket** (`send_at_once`): Streamlit opens it without naming the protocol. Measure a stroke from
  request to answer without the function: at 6 ms instead of 48 it is not needed any more.
- **Visitors who leave** (`let_leave_quietly`): Streamlit closes a closed connection once more, through uvicorn and
  starlette. Close a tab while a run is shown, without the function, and look into the server's log.
- **What one browser can do to the others** (`protect_visitors`): Streamlit obeys messages that clear everybody's
  caches, join any session whose id is named, and keep any number of files. The function changes methods of
  ``AppSession``, of the session manager, of the manager of uploaded files and, as files come, of starlette's
  ``Request`` (`server/uploads.py`), and what is asked for metrics. `tests/ui/test_one_against_all.py` sends such
  messages.
- **What visitors who have left hold open** (`server/departed.py`): a session's event loop is three open files, and 128
  sessions are kept until somebody else leaves. Let two hundred visitors come and go, and count the server's files.
- **Requests that come together** (`server/requests.py`): the browser's part sends them as one of the wrong part of the
  page, the server's answers a refresh of a page that was left, sends what is within something that it has dropped, and
  drops the answer to where a file goes. `tests/ui/server/test_requests.py` shows all four.
- **An answer in pieces** (`server/answers.py`, `browser.js`): the queue of a session, how it tells the server that
  there is something in it, and how the server sends that; that the browser reads ``data`` of a message before React
  posts ``null`` to itself. Without them a stroke is answered 20 to 30 ms later, and in a class one in ten 40 to 90 ms:
  `tests/ui/server/test_answers.py`, `tests/e2e/test_refreshing.py`.
- **Who is answered first** (`server/turns.py`): where a session's thread begins to run the script, where it hands on
  what it has drawn, and the loop that sends it; and how a pulse is named in what a browser sends. Measure a class of
  thirty without the function (``python -m benchmarks crowd-class``): a stroke's p95 is 200 ms instead of 70:
  `tests/ui/server/test_turns.py`.
- **The collector**: ``runner.postScriptGC`` in `.streamlit/config.toml` turns off a full collection after every
  script run, 0.1 to 0.2 s with torch; `resources.warm_up` freezes what is imported instead. An option that is not
  known is a warning in the server's log.
- **What the browser keeps** (``global.maxCachedMessageAge`` there): a browser says which large elements it has, and
  forgets some before they are named to it; a large age makes that rare. Without it, pages of several parts that refresh
  end now and then with "Cached ForwardMsg MISS".
- **The canvas component** (`drawing/canvas.js`): its shadow root, the class ``dc-toolbar`` of its tools, and the
  label of the tool that sends at once. Without them its tools lie over a corner, and an answer comes 200 ms later. It
  can be imported only in a running page (`drawing/canvas.py`), and writes Fabric.js objects (`drawing/strokes.py`).
- **The name of the canvas, and the digit typed on it** (`drawing/typed_digit.js`): its shadow root, and the class
  ``upper-canvas`` of the layer that is drawn on. Without them there is no typing: `tests/e2e/test_everybody.py`.
- **A script that runs** (`widgets/pulse.js`, `browser.js`): ``data-test-script-state`` of the page's outermost element.
  Without it a refresh falls into a click on a busy machine, and the click is lost: `tests/e2e/test_refreshing.py`. And
  ``data-test-connection-state`` there, without which a button whose click was lost with the connection does nothing
  for a minute.
- **The grey of what is written on charts** (`browser.js`): ``#808495`` in the light theme, which is too light, is in no
  setting, and is painted by the program that draws charts. Without the rule in its place the contrast is 3.7 : 1:
  `tests/e2e/test_everybody.py`.
- **Names of elements** in style sheets, scripts and pages: ``data-testid`` and classes that begin with ``st`` and a
  capital. Where one is gone, its rule does nothing: compare screenshots of all pages.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import stat
import time
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import streamlit as st
from starlette.websockets import WebSocketDisconnected
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime import exists, get_instance
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state import SessionStateStatProvider
from streamlit.runtime.stats import CACHE_MEMORY_FAMILY

from mnist_demo.ui.server.uploads import bound_uploads

# Where a process finds the numbers of its open files, on Linux and macOS. Elsewhere nothing is changed.
OPEN_FILES = Path("/dev/fd")
# All that a page of ours sends. Other messages clear everybody's caches, or have the server look at its own folder or
# write into it.
OBEYED = {"rerun_script", "stop_script", "app_heartbeat", "file_urls_request"}
MAX_FILES_AT_ONCE = 20
# A session may have its script run so often, as no page does. What comes faster waits, and is left out in the end.
RUNS_A_SECOND, RUNS_AT_ONCE, FLOOD_SECONDS = 20.0, 40, 5.0


def session_id() -> str:
    """Return the id of the visitor's session, an empty text outside of one."""
    context = get_script_run_ctx(suppress_warning=True)  # asked in threads of the server too
    return context.session_id if context is not None else ""


def is_session_alive(session: str) -> bool:
    """Tell whether the server has that session, with its browser connected."""
    try:
        return get_instance().is_active_session(session)
    except RuntimeError:
        return False  # the server is going down


def has_left(session: str) -> bool:
    """Tell whether that session is not connected any more; outside of a server nobody leaves."""
    try:
        return not get_instance().is_active_session(session)
    except RuntimeError:
        return False


def send_at_once() -> None:
    """Turn off Nagle's algorithm (``TCP_NODELAY``) for this process's TCP sockets, and for those still to be accepted.

    Streamlit opens its listening socket without naming the protocol, so asyncio does not know it for TCP and leaves
    the algorithm on. The second packet of an update then waits until the browser's system has acknowledged the first,
    which it puts off for 40 ms: measured from request to answer, 48 ms instead of 6.
    """
    if not OPEN_FILES.is_dir():
        return
    for name in os.listdir(OPEN_FILES):  # noqa: PTH208  numbers, not paths
        with contextlib.suppress(OSError):  # closed in the meantime, as is the list itself
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                _set_no_delay(int(name))


def _set_no_delay(number: int) -> None:
    # A copy of the number, because it is closed here, and the socket behind it must stay open.
    with socket.socket(fileno=os.dup(number)) as connection:
        if connection.family in (socket.AF_INET, socket.AF_INET6) and connection.type == socket.SOCK_STREAM:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def let_leave_quietly() -> None:
    """Keep out of the server's log that a visitor closed her tab at the moment when something was sent to her.

    Streamlit then closes the closed connection a second time, and uvicorn prints the traceback of that: with a class of
    thirty, pages of it, about nothing. Every other error is logged as before.
    """
    log = logging.getLogger("uvicorn.error")
    if _is_about_more_than_leaving not in log.filters:
        log.addFilter(_is_about_more_than_leaving)


def _is_about_more_than_leaving(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], WebSocketDisconnected))


def protect_visitors(cookie: str, secret_key: str) -> None:
    """Keep one browser from harming the visitors of others by messages that no page of ours sends; once for a server.

    - Only the messages of ``OBEYED`` are obeyed, and those that run the script no faster than a page sends them.
    - Who comes back to a session after a lost connection must show the secret of its visitor: the value of that
      `cookie` is what the session's state has as `secret_key`. Everybody else gets a session of her own.
    - Uploaded files are bounded, by visitor and in all, while they come too, and freed when their session has ended: at
      the latest when its browser has been gone for ``server.disconnectedSessionTTL`` seconds.
    - The server's metrics, which anybody may ask for, say nothing of sessions.
    """
    _obey_harmless_messages()
    runtime: Any = get_instance() if exists() else None
    if not hasattr(runtime, "_session_mgr"):
        return  # a test, without a server
    _keep_sessions_out_of_metrics(runtime.stats_mgr)
    _bind_sessions(runtime, cookie, secret_key)
    bound_uploads(runtime.uploaded_file_mgr, lambda session: _secret_of(runtime, session, secret_key) or session)


def _obey_harmless_messages() -> None:
    obey = AppSession.handle_backmsg
    due = WeakKeyDictionary[AppSession, float]()  # when the newest run of the script was allowed
    if obey.__name__ == "handle_harmless":
        return

    def handle_harmless(self: AppSession, msg: BackMsg) -> None:
        kind = msg.WhichOneof("type")
        if kind == "rerun_script":
            now = time.monotonic()
            moment = max(due.get(self, 0.0), now - RUNS_AT_ONCE / RUNS_A_SECOND) + 1 / RUNS_A_SECOND
            if moment > now + FLOOD_SECONDS:
                return
            due[self] = moment
            if moment <= now:
                obey(self, msg)
            else:
                asyncio.get_running_loop().call_later(moment - now, obey, self, msg)
        elif kind in OBEYED and len(msg.file_urls_request.file_names) <= MAX_FILES_AT_ONCE:
            obey(self, msg)

    AppSession.handle_backmsg = handle_harmless  # type: ignore[method-assign]


def _secret_of(runtime: Any, session_id: str, secret_key: str) -> str | None:
    """Return the secret of the visitor whose session that is, None where the session is not known or has none yet."""
    info = runtime._session_mgr.get_session_info(session_id)
    state = info.session.session_state if info is not None else {}
    return str(state[secret_key]) if secret_key in state else None


def _keep_sessions_out_of_metrics(metrics: Any) -> None:
    memory = metrics._providers_by_family[CACHE_MEMORY_FAMILY]
    without_sessions = [provider for provider in memory if not isinstance(provider, SessionStateStatProvider)]
    metrics._providers_by_family = {CACHE_MEMORY_FAMILY: without_sessions}


def _bind_sessions(runtime: Any, cookie: str, secret_key: str) -> None:
    manager = runtime._session_mgr
    connect, disconnect = manager.connect_session, manager.disconnect_session

    def connect_owner(
        client: Any, script_data: Any, user_info: Any, existing_session_id: str | None = None, **more: Any
    ) -> Any:
        if existing_session_id is not None:
            secret = _secret_of(runtime, existing_session_id, secret_key)
            shown = client.client_context.cookies.get(cookie, "")
            if secret is None or not secrets.compare_digest(secret.encode(), shown.encode()):
                existing_session_id = None
        return connect(client, script_data, user_info, existing_session_id, **more)

    def disconnect_for_a_while(session_id: str) -> None:
        disconnect(session_id)
        # Streamlit frees files when it forgets a session, which may be long after it has ended.
        patience = float(st.get_option("server.disconnectedSessionTTL"))
        asyncio.get_running_loop().call_later(patience, free_uploads, session_id)

    def free_uploads(session_id: str) -> None:
        if not manager.is_active_session(session_id):
            runtime.uploaded_file_mgr.remove_session_files(session_id)

    manager.connect_session, manager.disconnect_session = connect_owner, disconnect_for_a_while
