"""The page for everybody: by keyboard alone, in words, at twice the size, without motion and in high contrast."""

import itertools
import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.page import PATIENCE_MS, button, element, stop_training, wait_for_state
from tests.browser.pen import draw
from tests.browser.server import PageServer
from tests.e2e.actions import show_in, sideways_overflow, steps_done, tab_to
from tests.e2e.conftest import visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(autouse=True)
def _more_patience(_patience: None) -> None:
    """Wait as long as a busy machine takes: an analysis loads scikit-learn first."""
    expect.set_options(timeout=PATIENCE_MS)


def test_page_is_used_by_keyboard_alone_and_says_in_words_what_is_read_and_how_the_run_stands(
    browser: Browser, server: PageServer
) -> None:
    with visit(browser, f"{server.url}/?epochs=1000&batch-size=2&speed=100") as opened:
        page = opened.page
        expect(page.locator("html")).to_have_attribute("lang", "en")
        canvas = page.get_by_role("application", name="Canvas to draw a digit on")
        digit, seen = element(page, "predicted-digit"), element(page, "model-input").locator("img")
        spoken, status = element(page, "drawing-in-words"), element(page, "training-status")
        for region in (spoken, status):
            expect(region).to_have_attribute("role", "status")
        spoken.evaluate(
            """region => {
                window.said = [];
                const note = () => window.said.push(region.textContent);
                new MutationObserver(note).observe(region, {childList: true, subtree: true, characterData: true});
            }"""
        )
        tab_to(page, canvas)
        for typed in ("7", "3", "3"):
            before = seen.get_attribute("src") or ""
            page.keyboard.press(typed)
            expect(seen).not_to_have_attribute("src", before)
            expect(digit).to_have_text(typed)
            expect(spoken).to_have_text(f"The model reads {typed}.")
            expect(canvas).to_be_focused()
        page.keyboard.press("Tab")
        expect(button(page, "undo-drawing")).to_be_focused()

        start, pause, step = (button(page, f"{verb}-training") for verb in ("start", "pause", "step"))
        tab_to(page, start)
        page.keyboard.press("Enter")
        wait_for_state(page, "running")
        expect(page.get_by_role("progressbar", name=re.compile(r"step [\d,]+ of"))).to_be_attached()
        expect(start).to_be_focused()
        page.keyboard.press("Tab")
        expect(pause).to_be_focused()
        page.keyboard.press("Enter")
        wait_for_state(page, "paused")
        expect(pause).to_be_focused()
        done = steps_done(page)
        page.keyboard.press("Tab")
        expect(step).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_text(f"step {done + 1:,} of")).to_be_visible()
        expect(step).to_be_focused()
        page.keyboard.press("Tab")  # over Stop
        page.keyboard.press("Tab")
        speed = element(page, "speed").locator("input")
        expect(speed).to_be_focused()
        for key in ("ArrowUp", "ArrowUp", "Enter"):
            page.keyboard.press(key)
        expect(speed).not_to_have_value("100 steps per second")
        said = page.evaluate("window.said")
        assert [text for text, next_ in itertools.pairwise(said) if text == next_] == []
        stop_training(page)


def test_bench_stays_whole_at_twice_the_size_without_motion_and_in_high_contrast(same_page: Page) -> None:
    page = same_page
    draw(page, "3")
    expect(element(page, "predicted-digit")).to_have_text("3")
    show_in(page, "light", 640, 400)  # a window of 1280 × 800 at 200 %
    assert sideways_overflow(page) == 0
    for part in ("drawing-canvas", "predicted-digit", "digit-probabilities"):
        expect(element(page, part)).to_be_in_viewport(ratio=1)
    durations = page.evaluate(
        """() => [...document.querySelectorAll('.stApp *')].map(getComputedStyle).flatMap(
            style => [style.transitionDuration, style.animationDuration]
        ).flatMap(text => text.split(',')).map(parseFloat)"""
    )
    assert max(durations) <= 0.001
    page.emulate_media(forced_colors="active")
    colours = page.evaluate(
        """() => ['.digit-bars .best .fill', '.digit-bars li:not(.best) .fill', '.stApp'].map(
            selector => getComputedStyle(document.querySelector(selector)).backgroundColor)"""
    )
    assert len(set(colours)) == 3
    for outlined in (element(page, "drawing-canvas"), page.locator(".digit-bars .track").first):
        expect(outlined).to_have_css("outline-style", "solid")
