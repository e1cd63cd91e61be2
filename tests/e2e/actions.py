"""What a visitor does on the page in these tests, and where she looks."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.page import button, element, read_steps, wait_for_state

# Runs a test twice: in a window on a desk, and on a phone in the dark.
ON_DESKTOP_AND_PHONE = pytest.mark.parametrize(
    ("width", "height", "scheme"), [(1280, 800, "light"), (390, 844, "dark")], ids=["desktop", "phone"]
)


def is_narrow(page: Page) -> bool:
    """Tell whether the page is so narrow that its sidebar, with the navigation, is closed at first."""
    return page.viewport_size is not None and page.viewport_size["width"] < 800


def set_number(page: Page, key: str, value: str) -> None:
    field = element(page, key).locator("input")
    field.fill(value)
    field.press("Tab")


def go_to(page: Page, title: str) -> None:
    """Follow the navigation to the page of that title."""
    opener = page.get_by_test_id("stExpandSidebarButton")
    if is_narrow(page):
        opener.click()
    page.get_by_role("link", name=title).click()
    if is_narrow(page):  # the sidebar has made way by itself
        expect(opener).to_be_visible()


def open_settings(page: Page) -> None:
    opener = page.get_by_test_id("stExpandSidebarButton")
    if opener.is_visible():
        opener.click()


def close_settings(page: Page) -> None:
    if is_narrow(page):
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()


def sideways_overflow(page: Page) -> int:
    """Return by how many pixels the page, or the part of it that scrolls, is wider than the window."""
    overflow: int = page.evaluate(
        """() => Math.max(...[document.documentElement, document.querySelector('[data-testid=stMain]')].map(
            (element) => element.scrollWidth - element.clientWidth))"""
    )
    return overflow


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
