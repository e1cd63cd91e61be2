"""A headless Chromium, driven with Playwright: how it is found and started, and what to say where it is missing."""

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_demo.translation import _

if TYPE_CHECKING:
    from playwright.sync_api import Browser

VARIABLE = "MNIST_DEMO_BROWSER"
# First the one that never has a window: tests in a browser take a sixth less time with it.
NAMES = (
    "chromium-headless-shell",
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
# In a process of its own: the caller may have an event loop of Playwright's already, and two cannot share a thread.
ASK_PLAYWRIGHT = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


def lacks_chromium() -> str | None:
    """Return a sentence about what must be installed before a browser can be started, or None."""
    if importlib.util.find_spec("playwright") is None:
        return _(
            "To drive the page, Playwright and Chromium are needed: pip install -r tests/requirements.txt, "
            "then python -m playwright install chromium."
        )
    if _find() is None:
        return _(
            "To drive the page, Chromium is needed: install it (Debian, Ubuntu: apt-get install chromium; "
            "elsewhere: python -m playwright install chromium), or name it in {variable}."
        ).format(variable=VARIABLE)
    return None


@contextlib.contextmanager
def open_chromium() -> Iterator["Browser"]:
    """Start a headless Chromium; it is closed at the end. `lacks_chromium` must have returned None."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_find(), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def _find() -> str | None:
    for candidate in (os.environ.get(VARIABLE), *map(shutil.which, NAMES)):
        if candidate and Path(candidate).exists():
            return candidate
    asked = subprocess.run([sys.executable, "-c", ASK_PLAYWRIGHT], capture_output=True, text=True, check=False)
    installed = asked.stdout.strip()
    return installed if installed and Path(installed).exists() else None
