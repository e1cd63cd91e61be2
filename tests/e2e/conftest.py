"""A real server and a real browser for the tests in this folder."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, Playwright, expect, sync_playwright

from tests import ROOT

BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
HOW_TO_GET_ONE = (
    "needs Chromium: install it (Debian, Ubuntu: apt-get install chromium; elsewhere: python -m playwright install "
    "chromium), or name it in MNIST_DEMO_BROWSER"
)
PATIENCE_MS = 30_000


def find_browser(playwright: Playwright) -> str:
    """Return the path of a Chromium, or skip the test saying how to get one."""
    candidates = [os.environ.get("MNIST_DEMO_BROWSER"), *map(shutil.which, BROWSER_NAMES)]
    candidates.append(playwright.chromium.executable_path)
    for candidate in candidates:
        if candidate and Path(candidate).exists():
            return candidate
    pytest.skip(HOW_TO_GET_ONE)


@pytest.fixture(autouse=True)
def _patience() -> None:
    """Let a machine that does something else besides take its time: what is right at last is right."""
    expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=find_browser(playwright),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        yield chromium
        chromium.close()


@dataclass
class Server:
    """A running page: its address and the file that its output goes to."""

    url: str
    log: Path
    process: "subprocess.Popen[bytes]"

    def complaints(self) -> list[str]:
        """Return what in the log looks like an error."""
        signs = ("Traceback", "Error", "Exception", "WARNING", "Warning")
        return [line for line in self.log.read_text().splitlines() if any(sign in line for sign in signs)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def serve(folder: Path, data: str | None, port: int | None = None, **variables: str) -> Iterator[Server]:
    """Run ``streamlit run app.py`` with its own home under `folder` and that ``MNIST_DEMO_DATA``, if any.

    `variables` are further environment variables of the server.
    """
    port, log = port or free_port(), folder / "server.log"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    command += ["--server.headless=true", "--server.address=127.0.0.1"]
    environment = {**os.environ, "MNIST_DEMO_HOME": str(folder / "home"), **variables}
    environment.pop("MNIST_DEMO_DATA", None)
    if data is not None:
        environment["MNIST_DEMO_DATA"] = data
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None, log.read_text()
            with contextlib.suppress(OSError):
                if urllib.request.urlopen(f"{url}/_stcore/health", timeout=1).status == 200:
                    break
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield Server(url, log, process)
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The page on the built-in digits, shared by the tests; no test may have made it complain."""
    with serve(tmp_path_factory.mktemp("server"), "builtin") as running:
        yield running
        assert running.complaints() == []


@dataclass
class Visit:
    """One visitor's page, and what the browser's console said about it."""

    page: Page
    console: list[str]


@contextlib.contextmanager
def visit(browser: Browser, url: str, width: int = 1280, height: int = 800, scheme: str = "light") -> Iterator[Visit]:
    """Open the page in a context of its own; at the end the console must have stayed free of errors and warnings.

    What it shows at the end is printed, which pytest repeats where a test fails.
    """
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    console: list[str] = []
    page.on("console", lambda message: console.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: console.append(str(error)))
    page.goto(url)
    page.locator(".st-key-sample-digits figure").first.wait_for()
    try:
        yield Visit(page, console)
    finally:
        with contextlib.suppress(Error):  # it may be the browser that has failed
            print(f"What {page.url} showed at the end:", page.locator("body").inner_text(timeout=5_000), sep="\n")
        context.close()
    assert console == []


@pytest.fixture
def visitor(browser: Browser, server: Server) -> Iterator[Visit]:
    with visit(browser, server.url) as opened:
        yield opened


@pytest.fixture
def page(visitor: Visit) -> Page:
    return visitor.page
