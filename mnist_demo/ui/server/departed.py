"""Sessions and event loops of visitors who have left, closed soon and dropped in time; see `streamlit_internals`.

Streamlit keeps a session for whoever comes back within ``server.disconnectedSessionTTL`` seconds. But it drops none of
them then until somebody else leaves, keeps 128 of them, and each has an event loop of its own, which is three open
files: 384 of the 1,024 that many systems allow a server.
"""

import asyncio
import logging
from typing import Any

from streamlit.logger import get_logger
from streamlit.runtime import app_session, exists, get_instance

LOOK_SECONDS = 2.0  # between two looks for visitors who have left


def free_the_departed() -> None:
    """Have the server do so from here on; once for a server.

    A visitor who comes back gets another event loop with her session: Streamlit makes one, and would warn that nobody
    should have closed the first.
    """
    log = get_logger(app_session.__name__)
    if _is_about_more_than_closed_loops not in log.filters:
        log.addFilter(_is_about_more_than_closed_loops)
    runtime: Any = get_instance() if exists() else None
    if not hasattr(runtime, "_session_mgr"):
        return  # a test, without a server
    server = runtime._get_async_objs().eventloop
    server.call_soon_threadsafe(_free, server, runtime._session_mgr._session_storage)


def _free(server: asyncio.AbstractEventLoop, departed: Any) -> None:
    """Do it now, and again in a while; in the thread of the server's event loop, as all that concerns sessions."""
    departed._cache.expire()
    for session in [stored.session for stored in departed.list()]:
        if session._scriptrunner is None:
            app_session._close_script_event_loop(session._script_event_loop)
    server.call_later(LOOK_SECONDS, _free, server, departed)


def _is_about_more_than_closed_loops(record: logging.LogRecord) -> bool:
    return "script event loop is closed" not in record.getMessage()
