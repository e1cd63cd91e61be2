"""An answer goes to the browser whole, unless it takes long or is one to a button."""

import asyncio
import threading
from types import SimpleNamespace

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.session_manager import SessionClientDisconnectedError

from mnist_demo.ui.server import answers, turns
from mnist_demo.ui.server.answers import HOLD_SECONDS, answer_whole
from tests.waiting import run


class Session(AppSession):
    """A session with nothing but its queue; `told` counts how often the server heard that there is something in it."""

    def __init__(self) -> None:
        self._browser_queue = ForwardMsgQueue()
        self._message_enqueued_callback = self.tell
        self._settle_pending = False
        self.id = "session"
        self.told = 0

    def __del__(self) -> None:
        """Do not end as a real one does."""

    def tell(self) -> None:
        self.told += 1

    def _handle_rerun_script_request(self, *request: object, **more: object) -> None:
        """Run nothing: what the page would answer is said by the test."""

    def begin(self, *parts: str) -> None:
        message = ForwardMsg()
        message.new_session.name = "page"
        message.metadata.run.fragment_ids.extend(parts)
        self._enqueue_forward_msg(message)

    def draw(self) -> None:
        message = ForwardMsg()
        message.delta.new_element.html.body = "an element"
        self._enqueue_forward_msg(message)

    def end(self) -> None:
        message = ForwardMsg()
        message.script_finished = ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
        self._enqueue_forward_msg(message)

    def sent(self) -> list[str | None]:
        return [message.WhichOneof("type") for message in self.flush_browser_queue()]


@pytest.fixture(autouse=True)
def _whole_answers() -> None:
    answer_whole()  # a page in another test of this process may have asked for it before


def test_answer_of_a_part_of_the_page_is_sent_when_it_has_ended() -> None:
    async def answer() -> None:
        session = Session()
        session.begin("part")
        session.draw()
        assert (session.told, session.sent()) == (0, [])
        session.end()
        assert session.told
        assert session.sent() == ["new_session", "delta", "script_finished"]

    run(answer())


def test_answer_that_takes_long_is_sent_as_it_is_made() -> None:
    async def answer() -> None:
        session = Session()
        session.begin("part")
        session.draw()
        await asyncio.sleep(2 * HOLD_SECONDS)
        assert session.told
        assert session.sent() == ["new_session", "delta"]
        session.draw()
        assert session.sent() == ["delta"]

    run(answer())


def test_whole_page_is_sent_as_it_is_made() -> None:
    async def answer() -> None:
        session = Session()
        session.begin()
        assert (session.told, session.sent()) == (1, ["new_session"])

    run(answer())


def test_answer_to_a_button_is_sent_as_it_is_made_and_the_next_one_whole() -> None:
    async def answer() -> None:
        session = Session()
        press = BackMsg()
        press.rerun_script.widget_states.widgets.add(id="button", trigger_value=True)
        session.handle_backmsg(press)
        session.begin("part")
        assert session.sent() == ["new_session"]
        session.end()
        session.sent()
        session.begin("part")
        assert session.sent() == []

    run(answer())


def test_part_that_runs_again_before_its_answer_has_ended_is_answered_once_more() -> None:
    async def answer() -> None:
        session = Session()
        session.begin("part")
        session.end()
        session.begin("part")
        session.draw()
        assert session.sent() == []
        session.end()
        assert session.sent() == ["new_session", "script_finished", "new_session", "delta", "script_finished"]

    run(answer())


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What a server with a session that is connected sends by itself."""
    messages: list[str | None] = []
    runtime = SimpleNamespace(
        _session_mgr=SimpleNamespace(get_active_session_info=lambda session_id: session_id),
        _send_message=lambda _session, message: messages.append(message.WhichOneof("type")),
    )
    monkeypatch.setattr(answers, "exists", lambda: True)
    monkeypatch.setattr(answers, "get_instance", lambda: runtime)
    return messages


def test_answer_that_is_whole_is_sent_before_the_server_comes_to_its_session(sent: list[str | None]) -> None:
    async def answer() -> None:
        session = Session()
        session.begin("part")
        session.draw()
        assert sent == []
        session.end()
        assert sent == ["new_session", "delta", "script_finished"]
        assert session.told  # and looks whether all has been sent
        assert session.sent() == []

    run(answer())


def test_answer_to_somebody_who_has_just_left_ends_her_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[tuple[str, str]] = []

    def send(_session: object, _message: ForwardMsg) -> None:
        raise SessionClientDisconnectedError

    manager = SimpleNamespace(get_active_session_info=lambda _session_id: SimpleNamespace(client="browser"))
    runtime = SimpleNamespace(
        _session_mgr=manager,
        _send_message=send,
        disconnect_session=lambda session_id, client: ended.append((session_id, client)),
    )
    monkeypatch.setattr(answers, "exists", lambda: True)
    monkeypatch.setattr(answers, "get_instance", lambda: runtime)

    async def answer() -> None:
        session = Session()
        session.begin("part")
        session.end()

    run(answer())
    assert ended == [("session", "browser")]


def test_answer_comes_after_what_is_being_sent_to_its_session(sent: list[str | None]) -> None:
    async def answer() -> None:
        session = Session()
        session.begin()
        assert session.sent() == ["new_session"]  # which takes a while
        session.begin("part")
        session.end()
        assert sent == []
        session.on_flushed_messages_sent()
        assert session.sent() == ["new_session", "script_finished"]
        session.on_flushed_messages_sent()
        session.begin("part")
        session.end()
        assert sent == ["new_session", "script_finished"]

    run(answer())


def test_turn_of_an_answer_ends_when_that_has_been_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    async def answer() -> None:
        loop = asyncio.get_running_loop()
        runtime = SimpleNamespace(_get_async_objs=lambda: SimpleNamespace(eventloop=loop))
        monkeypatch.setattr(turns, "get_instance", lambda: runtime)

        def draw() -> None:
            loop.call_soon_threadsafe(done.append, "sent")
            turns._when_sent(lambda: done.append("turn ends"))

        drawing = threading.Thread(target=draw)
        drawing.start()
        drawing.join()
        assert done == []
        await asyncio.sleep(0)

    run(answer())
    assert done == ["sent", "turn ends"]
