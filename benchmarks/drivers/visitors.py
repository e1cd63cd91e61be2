"""Visitors without a browser: they speak to a Streamlit server as its page does, and are cheap enough for thirty.

``python -m benchmarks.drivers.visitors URL COUNT`` opens the page COUNT times, prints a line of JSON when
all have it, and stays, refreshing what asks to be refreshed, until its standard input ends.
"""

import contextlib
import json
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from mnist_demo.ui import keys

PATIENCE_SECONDS = 60.0
MAX_MESSAGE = 2**26


@dataclass(frozen=True)
class Answer:
    """What the server sent for one run of the script, or of a part of it: seconds, bytes, and the messages."""

    seconds: float
    size: int
    messages: list[Any]


class Visitor:
    """One visitor with the page at `url` open (whose query counts); must be closed.

    Parameters
    ----------
    cookies
        What her browser sends along, as the header has it.
    session
        The id of a session that she says is hers, as a browser does whose connection was lost.
    """

    def __init__(self, url: str, cookies: str = "", session: str = "") -> None:
        # Both come with Streamlit.
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
        from websockets.sync.client import connect
        from websockets.typing import Subprotocol

        self._message_type = ForwardMsg
        parts = urlsplit(url)
        self._query = parts.query
        self._open = contextlib.ExitStack()
        address = f"ws://{parts.netloc}/_stcore/stream"
        self._connection = self._open.enter_context(
            connect(
                address,
                max_size=MAX_MESSAGE,
                compression=None,
                additional_headers={"Cookie": cookies} if cookies else None,
                subprotocols=[Subprotocol(part) for part in ("streamlit", "-", session)] if session else None,
            )
        )
        self.session = session  # until the server has said which it is
        # Part of the page -> seconds between its refreshes.
        self.refreshing: dict[str, float] = {}
        # Those of them that say each time whether there is to be another.
        self._beating: set[str] = set()

    def open_page(self) -> Answer:
        """Run the whole script, as a page that has just been opened does."""
        self.refreshing.clear()
        self._beating.clear()
        return self.rerun()

    def message(self) -> Any:
        """Return a message to the server that runs the script, to be filled further."""
        from streamlit.proto.BackMsg_pb2 import BackMsg

        message = BackMsg()
        message.rerun_script.query_string = self._query
        return message

    def send(self, message: Any) -> None:
        """Send a message, whatever it says."""
        self._connection.send(message.SerializeToString())

    def press(self, key: str, page: Answer) -> Answer:
        """Press the button of that key, of which `page` was told."""
        deltas = (message.delta for message in page.messages if message.WhichOneof("type") == "delta")
        ids = (delta.new_element.button.id for delta in deltas)
        own_id = next(button for button in ids if button.endswith(f"-{key}"))
        request = self.message()
        request.rerun_script.widget_states.widgets.add(id=own_id).trigger_value = True
        return self._ask(request)

    def rerun(self, fragment: str = "", is_refresh: bool = False) -> Answer:
        """Run the script, or only the `fragment` of that id; return when the server has sent all of it."""
        request = self.message()
        request.rerun_script.fragment_id = fragment
        request.rerun_script.is_auto_rerun = is_refresh
        if fragment in self._beating:
            self._beating.remove(fragment)
            del self.refreshing[fragment]
        return self._ask(request)

    def _ask(self, request: Any) -> Answer:
        began = time.perf_counter()
        self.send(request)
        size, messages = 0, []
        while True:
            packed = self._connection.recv(timeout=PATIENCE_SECONDS)
            size += len(packed)
            message = self._message_type()
            message.ParseFromString(packed)
            messages.append(message)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.session = message.new_session.initialize.session_id
            elif kind == "auto_rerun":
                self.refreshing[message.auto_rerun.fragment_id] = message.auto_rerun.interval
            elif kind == "delta" and message.delta.new_element.bidi_component.component_name == keys.PULSE:
                seconds = json.loads(message.delta.new_element.bidi_component.json)["seconds"]
                self.refreshing[message.delta.fragment_id] = seconds
                self._beating.add(message.delta.fragment_id)
            if kind == "script_finished" and message.script_finished in _endings(self._message_type):
                return Answer(time.perf_counter() - began, size, messages)

    def stay(self, until: threading.Event) -> None:
        """Refresh what asks for it, each at its own pace, as a page does, until the event is set."""
        due = dict.fromkeys(self.refreshing, 0.0)
        while not until.is_set():
            now = time.monotonic()
            for fragment in [name for name in self.refreshing if due.get(name, 0.0) <= now]:
                due[fragment] = now + self.refreshing[fragment]
                self.rerun(fragment, is_refresh=True)
            until.wait(0.02)

    def close(self) -> None:
        self._open.close()


def _endings(message_type: Any) -> tuple[int, ...]:
    return (message_type.FINISHED_SUCCESSFULLY, message_type.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


def main(url: str, count: int) -> None:
    """Be `count` visitors until standard input ends."""
    visitors = [Visitor(url) for _visitor in range(count)]
    for visitor in visitors:
        visitor.open_page()
    print(json.dumps({"visitors": count}), flush=True)
    leave = threading.Event()
    threads = [threading.Thread(target=visitor.stay, args=(leave,), daemon=True) for visitor in visitors]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    leave.set()
    for visitor, thread in zip(visitors, threads, strict=True):
        thread.join(PATIENCE_SECONDS)
        visitor.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
