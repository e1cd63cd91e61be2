"""A real server and a real browser for the tests in this folder."""

import contextlib
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.chromium import lacks_chromium, open_chromium
from tests.browser.page import Scheme, Visit, button, element, open_page, print_the_end
from tests.browser.server import PageServer, serve_builtin_digits

# What the canvas component says where its page is left in the moment in which it draws; nobody sees it.
CANVAS_IS_GONE = "Cannot read properties of undefined (reading 'clearRect')"
# The browser contexts of those who have left, for those who come.
LENT: list[BrowserContext] = []


@pytest.fixture(autouse=True)
def _patience() -> None:
    """Let a machine that does something else besides take its time: what is right at last is right."""
    expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if (sentence := lacks_chromium()) is not None:
        pytest.skip(sentence)
    with open_chromium() as chromium:
        yield chromium
    LENT.clear()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    """The page on the built-in digits, shared by the tests; no test may have made it complain."""
    with serve_builtin_digits(tmp_path_factory.mktemp("server")) as running:
        yield running


@contextlib.contextmanager
def visit(
    browser: Browser,
    url: str,
    width: int = 1280,
    height: int = 800,
    scheme: Scheme = "light",
    locale: str = "en-US",
    ready: str = ".st-key-sample-digits figure",
) -> Iterator[Visit]:
    """Open the page as a new visitor, and wait for `ready`; at the end the console must have stayed free of errors.

    Unless `url` says another speed her runs go at full speed, the first too: unlike hers, our time is short. And she
    has asked her system for less motion, which a browser without a graphics card computes with the cores that all
    else needs.
    """
    if "speed=" not in url:
        url += "&speed=full" if "?" in url else "?speed=full"
    lent = LENT if locale == "en-US" else None
    with open_page(browser, url, ready, width=width, height=height, scheme=scheme, locale=locale, lent=lent) as visit:
        visit.page.emulate_media(reduced_motion="reduce")
        try:
            yield visit
        finally:
            print_the_end(visit)
    assert [error for error in visit.console if CANVAS_IS_GONE not in error] == []


@pytest.fixture
def visitor(browser: Browser, server: PageServer) -> Iterator[Visit]:
    with visit(browser, server.url) as opened:
        yield opened


@pytest.fixture
def page(visitor: Visit) -> Page:
    return visitor.page


@pytest.fixture(scope="module")
def long_visit(browser: Browser, server: PageServer) -> Iterator[Visit]:
    """The visit that the tests of a file share which ask for `same_page`."""
    expect.set_options(timeout=20_000)
    with visit(browser, server.url) as opened:
        yield opened


@pytest.fixture
def same_page(long_visit: Visit) -> Page:
    """One visitor's page for all tests of a file that ask for it, each time without a run and without a drawing.

    To open a page takes longer than most of what is tried on it. The settings stay as the test before left them; the
    window is on a desk.
    """
    page = long_visit.page
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light", forced_colors="none")
    for key in ("stop-training", "reset-training", "clear-drawing"):
        if button(page, key).count() and button(page, key).is_enabled():
            button(page, key).click()
            gone = element(page, "training-status") if "training" in key else element(page, "predicted-digit")
            expect(gone).to_have_text(re.compile("stopped|finished|not started|–"))
    return page
