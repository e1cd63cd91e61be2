"""What a visitor does on the page in these tests, and where she looks."""

import re

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.page import button, element, read_steps, wait_for_state

STEPS = re.compile(r"step [\d,]+ of [\d,]+")
# Runs a test twice: in a window on a desk, and on a phone in the dark.
ON_DESKTOP_AND_PHONE = pytest.mark.parametrize(
    ("width", "height", "scheme"), [(1280, 800, "light"), (390, 844, "dark")], ids=["desktop", "phone"]
)


def set_number(page: Page, key: str, value: str) -> None:
    field = element(page, key).locator("input")
    field.fill(value)
    field.press("Tab")


def go_to(page: Page, title: str) -> None:
    """Follow the tab of the page of that title."""
    element(page, "tabs").get_by_role("link", name=title).click()


def choose_option(page: Page, key: str, title: str) -> None:
    """Choose the option of that title in the list whose element has the key."""
    field = element(page, key).locator("input")
    field.scroll_into_view_if_needed()
    page.evaluate("() => new Promise(requestAnimationFrame)")  # a list that is open closes when it hears of the scroll
    field.click()
    page.get_by_role("option", name=title).click()


def open_settings(page: Page) -> None:
    """Unfold the form, unless it is unfolded."""
    if not element(page, "learning-rate").is_visible():
        element(page, "all-settings").locator("summary").click()
        element(page, "learning-rate").wait_for()


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


def start_long_run(page: Page) -> None:
    """Start the tutorial on the built-in digits with so many and so small steps that it lasts for a while."""
    start_with(page, batch_size="2", epochs="1000")
    wait_for_state(page, "running")
    page.get_by_text(STEPS).first.wait_for()  # on a busy machine it says for a while that it is starting


def quick_run(page: Page) -> None:
    """Train as the button for a first try does, to the end."""
    button(page, "start-training").click()
    wait_for_state(page, "finished")


def steps_done(page: Page) -> int:
    return read_steps(page.get_by_text(STEPS).first.inner_text())


def pixels_of(locator: Locator) -> bytes:
    return locator.locator("canvas").first.screenshot()
