"""What a visitor does on the page in these tests, and where she looks."""

import re

from playwright.sync_api import Locator, Page

from tests.browser.page import button, element, read_steps, wait_for_state


def set_number(page: Page, key: str, value: str) -> None:
    field = element(page, key).locator("input")
    field.fill(value)
    field.press("Tab")


def open_settings(page: Page) -> None:
    """Open the sidebar where the page is too narrow to show it."""
    opener = page.get_by_test_id("stExpandSidebarButton")
    if opener.is_visible():
        opener.click()


def close_settings(page: Page) -> None:
    closer = page.get_by_test_id("stSidebarCollapseButton").get_by_role("button")
    if page.viewport_size and page.viewport_size["width"] < 800:
        closer.click()


def start_with(page: Page, **numbers: str) -> None:
    """Set numbers, named by their element keys with underscores for dashes, and press Start."""
    open_settings(page)
    for name, value in numbers.items():
        set_number(page, name.replace("_", "-"), value)
    button(page, "start-training").click()
    close_settings(page)


def start_long_run(page: Page) -> None:
    """Start the tutorial on the built-in digits with so many and so small steps that it lasts for a while."""
    start_with(page, batch_size="2", epochs="1000")
    wait_for_state(page, "running")


def quick_run(page: Page) -> None:
    """Train as the button for a first try does, to the end."""
    button(page, "quick-start").click()
    wait_for_state(page, "finished")


def steps_done(page: Page) -> int:
    return read_steps(page.get_by_text(re.compile(r"step [\d,]+ of [\d,]+")).first.inner_text())


def pixels_of(locator: Locator) -> bytes:
    return locator.locator("canvas").first.screenshot()
