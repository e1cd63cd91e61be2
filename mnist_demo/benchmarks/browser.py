"""A real Chromium, driven with playwright: both are needed only to measure the page."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_demo.translation import _

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BROWSER_VARIABLE = "MNIST_DEMO_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


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
    """Start a headless Chromium; it is closed at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_find(), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def _find() -> str | None:
    candidates = [os.environ.get(BROWSER_VARIABLE), *map(shutil.which, NAMES)]
    # Where playwright keeps those that it installs: the newest of them.
    kept = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    candidates += sorted(map(str, kept.glob("chromium-*/chrome-*/chrome")), reverse=True)
    return next((candidate for candidate in candidates if candidate and Path(candidate).exists()), None)
