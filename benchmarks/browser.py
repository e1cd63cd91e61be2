"""A real Chromium, driven with playwright: both are needed only to measure the page."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_demo.errors import BenchmarkError
from mnist_demo.translation import _

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BROWSER_VARIABLE = "MNIST_DEMO_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
PATIENCE_MS, POLLING_MS = 60_000, 40
STOPWATCH = Path(__file__).with_name("stopwatch.js").read_text("utf-8")


def lacks_browser() -> str | None:
    """Return a sentence about what is to be installed before the page can be measured, or None."""
    if _find() is not None:
        return None
    return _(
        "To measure the page, Chromium is needed: install it (Debian, Ubuntu: apt-get install chromium; elsewhere: "
        "python -m playwright install chromium), or name it in {variable}."
    ).format(variable=BROWSER_VARIABLE)


@contextlib.contextmanager
def open_browser() -> Iterator["Browser"]:
    """Start a headless Chromium; it is closed at the end.

    Raises
    ------
    BenchmarkError
        When it cannot be started, or what is asked of it inside the context does not happen.
    """
    from playwright.sync_api import Error, sync_playwright

    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=_find(), args=list(FLAGS))
            try:
                yield browser
            finally:
                browser.close()
    except Error as error:
        # Its first line says what was waited for in vain.
        sentence = _("The browser did not do what was to be measured: {problem}")
        raise BenchmarkError(sentence.format(problem=error.message.splitlines()[0])) from error


def _find() -> str | None:
    candidates = [os.environ.get(BROWSER_VARIABLE), *map(shutil.which, NAMES)]
    # Where playwright keeps those that it installs: the newest of them.
    kept = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    candidates += sorted(map(str, kept.glob("chromium-*/chrome-*/chrome")), reverse=True)
    return next((candidate for candidate in candidates if candidate and Path(candidate).exists()), None)


@contextlib.contextmanager
def open_page(browser: "Browser", url: str, ready: str) -> Iterator["Page"]:
    """Open `url` as a visitor of its own, with a stopwatch in it; wait for the element of the selector `ready`."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.add_init_script(STOPWATCH)
        page.goto(url)
        page.locator(ready).first.wait_for()
        yield page
    finally:
        context.close()


def press(page: "Page", key: str) -> None:
    """Press the button with that element key, as soon as it can be pressed."""
    page.locator(f".st-key-{key} button").click()


def look(page: "Page", **selectors: str) -> None:
    """Start the stopwatch: from now on it notes when the elements of these selectors change."""
    page.evaluate("selectors => stopwatch.look(selectors)", selectors)


def wait_until(page: "Page", condition: str) -> None:
    """Wait until a JavaScript expression is true; asked seldom, so that asking costs the page nothing."""
    page.wait_for_function(f"() => {condition}", polling=POLLING_MS)
