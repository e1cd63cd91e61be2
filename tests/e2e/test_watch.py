"""Slow motion, diagnosis and comparison, as a visitor meets them."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.page import PATIENCE_MS, button, element, stop_training, wait_for_state
from tests.e2e.actions import choose_option, fits_on_desk_and_phone, go_to, start_with, steps_done

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

# What stands below an element that comes or goes is drawn at its new place before it is gone from the old one.
NOTE_CHARTS_SHOWN_TWICE = """() => {
  window.shownTwice = [];
  const look = () => {
    for (const key of ["loss-chart", "accuracy-chart"]) {
      if (document.querySelectorAll(`.st-key-${key}`).length > 1) window.shownTwice.push(key);
    }
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
}"""


def test_visitor_is_told_what_went_wrong_starts_the_remedy_and_compares(same_page: Page) -> None:
    page = same_page
    start_with(page, learning_rate="0.000001")
    diagnosis = element(page, "diagnosis")
    expect(diagnosis).to_contain_text("Learning rate far too small", timeout=PATIENCE_MS)
    button(page, "start-remedy").click()
    expect(element(page, "learning-rate").locator("input")).to_have_value("0.5", timeout=PATIENCE_MS)
    wait_for_state(page, "finished")
    expect(diagnosis).to_have_count(0)

    go_to(page, "Compare")
    expect(page).to_have_url(re.compile(r"/compare\b"))
    table = element(page, "comparison").locator("table")
    expect(table).to_contain_text("Learning rate")
    expect(table.locator("thead th")).to_have_text(["A", "B"])
    expect(table).not_to_contain_text("Batch size")
    expect(element(page, "comparison").locator("canvas").first).to_be_visible()
    value = page.locator('[class*="st-key-fork-value"] input')
    value.fill("0.05")
    value.press("Tab")
    button(page, "start-fork").click()
    expect(table.locator("thead th")).to_have_text(["A", "B", "C"], timeout=PATIENCE_MS)
    expect(table.locator("tr", has_text="State").locator("td").last).to_have_text("finished", timeout=PATIENCE_MS)
    # A pill that is pressed leaves its run out.
    page.get_by_role("button", name=re.compile(r"^A ")).click()
    expect(table.locator("thead th")).to_have_text(["B", "C"])

    go_to(page, "Train and draw")  # where the form has the settings of the fork
    expect(element(page, "learning-rate").locator("input")).to_have_value("0.05")


def test_visitor_slows_training_down_and_sees_single_steps(same_page: Page) -> None:
    page = same_page
    choose_option(page, "start-speed", "100 steps per second")  # at full speed it may be over before it is slowed down
    start_with(page, epochs="1000")
    wait_for_state(page, "running")
    expect(element(page, "loss-chart")).to_have_count(1)
    page.evaluate(NOTE_CHARTS_SHOWN_TWICE)
    choose_option(page, "speed", "1 step per second")
    detail = element(page, "step-detail")
    expect(detail).to_contain_text("in detail", timeout=PATIENCE_MS)
    expect(detail.locator(".batch figure")).to_have_count(40)
    expect(detail.locator(".tiles img")).to_have_count(4)
    for picture in detail.locator("img").all():
        assert picture.get_attribute("alt")

    # Slow as it is, it obeys at once, and steps one by one.
    assert fits_on_desk_and_phone(page)
    button(page, "pause-training").click()
    wait_for_state(page, "paused")
    before = steps_done(page)
    button(page, "step-training").click()
    expect(detail).to_contain_text(f"Step {before + 1:,} in detail", timeout=PATIENCE_MS)
    expect(detail).to_contain_text(re.compile(r"The weight with the largest gradient.*=", re.DOTALL))
    assert fits_on_desk_and_phone(page)
    page.get_by_role("link", name="See the step").click()
    expect(detail.get_by_role("heading")).to_be_in_viewport()
    stop_training(page)
    assert page.evaluate("shownTwice") == []
