"""Look inside, as a visitor goes it: train, click a cell and an image, see it explained, take it along."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.page import PATIENCE_MS, button, element, wait_for_state
from tests.browser.server import PageServer
from tests.e2e.actions import fits_on_desk_and_phone, go_to, quick_run, tab_to
from tests.e2e.conftest import visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture(autouse=True)
def _more_patience(_patience: None) -> None:
    """Wait as long as a busy machine takes: an analysis loads scikit-learn first."""
    expect.set_options(timeout=PATIENCE_MS)


def test_visitor_clicks_a_cell_and_an_image_and_has_it_explained_here_and_in_train_and_draw(
    browser: Browser, server: PageServer
) -> None:
    with visit(browser, f"{server.url}/?epochs=2") as opened:
        page = opened.page
        quick_run(page)
        go_to(page, "Look inside")
        expect(page).to_have_url(re.compile(r"/look-inside\b"))
        expect(element(page, "weights").locator("img")).to_have_count(10)

        page.get_by_text("What it confuses").click()
        matrix = element(page, "confusion-matrix")
        expect(matrix.locator("button")).to_have_count(100)
        # By keyboard: Tab enters at the first cell, the arrows go on from there, Enter clicks.
        tab_to(page, matrix.locator("button").first)
        for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"):
            page.keyboard.press(key)
        expect(matrix.locator('button[data-value="0-0"]')).to_be_focused()
        page.keyboard.press("Enter")
        expect(matrix.locator('button[data-value="0-0"]')).to_have_attribute("aria-pressed", "true")
        expect(matrix.locator('button[data-value="0-0"]')).to_be_focused()
        gallery = element(page, "confusion-cell").locator(".gallery button")
        expect(gallery.first).to_be_in_viewport()

        gallery.nth(1).click()
        number = (gallery.nth(1).get_attribute("data-value") or "").removeprefix("test-")
        explained = element(page, "explained")
        expect(explained.get_by_text(f"Test image {number}")).to_be_visible()
        expect(explained.get_by_text(f"Test image {number}")).to_be_in_viewport()
        expect(gallery.nth(1)).to_have_attribute("aria-pressed", "true")
        expect(element(page, "predicted-digit")).to_have_text("0")
        explained.get_by_text("Layer by layer").click()
        expect(element(page, "layer-pictures").locator("img")).to_have_count(10)
        explained.get_by_text("The nearest training images").click()
        expect(element(page, "nearest-images").locator("img")).to_have_count(12)
        assert fits_on_desk_and_phone(page)

        # From here on in her hand.
        gallery.nth(2).click()
        number = (gallery.nth(2).get_attribute("data-value") or "").removeprefix("test-")
        expect(explained.get_by_text(f"Test image {number}")).to_be_visible()
        expect(explained.get_by_text(f"Test image {number}")).to_be_in_viewport()
        button(page, "take-along").click()
        expect(element(page, "inspected-image")).to_contain_text(f"Test image {number}")
        expect(element(page, "predicted-digit")).to_have_text("0")
        wait_for_state(page, "finished")
        element(page, "sample-digits").get_by_role("button").nth(2).click()
        expect(element(page, "inspected-image")).not_to_contain_text(f"Test image {number}")
        expect(element(page, "inspected-image")).to_be_in_viewport()
        expect(element(page, "drawing-canvas").locator("canvas").first).to_be_visible()
        button(page, "forget-inspected").click()
        expect(element(page, "predicted-digit")).to_have_text("–")
