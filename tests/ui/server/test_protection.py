"""Messages other than those of our pages reach nothing of Streamlit's."""

from types import SimpleNamespace

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.app_session import AppSession

from mnist_demo.ui.streamlit_internals import FLOOD_SECONDS, OBEYED, RUNS_A_SECOND, RUNS_AT_ONCE, protect_visitors


class Session(AppSession):
    """A session that has nothing."""

    def __init__(self) -> None:
        """Begin nothing."""

    def __del__(self) -> None:
        """Do not end as a real one does."""


def test_of_all_messages_that_there_are_only_those_of_our_pages_reach_streamlit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reached: list[str] = []
    for handler in (name for name in vars(AppSession) if name.startswith("_handle_") and name.endswith("_request")):
        monkeypatch.setattr(AppSession, handler, lambda *_asked, handler=handler: reached.append(handler))
    monkeypatch.setattr(AppSession, "handle_backmsg", AppSession.handle_backmsg)  # and as it was at the end
    protect_visitors("cookie", "key")
    session = Session()
    for kind in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields:
        message = BackMsg()
        if kind.message_type is None:
            setattr(message, kind.name, True)
        else:
            getattr(message, kind.name).SetInParent()
        session.handle_backmsg(message)
    assert "_handle_clear_cache_request" not in reached
    assert sorted(reached) == sorted(f"_handle_{kind.removesuffix('_request')}_request" for kind in OBEYED)


def test_flood_of_requests_to_run_the_page_is_slowed_down_and_its_end_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[BackMsg] = []
    monkeypatch.setattr(AppSession, "_handle_rerun_script_request", lambda _session, asked: reached.append(asked))
    monkeypatch.setattr(AppSession, "handle_backmsg", AppSession.handle_backmsg)  # and as it was at the end
    protect_visitors("cookie", "key")
    later: list[float] = []
    loop = SimpleNamespace(call_later=lambda delay, *_call: later.append(delay))
    monkeypatch.setattr("asyncio.get_running_loop", lambda: loop)
    session, message = Session(), BackMsg()
    message.rerun_script.SetInParent()
    for _request in range(500):
        session.handle_backmsg(message)
    monkeypatch.undo()
    assert RUNS_AT_ONCE - 1 <= len(reached) <= RUNS_AT_ONCE + 2
    assert len(later) == pytest.approx(FLOOD_SECONDS * RUNS_A_SECOND, abs=3)
    assert max(later) <= FLOOD_SECONDS
