"""Visitors without a browser: they speak to a Streamlit server as its page does, and are cheap enough for hundreds."""

import contextlib
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
from websockets.typing import Subprotocol

from mnist_demo.ui import keys

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

# What the server calls a part of the page that somebody can use: a digest, and the key that the page gave it.
_WIDGET = re.compile(r"\$\$ID-[0-9a-f]+-(.+)")
CANVAS = "canvas"
PATIENCE_SECONDS = 60.0
MAX_MESSAGE = 2**26


@dataclass(frozen=True)
class Answer:
    """What the server sent for one run of the script, or of a part of it: seconds, bytes, and the messages."""

    seconds: float
    size: int
    messages: list[Any]

    def texts(self, kind: str = "html") -> list[str]:
        """Return the bodies of all elements of that kind: ``html``, ``markdown``; or of ``alert``, the notices."""
        elements = [_element(message) for message in self.messages]
        return [getattr(element, kind).body for element in elements if element and element.WhichOneof("type") == kind]

    def faults(self) -> list[str]:
        """Return the errors that the page shows in place of what it should show: nothing of this is meant."""
        elements = [_element(message) for message in self.messages]
        return [
            f"{element.exception.type}: {element.exception.message}"
            for element in elements
            if element and element.WhichOneof("type") == "exception"
        ]


def _element(message: Any) -> Any:
    """Return the element that a message brings, or None."""
    is_element = message.WhichOneof("type") == "delta" and message.delta.WhichOneof("type") == "new_element"
    return message.delta.new_element if is_element else None


