"""The lesson, as a learner goes through it: from the navigation to the last part, guessing on the way."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from mnist_demo.lesson.parts import PAGE_COUNT, PARTS
from tests.browser.page import Scheme, button, element
from tests.browser.server import PageServer
from tests.e2e.actions import ON_DESKTOP_AND_PHONE, go_to, sideways_overflow
from tests.e2e.conftest import visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
TRAINED_BESIDE = ("rates", "deeper")


@pytest.fixture(autouse=True)
def _more_patience(_patience: None) -> None:
    """Wait as long as a busy machine takes: four short trainings are among the parts."""
    expect.set_options(timeout=100_000)


def guess_first_option(page: Page, name: str, by_keyboard: bool) -> None:
    options = element(page, f"guess-{name}").get_by_role("radio")
    if by_keyboard:
        options.first.focus()
        page.keyboard.press("Space")
        expect(button(page, f"run-guess-{name}")).to_be_enabled()
        button(page, f"run-guess-{name}").focus()
        page.keyboard.press("Enter")
    else:
        element(page, f"guess-{name}").locator("label").filter(has=page.get_by_role("radio")).first.click()
        expect(button(page, f"run-guess-{name}")).to_be_enabled()
        button(page, f"run-guess-{name}").click()


@ON_DESKTOP_AND_PHONE
def test_learner_steps_through_all_parts_guessing_and_finds_the_score(
    browser: Browser, server: PageServer, width: int, height: int, scheme: Scheme
) -> None:
    with visit(browser, server.url, width, height, scheme) as opened:
        page = opened.page
        go_to(page, "Lesson")
        expect(element(page, "lesson").get_by_role("heading", level=1)).to_be_visible()
        guessed = 0
        for number, part in enumerate(PARTS, start=1):
            expect(page.get_by_role("heading", level=1, name=part.title)).to_be_visible()
            expect(page).to_have_url(re.compile(rf"/lesson\?(.*&)?part={number}\b"))
            expect(element(page, f"guess-{part.name}").get_by_role("radio").first).to_be_visible()
            if part.name not in TRAINED_BESIDE or width > 800:
                guess_first_option(page, part.name, by_keyboard=number == 1)
                answer = element(page, f"answer-{part.name}")
                expect(answer).to_contain_text(re.compile("You guessed right|Not as you guessed"))
                guessed += 1
            assert sideways_overflow(page) == 0
            button(page, "next-part").click()
        expect(page).to_have_url(re.compile(rf"part={PAGE_COUNT}\b"))
        expect(element(page, "lesson")).to_contain_text(f"of {guessed} guesses were right")
        expect(button(page, "next-part")).to_be_disabled()
        assert sideways_overflow(page) == 0

        # A reload stays where it was, and the numbers lead to any part.
        element(page, "lesson-page").get_by_role("radio", name="4", exact=True).click()
        expect(page).to_have_url(re.compile(r"part=4\b"))
        expect(page.get_by_role("heading", level=1, name=PARTS[3].title)).to_be_visible()
        expect(page.locator(".costs figure").first).to_be_visible()
        box = page.locator(".costs img").first.bounding_box()
        assert box is not None
        assert box["width"] == pytest.approx(box["height"])

        # From the last part the page “Train and draw” is one click away, with the preset set and its run started.
        element(page, "lesson-page").get_by_role("radio", name=str(len(PARTS)), exact=True).click()
        button(page, "to-laboratory-small-network").click()
        expect(element(page, "training-status")).to_have_text(re.compile("running|finished"))
        if width > 800:
            expect(element(page, "preset").locator("input")).to_have_value("A small network")
