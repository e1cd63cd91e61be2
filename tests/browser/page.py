"""A visitor's page: opened in a browser context of its own, its elements found by key, and states waited for."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Error, Locator, Page

PATIENCE_MS = 60_000
Scheme = Literal["light", "dark"]
START_BUTTON = ".st-key-start-training button"


@dataclass(frozen=True)
class Visit:
    """One visitor's page, and the errors that the browser's console has shown."""

    page: Page
    console: list[str]


@contextlib.contextmanager
def open_page(
    browser: Browser,
    url: str,
    ready: str = START_BUTTON,
    *,
    width: int = 1280,
    height: int = 900,
    scheme: Scheme = "light",
    script: str = "",
    locale: str = "en-US",
    lent: list[BrowserContext] | None = None,
) -> Iterator[Visit]:
    """Open `url` as a new visitor, with `script` (JavaScript) in the page; wait for an element of the selector `ready`.

    `width` and `height` are those of the window, in pixels; `scheme` is the theme that the visitor's system prefers,
    and `locale` its language. Of the browser contexts in `lent`, all of that language, she takes one, and gives it back
    without her cookies: what it has read and compiled of the page's scripts stays, which is most of what a visit costs.
    """
    context = lent.pop() if lent else browser.new_context(locale=locale)
    try:
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.set_default_timeout(PATIENCE_MS)
        console: list[str] = []
        page.on("console", lambda message: console.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: console.append(str(error)))
        if script:
            page.add_init_script(script)
        page.goto(url)
        page.locator(ready).first.wait_for()
        yield Visit(page, console)
    finally:
        if lent is None:
            context.close()
        else:
            for opened in context.pages:
                opened.close()
            context.clear_cookies()
            lent.append(context)


def print_the_end(visit: Visit) -> None:
    """Print what the page shows, and what its console has said: pytest repeats that where a test fails."""
    page = visit.page
    print(f"What {page.url} showed at the end, and its console said:")
    try:
        print(page.locator("body").inner_text(timeout=5_000))
    except Error as error:  # it may be the browser that has failed
        print(error)
    print(visit.console)


def element(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key}")


def button(page: Page, key: str) -> Locator:
    return element(page, key).get_by_role("button")


def wait_for_state(page: Page, state: str, timeout: float = PATIENCE_MS) -> None:
    """Wait, at most `timeout` milliseconds, until the page gives that as the state of its run, and nothing else."""
    whole_text = re.compile(rf"^\s*{state}\s*$")
    element(page, "training-status").filter(has_text=whole_text).wait_for(timeout=timeout)


def stop_training(page: Page) -> None:
    button(page, "stop-training").click()
    wait_for_state(page, "stopped")


def read_steps(text: str) -> int:
    """Return the number of steps done, from the text (or HTML) of the progress bar: ``… step 4,701 of 719,000``."""
    found = re.search(r"step ([\d,]+) of [\d,]+", text)
    assert found, text
    return int(found[1].replace(",", ""))
