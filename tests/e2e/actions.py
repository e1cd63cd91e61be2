"""What a visitor does on the page, and where she looks."""

import re

from playwright.sync_api import Locator, Page, expect


def element(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key}")


def button(page: Page, key: str) -> Locator:
    return element(page, key).get_by_role("button")


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


def start_long_run(page: Page) -> None:
    """Start the tutorial on the built-in digits with so many and so small steps that it lasts for a while."""
    open_settings(page)
    set_number(page, "batch-size", "2")
    set_number(page, "epochs", "1000")
    button(page, "start-training").click()
    close_settings(page)
    expect(element(page, "training-status")).to_have_text("running")


def steps_done(page: Page) -> int:
    text = page.get_by_text(re.compile(r"step [\d,]+ of [\d,]+")).first.inner_text()
    found = re.search(r"step ([\d,]+) of", text)
    assert found
    return int(found[1].replace(",", ""))


def pixels_of(locator: Locator) -> bytes:
    return locator.locator("canvas").first.screenshot()
