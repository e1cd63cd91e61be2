"""Streamlit has what `mnist_demo/ui/streamlit_internals.py` lists, which says what to look at where it has not."""

import functools
import importlib.util
import logging
import os
import re
import socket
import tomllib
from pathlib import Path

import pytest
import streamlit
from starlette.websockets import WebSocketDisconnected

from mnist_demo.ui.streamlit_internals import is_session_alive, let_leave_quietly, send_at_once, session_id
from tests import ROOT

UI = ROOT / "mnist_demo" / "ui"


def source_of(name: str) -> str:
    return (UI / name).read_text(encoding="utf-8")


def bundle_of(folder: Path) -> str:
    """Return all JavaScript that a browser gets from `folder`."""
    return "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.js"))


@functools.cache
def streamlit_bundle() -> str:
    return bundle_of(Path(streamlit.__file__).parent / "static")


def canvas_folder() -> Path:
    # Without importing it, which only a running page can.
    component = importlib.util.find_spec("streamlit_drawable_canvas")
    assert component is not None
    assert component.origin is not None
    return Path(component.origin).parent


def test_every_option_in_the_config_file_is_known_to_streamlit() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["runner"]["postScriptGC"] is False
    for section in ("runner", "global", "server", "browser", "client"):
        for option in config[section]:
            streamlit.get_option(f"{section}.{option}")  # raises where there is none


def test_streamlit_opens_its_socket_without_naming_the_protocol() -> None:
    server = Path(streamlit.__file__).parent / "web" / "server" / "starlette" / "starlette_server.py"
    assert "socket.socket(family=family)" in server.read_text(encoding="utf-8")


def test_no_session_outside_of_a_server() -> None:
    assert session_id() == ""
    assert not is_session_alive("nobody's")


def test_every_name_of_an_element_that_styles_and_scripts_ask_for_is_streamlits() -> None:
    named = re.compile(r"""(?:data-testid\*?=\\?["']?|\.)(st[A-Z]\w+)""")
    asking = [path for path in UI.rglob("*") if path.suffix in {".css", ".js", ".py"}]
    names = {name for path in asking for name in named.findall(path.read_text(encoding="utf-8"))}
    # One of a style sheet, a script, a page in Python, and a folder's style sheet each.
    assert {"stMultiSelect", "stTooltipContent", "stProgress", "stElementToolbar", "stApp"} <= names
    assert names - set(re.findall(r"\bst[A-Z]\w+", streamlit_bundle())) == set()


def test_charts_are_written_on_in_the_grey_that_the_page_paints_darker() -> None:
    grey = re.search(r'colour === "(#\w{6})"', source_of("browser.js"))
    assert grey is not None
    assert f"gray70:`{grey[1]}`" in streamlit_bundle()


def test_page_says_that_a_script_runs_and_a_connection_stands_by_the_attributes_that_scripts_ask_for() -> None:
    assert ".stApp[data-test-script-state='running']" in source_of("widgets/pulse.js")
    bundle = streamlit_bundle()
    assert "data-test-script-state" in bundle
    assert 'testConnectionState !== "CONNECTED"' in source_of("browser.js")
    assert "data-test-connection-state" in bundle
    assert re.search(r"""=["'`]CONNECTED["'`]""", bundle)
    assert re.search(r"""=["'`]running["'`]""", bundle)


def test_canvas_has_the_tools_that_its_script_presses_and_puts_away() -> None:
    script, bundle = source_of("drawing/canvas.js"), bundle_of(canvas_folder())
    for name in ("dc-toolbar", "Update the app"):
        assert name in script
        assert name in bundle
    # In a shadow root, where its script looks for them.
    assert "isolate_styles=True" in (canvas_folder() / "__init__.py").read_text(encoding="utf-8")


def sends_at_once(connection: socket.socket) -> bool:
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_send_at_once_reaches_open_connections_and_those_still_to_come() -> None:
    # As Streamlit makes it: the protocol is not named.
    one, other = socket.socketpair()
    with socket.socket(family=socket.AF_INET) as listening, one, other:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        with socket.create_connection(listening.getsockname()) as first, listening.accept()[0] as first_here:
            assert not sends_at_once(first_here)
            send_at_once()
            assert sends_at_once(first_here)
            assert sends_at_once(first)
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as second_here:
            assert sends_at_once(second_here)
        one.sendall(b"still open")
        assert other.recv(20) == b"still open"


def test_send_at_once_leaves_no_file_open() -> None:
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208
    for _time in range(50):
        send_at_once()
    # Threads of other tests may open some meanwhile.
    assert len(os.listdir("/dev/fd")) < before + 50  # noqa: PTH208


def test_visitor_who_leaves_is_not_logged_and_every_other_error_is(caplog: pytest.LogCaptureFixture) -> None:
    let_leave_quietly()
    log = logging.getLogger("uvicorn.error")
    for error in (WebSocketDisconnected("closed twice"), RuntimeError("of ours")):
        try:
            raise error
        except RuntimeError:
            log.exception("Exception in ASGI application")
    log.error("not even started")
    assert [str(record.exc_info[1]) if record.exc_info else record.message for record in caplog.records] == [
        "of ours",
        "not even started",
    ]
