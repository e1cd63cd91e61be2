"""Experiments: knobs turned under way, numbers on the canvas; and whose a run is."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.page import Visit, button, element, stop_training, wait_for_state
from tests.browser.pen import draw
from tests.browser.server import PageServer
from tests.e2e.actions import go_to, start_long_run, steps_done
from tests.e2e.conftest import visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_knob_is_turned_while_a_run_goes_on_and_the_chart_says_where(same_page: Page) -> None:
    page = same_page
    start_long_run(page)
    element(page, "knobs").get_by_role("button", name="Change").click()
    field = element(page, "knob-learning-rate").locator("input")
    expect(field).to_have_value("0.5")
    field.fill("-1")
    field.press("Enter")
    expect(element(page, "knob-fields").get_by_text("must be")).to_be_visible()
    field.fill("0.01")
    field.press("Enter")
    expect(element(page, "knob-fields").get_by_text("must be")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator('[aria-label*="Changed during the run:"][aria-label*="0.01"]').first).to_be_attached()
    wait_for_state(page, "running")
    stop_training(page)


def test_digits_beside_each_other_are_read_as_a_number(same_page: Page) -> None:
    page = same_page
    draw(page, "3", size=0.5, left=0.0, top=0.25)
    expect(element(page, "predicted-digit")).to_have_text("3")
    draw(page, "7", size=0.5, left=0.5, top=0.25)
    expect(element(page, "predicted-digit")).to_have_text("37")


def test_who_has_the_link_of_a_run_looks_on_and_changes_nothing_until_its_owner_deletes_all(
    browser: Browser, server: PageServer, long_visit: Visit, same_page: Page
) -> None:
    mine = same_page
    with visit(browser, server.url) as friends:
        friend = friends.page
        draw(friend, "3")
        element(friend, "correction").get_by_role("button", name="3").click()
        expect(friend.get_by_text("My drawings: 1")).to_be_visible()
        start_long_run(mine)
        friend.goto(mine.url)
        wait_for_state(friend, "running")
        before = steps_done(friend)
        expect(friend.get_by_text(f"step {before:,} of")).to_have_count(0)
        for key in ("pause-training", "step-training", "stop-training", "speed", "knobs"):
            expect(element(mine, key)).to_have_count(0 if key == "step-training" else 1)
            expect(element(friend, key)).to_have_count(0)
        expect(friend.get_by_text("My drawings: 1")).to_be_visible()
        go_to(friend, "Runs")
        expect(friend.get_by_text("No runs yet")).to_be_visible()

        go_to(mine, "Runs")
        element(mine, "delete-all").get_by_role("button").click()
        button(mine, "delete-all-now").click()
        expect(mine.get_by_text("has been deleted")).to_be_visible()
        expect(mine.get_by_text("No runs yet")).to_be_visible()
        friend.reload()
        expect(element(friend, "kept-about-me")).to_be_visible()
        for visitor in (friends, long_visit):  # Streamlit's, below an address
            visitor.console[:] = [line for line in visitor.console if "404" not in line]
