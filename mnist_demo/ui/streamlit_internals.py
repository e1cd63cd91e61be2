"""Everything of Streamlit that the page relies on and its documentation does not promise: read it before an upgrade.

`tests/ui/test_streamlit_internals.py` checks that each of these is still there. Where one is gone, or works otherwise:

- **Sessions** (`session_id`, `is_session_alive`): ``streamlit.runtime.get_instance`` and the context of a script's
  run. A run of a visitor who has gone stops when its lease ends, and only these tell whose a session is and whether
  it is alive. Look for a public way to a session's id, and for an end-of-session hook that does not fire at every
  lost connection.
- **The listening socket** (`send_at_once`): Streamlit opens it without naming the protocol. Measure a stroke from
  request to answer without the function: at 6 ms instead of 48 it is not needed any more.
- **Visitors who leave** (`let_leave_quietly`): Streamlit closes a closed connection once more, through uvicorn and
  starlette. Close a tab while a run is shown, without the function, and look into the server's log.
- **What visitors who have left hold open** (`free_the_departed`): a session has an event loop of its own, which is
  three open files, and is kept for whoever comes back within ``server.disconnectedSessionTTL`` seconds; but nothing
  drops it then until somebody else leaves, and 128 of them are kept. Let two hundred visitors come and go without the
  function, and count the server's files: 384 more. It needs the runtime's event loop, its store of sessions, of a
  session its event loop and its running script, and `_close_script_event_loop`.
- **The collector**: ``runner.postScriptGC`` in `.streamlit/config.toml` turns off a full collection after every
  script run, 0.1 to 0.2 s with torch; `resources.warm_up` freezes what is imported instead. An option that is not
  known is a warning in the server's log.
- **The canvas component** (`drawing/canvas.js`): its shadow root, the class ``dc-toolbar`` of its tools, and the
  label of the tool that sends at once. Without them its tools lie over a corner, and an answer comes 200 ms later. It
  can be imported only in a running page (`drawing/canvas.py`), and writes Fabric.js objects (`drawing/strokes.py`).
- **The name of the canvas, and the digit typed on it** (`drawing/typed_digit.js`): its shadow root, and the class
  ``upper-canvas`` of the layer that is drawn on. Without them there is no typing: `tests/e2e/test_everybody.py`.
- **A script that runs** (`widgets/pulse.js`): ``data-test-script-state`` of the page's outermost element. Without it
  a refresh falls into a click on a busy machine, and the click is lost: `tests/e2e/test_refreshing.py`.
- **Names of elements** in `style.css`, `access.css`, `lesson/lesson.css`, `frame.js` and the lesson's script:
  ``data-testid`` and classes that begin with ``st`` and a capital. Where one is gone, its rule does nothing: compare
  screenshots of all pages.
"""

import asyncio
import contextlib
import logging
import os
import socket
import stat
from pathlib import Path
from typing import Any

from starlette.websockets import WebSocketDisconnected
from streamlit.logger import get_logger
from streamlit.runtime import get_instance
from streamlit.runtime.app_session import AppSession, _close_script_event_loop
from streamlit.runtime.scriptrunner import get_script_run_ctx

# Where a process finds the numbers of its open files, on Linux and macOS. Elsewhere nothing is changed.
OPEN_FILES = Path("/dev/fd")
# How often it is looked who has left.
LOOK_SECONDS = 2.0


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


def free_the_departed() -> None:
    """Have the server close, from here on, what it holds open for visitors who have left, and drop them in time.

    Who comes back while her session is still kept gets another event loop with it: Streamlit makes one, and would warn
    that nobody should have closed the first.
    """
    with contextlib.suppress(RuntimeError):  # no server: a script that is run by itself
        runtime: Any = get_instance()
        server = runtime._get_async_objs().eventloop
        server.call_soon_threadsafe(_free_the_departed, server, runtime._session_mgr._session_storage)
    log = get_logger(AppSession.__module__)
    if _is_about_more_than_closed_loops not in log.filters:
        log.addFilter(_is_about_more_than_closed_loops)


def _free_the_departed(server: asyncio.AbstractEventLoop, departed: Any) -> None:
    """Do it once, and again in a while; in the thread of the server's event loop, as all that concerns sessions."""
    departed._cache.expire()
    for session in [stored.session for stored in departed.list()]:
        if session._scriptrunner is None:
            _close_script_event_loop(session._script_event_loop)
    server.call_later(LOOK_SECONDS, _free_the_departed, server, departed)


def _is_about_more_than_closed_loops(record: logging.LogRecord) -> bool:
    return "script event loop is closed" not in record.getMessage()
