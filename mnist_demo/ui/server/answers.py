"""Answers that reach the browser whole, and at once; see `streamlit_internals`.

Streamlit sends an answer as it is made: that it has begun, then some elements, then that it has ended. The browser goes
through all of its page for each of these, which takes as long as the server needs for the whole answer to a stroke:
measured from the lifted pen, three times 20 ms, of which two were for nothing that anybody sees.

And it sends what is there for all sessions in turn, message by message, and then rests for 10 ms. Where many pages
refresh, one answer in ten waited 40 to 90 ms for that when it was ready.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import exists, get_instance
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.session_manager import SessionClientDisconnectedError

# An answer that takes longer is sent as it is made, as Streamlit does.
HOLD_SECONDS = 0.1


def answer_whole() -> None:
    """Have the server do so from here on, for parts of the page that run by themselves; once for a server.

    Not where a button was pressed: the browser shows at once that its answer is being made.
    """
    if AppSession.flush_browser_queue.__name__ == "flush_whole":
        return
    handle, enqueue, flush = AppSession.handle_backmsg, AppSession._enqueue_forward_msg, AppSession.flush_browser_queue
    note_sent = AppSession.on_flushed_messages_sent
    pressed = WeakSet[AppSession]()  # whose next answer is to a button
    held = WeakKeyDictionary[AppSession, asyncio.TimerHandle]()  # who gets her answer then at the latest
    being_sent = WeakSet[AppSession]()  # whose messages of before Streamlit sends one by one

    def note_buttons(self: AppSession, msg: BackMsg) -> None:
        if any(widget.WhichOneof("value") == "trigger_value" for widget in msg.rerun_script.widget_states.widgets):
            pressed.add(self)
        handle(self, msg)

    def enqueue_and_hold(self: AppSession, msg: ForwardMsg) -> None:
        kind = msg.WhichOneof("type")
        if kind == "new_session":
            if msg.metadata.run.fragment_ids and self not in pressed:
                release(self)
                held[self] = asyncio.get_running_loop().call_later(HOLD_SECONDS, send, self)
            pressed.discard(self)
        is_whole = kind == "script_finished" and self in held and self not in being_sent
        if kind == "script_finished":
            release(self)
        if self in held:
            self._browser_queue.enqueue(msg)  # and nobody is told that there is something to be sent
        else:
            enqueue(self, msg)
        if is_whole:
            _send(self.id, partial(flush, self))

    def flush_whole(self: AppSession) -> list[ForwardMsg]:
        messages = [] if self in held else flush(self)
        if messages:
            being_sent.add(self)
        return messages

    def note_all_sent(self: AppSession) -> None:
        being_sent.discard(self)
        note_sent(self)

    def release(session: AppSession) -> None:
        if session in held:
            held.pop(session).cancel()

    def send(session: AppSession) -> None:
        release(session)
        if session._message_enqueued_callback is not None:
            session._message_enqueued_callback()

    AppSession.handle_backmsg = note_buttons  # type: ignore[method-assign]
    AppSession._enqueue_forward_msg = enqueue_and_hold  # type: ignore[method-assign]
    AppSession.flush_browser_queue = flush_whole  # type: ignore[method-assign]
    AppSession.on_flushed_messages_sent = note_all_sent  # type: ignore[method-assign]


def _send(session_id: str, flush: Callable[[], list[ForwardMsg]]) -> None:
    """Send what there is for that session now, as Streamlit does when it comes to it; or leave it to that."""
    runtime: Any = get_instance() if exists() else None
    session = runtime._session_mgr.get_active_session_info(session_id) if runtime is not None else None
    if session is not None:
        try:
            for message in flush():
                runtime._send_message(session, message)
        except SessionClientDisconnectedError:
            runtime.disconnect_session(session_id, client=session.client)
