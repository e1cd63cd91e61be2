"""The lesson, as a learner goes through it: from the navigation to the last part, guessing on the way."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from mnist_demo.lesson.parts import PAGE_COUNT, PARTS
from tests.browser.page import button, element
from tests.browser.pen import draw
from tests.browser.server import PageServer
from tests.e2e.accessibility import Look
from tests.e2e.actions import LOOKS, go_to, guess_first_option, sideways_overflow, tab_to
from tests.e2e.conftest import visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(autouse=True)
def _more_patience(_patience: None) -> None:
    """Wait as long as a busy machine takes: four short trainings are among the parts."""
    expect.set_options(timeout=100_000)


def check_pixel_numbers(page: Page, device: str) -> None:
    """Where there is room for the numbers they can be read; where there is none, there are none."""
    size = page.locator(".pixel-grid i").first.evaluate("(cell) => parseFloat(getComputedStyle(cell).fontSize)")
    assert size >= 11 if device == "desk" else size == 0


def check_print(page: Page) -> None:
    """On paper the lesson is whole: all parts, nothing scrolls within the page, and no line of code is cut."""
    element(page, "show-whole-lesson").locator("label").click()
    for part in PARTS:
        expect(element(page, f"answer-{part.name}")).to_contain_text("uess")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 700, "height": 1000})
    expect(element(page, "lesson-bar")).to_be_hidden()
    expect(element(page, "whole-program").locator("pre")).to_contain_text("test accuracy")
    clipped = page.evaluate(
        """() => [...document.querySelectorAll('.st-key-lesson *, [data-testid=stMain]')].filter((element) =>
            getComputedStyle(element).overflowX !== 'visible' || element.matches('pre')
            && element.scrollWidth > element.clientWidth).map((element) => element.className)"""
    )
    assert clipped == []
    whole, paper = page.evaluate(
        "() => [document.querySelector('.st-key-lesson').scrollHeight, document.documentElement.scrollHeight]"
    )
    assert 10_000 < whole <= paper
    page.emulate_media(media="screen")


def check_sliding_filter(page: Page) -> None:
    """A click on a map and on a place of it shows numbers whose products add up to what is said."""
    panel = element(page, "sliding-filter")
    panel.locator('.filter-maps button[data-value="3"]').click()
    expect(panel.locator('.filter-maps button[data-value="3"]')).to_have_attribute("aria-pressed", "true")
    panel.locator('.filter-places button[data-value="5-8"]').click()
    expect(panel.locator('.filter-places button[data-value="5-8"]')).to_have_attribute("aria-pressed", "true")
    expect(panel.locator(".filter-seen span")).to_have_attribute("style", re.compile("top:35.71%;left:57.14%"))
    patch, weights, products = (
        [float(text.replace("−", "-")) for text in grid.locator("td").all_inner_texts()]
        for grid in panel.locator(".filter-numbers").all()
    )
    assert len(products) == 25
    for pixel, weight, product in zip(patch, weights, products, strict=True):
        assert product == pytest.approx(pixel * weight, abs=0.03)
    said = re.findall(r"add up to ([−\d.]+?)\.?$", panel.get_by_text("products add up to").inner_text())
    assert float(said[0].replace("−", "-")) == pytest.approx(sum(products), abs=0.15)


def test_learner_steps_through_all_parts_guessing_and_finds_the_score(browser: Browser, server: PageServer) -> None:
    # She guesses at her desk and on her phone in turn, and looks at every answer on both.
    with visit(browser, server.url) as opened:
        page, look = opened.page, Look(opened.page)
        draw(page, "3")
        expect(element(page, "predicted-digit")).to_have_text("3")
        go_to(page, "Lesson")
        expect(element(page, "lesson").get_by_role("heading", level=1)).to_be_visible()
        for number, part in enumerate(PARTS, start=1):
            expect(page.get_by_role("heading", level=1, name=part.title)).to_be_visible()
            expect(page).to_have_url(re.compile(rf"/lesson\?(.*&)?part={number}\b"))
            expect(element(page, f"guess-{part.name}").get_by_role("radio").first).to_be_visible()
            guess_first_option(page, part.name, by_keyboard=number == 1)
            answer = element(page, f"answer-{part.name}")
            expect(answer).to_contain_text(re.compile("You guessed right|Not as you guessed"))
            for device in ("desk", "phone") if number % 2 else ("phone", "desk"):
                look.at(f"part {number} answered", [LOOKS[device]])
                if part.name == "data":
                    check_pixel_numbers(page, device)
            if part.name == "loops":
                expect(page.get_by_text(re.compile(r"draws its weights \d+ times as large"))).to_be_visible()
            if part.name == "deeper":
                expect(page.get_by_text("what the two networks make of your drawing")).to_be_visible()
                expect(page.get_by_role("img", name=re.compile("units that answer most strongly"))).to_be_visible()
                expect(page.get_by_text("the network is no better than the linear model")).to_be_visible()
                check_sliding_filter(page)
            if number == 1:
                tab_to(page, button(page, "next-part-below"))
                page.keyboard.press("Enter")
                expect(element(page, "lesson-heading-2")).to_be_focused()
                page.keyboard.press("Tab")
                assert (
                    page.evaluate("document.querySelector('.st-key-lesson-bar').contains(document.activeElement)")
                    is False
                )
            else:
                button(page, "next-part").click()
        expect(page).to_have_url(re.compile(rf"part={PAGE_COUNT}\b"))
        expect(element(page, "lesson")).to_contain_text(f"of {len(PARTS)} guesses were right")
        expect(button(page, "next-part")).to_be_hidden()
        assert sideways_overflow(page) == 0
        assert look.found == [], "\n".join(look.found)
        check_print(page)

        # A reload stays where it was, and the numbers lead to any part.
        element(page, "lesson-page").get_by_role("radio", name="4", exact=True).click()
        expect(page).to_have_url(re.compile(r"part=4\b"))
        expect(page.get_by_role("heading", level=1, name=PARTS[3].title, exact=True)).to_be_visible()
        expect(page.locator(".costs figure").first).to_be_visible()
        box = page.locator(".costs img").first.bounding_box()
        assert box is not None
        assert box["width"] == pytest.approx(box["height"])

        # From the last part the page “Train and draw” is one click away, with the preset set and its run started.
        element(page, "lesson-page").get_by_role("radio", name=str(len(PARTS)), exact=True).click()
        button(page, "to-laboratory-small-network").click()
        expect(element(page, "training-status")).to_have_text(re.compile("running|finished"))
        expect(element(page, "preset").locator("input")).to_have_value("A small network")
