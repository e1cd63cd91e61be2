"""A browser's request, taken as its visitor meant it, and an answer that it can draw; see `streamlit_internals`.

Four things that Streamlit gets wrong where parts of a page refresh by themselves, three seen on busy machines:

- What happens in a browser before it has sent what happened just before goes along with that, to the part of the page
  which that concerns alone. So a click beside a refresh changed a value on the server, and the page never followed.
- A refresh that was asked for on the page before, and is answered after `streamlit.switch_page`, takes the browser back
  to that page: it removes all that the new one has drawn but the frame.
- When a part runs again before all of its last run was sent, the server drops the rest of that, but not what was drawn
  for the parts within: the browser has no place for that, and shows an empty page.
- When the page runs again as a whole, the server drops what was not sent yet, and with it the answer to a browser that
  asks where to send a file: the file is chosen, and nothing happens.
"""

import dataclasses
from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

_TRIGGERS = {"trigger_value", "string_trigger_value", "chat_input_value", "json_trigger_value"}


def answer_what_was_meant() -> None:
    """Have the server do so from here on; once for a server."""
    if ForwardMsgQueue.clear.__name__ != "clear_rightly":
        _rerun_all_that_was_changed()
        _stay_on_the_page()
        _drop_only_what_has_no_place()


def _rerun_all_that_was_changed() -> None:
    handle = AppSession.handle_backmsg
    last_states = WeakKeyDictionary[AppSession, dict[str, WidgetState]]()

    def handle_whole(self: AppSession, msg: BackMsg) -> None:
        if msg.WhichOneof("type") == "rerun_script":
            request = msg.rerun_script
            before, now = last_states.get(self, {}), {state.id: state for state in request.widget_states.widgets}
            last_states[self] = now
            if request.fragment_id and not _is_within(self, request.fragment_id, _changed(before, now.values())):
                request.fragment_id = ""
        handle(self, msg)

    AppSession.handle_backmsg = handle_whole  # type: ignore[method-assign]


def _changed(before: dict[str, WidgetState], now: Iterable[WidgetState]) -> Iterable[str]:
    """Return the ids of what was pressed, or has another value, since the request before."""
    for state in now:
        if state.WhichOneof("value") in _TRIGGERS or (state.id in before and state != before[state.id]):
            yield state.id


def _is_within(session: Any, fragment: str, widgets: Iterable[str]) -> bool:
    """Tell whether all of these, as far as the page knows them, are in that part of it."""
    metadata = session.session_state._new_widget_state.widget_metadata
    return all(metadata[name].fragment_id == fragment for name in widgets if name in metadata)


def _stay_on_the_page() -> None:
    run_script = ScriptRunner._run_script

    def run_on_the_page(self: ScriptRunner, rerun_data: RerunData) -> None:
        context = self._get_script_run_ctx()
        if rerun_data.fragment_id_queue and context.page_script_hash not in ("", rerun_data.page_script_hash):
            rerun_data = dataclasses.replace(
                rerun_data,
                page_script_hash=context.page_script_hash,
                query_string=context.query_string,
                is_auto_rerun=True,  # without a word in the log where that part is not there any more
            )
        run_script(self, rerun_data)

    ScriptRunner._run_script = run_on_the_page  # type: ignore[method-assign]


def _drop_only_what_has_no_place() -> None:
    clear = ForwardMsgQueue.clear

    def clear_rightly(
        self: ForwardMsgQueue, retain_lifecycle_msgs: bool = False, fragment_ids_this_run: list[str] | None = None
    ) -> None:
        if fragment_ids_this_run:
            self._queue = list(_with_a_place(self._queue, fragment_ids_this_run))
        asked = [message for message in self._queue if message.WhichOneof("type") == "file_urls_response"]
        clear(self, retain_lifecycle_msgs, fragment_ids_this_run)
        if retain_lifecycle_msgs and not fragment_ids_this_run:
            self._queue.extend(asked)

    ForwardMsgQueue.clear = clear_rightly  # type: ignore[method-assign]


def _with_a_place(messages: Iterable[ForwardMsg], parts: list[str]) -> Iterable[ForwardMsg]:
    """Leave out what is to be drawn within something that these parts have drawn."""
    dropped = set[tuple[int, ...]]()
    for message in messages:
        path = tuple(message.metadata.delta_path)
        if message.delta.WhichOneof("type") == "add_block" and message.delta.fragment_id in parts:
            dropped.add(path)
        if not any(path[:length] in dropped for length in range(1, len(path))):
            yield message
