"""A page with a stopwatch in it, which notes to the millisecond when an element changed; needs Playwright."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Error, Page

from benchmarks.errors import BenchmarkError
from mnist_demo.translation import _
from tests.browser.chromium import open_chromium
from tests.browser.page import START_BUTTON, open_page

POLLING_MS = 40
STOPWATCH = Path(__file__).with_name("stopwatch.js").read_text("utf-8")


@contextlib.contextmanager
def open_browser() -> Iterator[Browser]:
    """Start a headless Chromium; it is closed at the end.

    Raises
    ------
    BenchmarkError
        When it cannot be started, or what is asked of it inside the context does not happen.
    """
    try:
        with open_chromium() as browser:
            yield browser
    except Error as error:
        # Its first line says what was waited for in vain.
        sentence = _("The browser did not do what was to be measured: {problem}")
        raise BenchmarkError(sentence.format(problem=error.message.splitlines()[0])) from error


@contextlib.contextmanager
def open_timed_page(browser: Browser, url: str, ready: str = START_BUTTON) -> Iterator[Page]:
    """Open `url` as a new visitor, with a stopwatch in the page; wait for an element of the selector `ready`."""
    with open_page(browser, url, ready, script=STOPWATCH) as visit:
        yield visit.page


def look(page: Page, **selectors: str) -> None:
    """Start the stopwatch: from now on it notes when the elements of these selectors change."""
    page.evaluate("selectors => stopwatch.look(selectors)", selectors)


def wait_until(page: Page, condition: str) -> None:
    """Wait until a JavaScript expression is true; asked seldom, so that asking costs the page nothing."""
    page.wait_for_function(f"() => {condition}", polling=POLLING_MS)
