"""The page through Streamlit's AppTest, each test with a server of its own."""

import functools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from mnist_demo.jobs import computing
from mnist_demo.jobs.estimate import Rates
from mnist_demo.ui import resources, visitor
from mnist_demo.ui.resources import job_registry
from tests import ROOT
from tests.ui.actions import forget_server


@pytest.fixture(scope="session", autouse=True)
def _packages_read_once() -> Iterator[None]:
    """Look through all that is installed for components once, as a server does; AppTest does it for every page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            manifest_scanner, "scan_component_manifests", functools.cache(manifest_scanner.scan_component_manifests)
        )
        yield


@pytest.fixture
def _own_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Let a test have a server of its own: its caches, its runs, its home.

    What a server does beside its first page, for those who come later, is left out; tests/e2e has servers that do it.
    """
    monkeypatch.setattr(resources, "_warm_up", threading.Event.set)
    monkeypatch.setattr(computing, "measure_rates", lambda *_asked: Rates(0.001, 0.0001, 0.001))
    monkeypatch.setenv("MNIST_DEMO_DATA", "builtin")
    monkeypatch.setenv("MNIST_DEMO_HOME", str(tmp_path))
    forget_server()
    yield
    job_registry().close()
    forget_server()


@pytest.fixture
def page(_own_server: None) -> AppTest:
    opened = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    opened.query_params["speed"] = "full"
    opened.run()
    assert not opened.exception
    return opened


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let all pages from here on be opened by the browser that keeps that secret."""

    def use(name: str) -> None:
        monkeypatch.setattr(visitor, "_token", lambda: name)

    use("mine")
    return use


def page_alone(name: str) -> str:
    """Return a script with the frame, the page `name`, and the form: AppTest cannot go from one page to another.

    Guarded, because training and analyses are processes, which import the entry script again.
    """
    return f"""
if __name__ == "__main__":
    import streamlit as st

    from mnist_demo.ui.frame import build_pages, render_frame
    from mnist_demo.ui.train_and_draw.settings import render_settings
    from mnist_demo.ui.{name}.page import render_{name}

    pages = build_pages()
    st.navigation(list(pages.values()))
    render_frame(list(pages.values()), pages["{name.replace("_", "-")}"])
    render_{name}(pages["train-and-draw"])
    render_settings(is_first=False)
"""