class Visitor:
    """One visitor with the page at `url` open (whose query counts); must be closed.

    Parameters
    ----------
    cookies
        What her browser sends along, as the header has it.
    session
        The id of a session that she says is hers, as a browser does whose connection was lost.
    address
        The one of this machine's addresses that she comes from, where it matters.
    """

    def __init__(self, url: str, cookies: str = "", session: str = "", address: str = "") -> None:
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        self._message_type = ForwardMsg
        parts = urlsplit(url)
        self.query = parts.query
        self._url = url.partition("?")[0]
        self._open = contextlib.ExitStack()
        stream = f"ws://{parts.netloc}{parts.path.rstrip('/')}/_stcore/stream"
        self._connection = self._open.enter_context(_connect(stream, cookies, session, address))
        self.session = session
        # Key of something that can be used -> its id, and the id of the part of the page that it is in.
        self._widgets: dict[str, tuple[str, str]] = {}
        self._pages: dict[str, str] = {}
        self._page = ""
        # Part of the page -> seconds between its refreshes.
        self.refreshing: dict[str, float] = {}
        # Those that have asked for it in this run of the script.
        self._drawn: set[str] = set()
        # Part of the page -> when it is refreshed next.
        self._due: dict[str, float] = {}
        # Those of them that say each time whether there is to be another.
        self._beating: set[str] = set()

    def open_page(self) -> Answer:
        """Run the whole script, as a page that has just been opened does."""
        return self.rerun()

    def part_of(self, key: str) -> str:
        """Return the id of the part of the page that what has that key is in; of the whole page, an empty text."""
        return self._widgets[key][1]

    def id_of(self, key: str) -> str:
        """Return what the server calls what has that key."""
        return self._widgets[key][0]

    def go_to(self, page: str) -> Answer:
        """Open another page, by the last part of its address: ``runs``; the first is the empty text."""
        self.turn_to(page)
        return self.rerun()

    def turn_to(self, page: str) -> None:
        """Have what is asked for from here on be for that page."""
        self._page = self._pages[page]
        self.refreshing.clear()
        self._beating.clear()
        self._widgets.clear()

    def has(self, key: str) -> bool:
        """Tell whether the page shows something with that key that can be used."""
        return key in self._widgets

    def press(self, key: str) -> Answer:
        """Press the button with that key."""
        return self._use(key, trigger_value=True)

    def enter(self, key: str, value: float) -> Answer:
        """Put a number into the field with that key."""
        return self._use(key, double_value=value)

    def choose(self, key: str, text: str) -> Answer:
        """Choose from the list with that key what it calls `text`."""
        return self._use(key, string_value=text)

    def fill_in(self, texts: Mapping[str, str], key: str) -> Answer:
        """Write `texts` into the fields of a form, by their keys, and press its button with that `key`."""
        fields = [{"id": self.id_of(field), "string_value": text} for field, text in texts.items()]
        return self.rerun(self.part_of(key), widgets=[*fields, {"id": self.id_of(key), "trigger_value": True}])

    def draw(self, strokes: Sequence[np.ndarray]) -> Answer:
        """Have these strokes on the canvas: (n_points, 2) each, canvas pixels, x right, y down."""
        from mnist_demo.ui.drawing.strokes import objects_of

        return self.draw_objects(objects_of(strokes, "#16211f", 16))

    def draw_objects(self, objects: Any) -> Answer:
        """Tell the server that the canvas has these objects, whatever they are."""
        return self.send_canvas({"drawing": {"raw": {"objects": objects}, "data": None}})

    def send_canvas(self, state: Any) -> Answer:
        """Tell the server that the canvas component has this state."""
        return self._use(CANVAS, json_value=json.dumps(state))

    def _use(self, key: str, **value: Any) -> Answer:
        name, fragment = self._widgets[key]
        return self.rerun(fragment, widgets=[{"id": name, **value}])

    def rerun(self, fragment: str = "", is_refresh: bool = False, widgets: Sequence[dict[str, Any]] = ()) -> Answer:
        """Run the script, or only the `fragment` of that id; return when the server has sent all of it.

        `widgets` are what has been done on the page, as the protocol's ``WidgetState`` has it.
        """
        began = self.ask(fragment, is_refresh, widgets)
        return self.receive(began)

    def ask(self, fragment: str = "", is_refresh: bool = False, widgets: Sequence[dict[str, Any]] = ()) -> float:
        """Ask for a run as `rerun` does, and do not wait for it; return when that was, ``time.perf_counter``."""
        request = self.message()
        request.rerun_script.fragment_id = fragment
        request.rerun_script.is_auto_rerun = is_refresh
        for widget in widgets:
            request.rerun_script.widget_states.widgets.add(**widget)
        if fragment in self._beating:
            self._beating.remove(fragment)
            self.refreshing.pop(fragment, None)
        began = time.perf_counter()
        self.send(request)
        return began

    def receive(self, began: float) -> Answer:
        """Return the answer to what was asked for then, when the server has sent all of it."""
        size, messages = 0, []
        while True:
            packed = self._connection.recv(timeout=PATIENCE_SECONDS)
            size += len(packed)
            message = self._message_type()
            message.ParseFromString(packed)
            messages.append(message)
            self._note(message)
            is_end = message.WhichOneof("type") == "script_finished"
            if is_end and message.script_finished in _endings(self._message_type):
                return Answer(time.perf_counter() - began, size, messages)

    def message(self) -> Any:
        """Return a message to the server that runs the script, to be filled further."""
        from streamlit.proto.BackMsg_pb2 import BackMsg

        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_script_hash = self._page
        message.rerun_script.context_info.url = self._url
        return message

    def send(self, message: Any) -> None:
        """Send a message, whatever it says."""
        self._connection.send(message.SerializeToString())

    def _note(self, message: Any) -> None:
        """Remember what a browser would: what can be used, what refreshes, which pages there are, the address."""
        kind, element = message.WhichOneof("type"), _element(message)
        if kind == "new_session":
            self.session = message.new_session.initialize.session_id
            self._drawn.clear()
        elif kind == "script_finished" and message.script_finished == self._message_type.FINISHED_SUCCESSFULLY:
            # It was the whole page: parts of before have other names now.
            self.refreshing = {part: pause for part, pause in self.refreshing.items() if part in self._drawn}
        elif kind == "auto_rerun":
            self._refresh(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "navigation":
            self._pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif element is not None:
            part = getattr(element, element.WhichOneof("type"))
            found = _WIDGET.fullmatch(getattr(part, "id", ""))
            if found:
                self._widgets[found[1]] = part.id, message.delta.fragment_id
            if element.bidi_component.component_name == keys.PULSE:
                self._refresh(message.delta.fragment_id, json.loads(element.bidi_component.json)["seconds"])
                self._beating.add(message.delta.fragment_id)

    def _refresh(self, part: str, pause: float) -> None:
        self.refreshing[part] = pause
        self._drawn.add(part)

    def refreshes(self, seconds: float, leave: threading.Event) -> Iterator[Answer]:
        """Refresh what asks for it, each part at its own pace, for so many seconds or until the event is set."""
        end = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            self._due = {part: self._due.get(part, now + pause) for part, pause in self.refreshing.items()}
            moment, part = min([(end, ""), *((moment, part) for part, moment in self._due.items())])
            if leave.wait(max(0.0, moment - now)) or not part:
                return
            del self._due[part]
            yield self.rerun(part, is_refresh=True)

    def close(self) -> None:
        self._open.close()


def _connect(stream: str, cookies: str, session: str, address: str) -> "ClientConnection":
    from websockets.sync.client import connect  # comes with Streamlit

    return connect(
        stream,
        max_size=MAX_MESSAGE,
        max_queue=None,  # as browsers, which read what has come whether it is waited for or not
        compression=None,
        ping_interval=None,  # as browsers
        source_address=(address, 0) if address else None,
        additional_headers={"Cookie": cookies} if cookies else None,
        # As its page asks for a session: in a header that scripts may set, after what stands for no token.
        subprotocols=[Subprotocol(name) for name in ("streamlit", "-", session)] if session else None,
    )


def _endings(message_type: Any) -> tuple[int, ...]:
    return (message_type.FINISHED_SUCCESSFULLY, message_type.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
