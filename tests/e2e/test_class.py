"""A class in real browsers: a teacher at the projector, two pupils, and a stranger who tries to look."""

import contextlib
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.page import button, element, open_page, print_the_end, wait_for_state
from tests.browser.pen import draw
from tests.browser.server import PageServer
from tests.e2e.actions import unfold

NICKNAME_OF_MARKUP = "<b onclick=x>Juno</b>"
PATIENCE_MS = 30_000


@pytest.fixture
def pages(browser: Browser, server: PageServer) -> Iterator[tuple[Page, Page, Page, Page]]:
    """A page each for the teacher, two pupils (one with a phone) and a stranger."""
    with contextlib.ExitStack() as stack:
        visits = [
            stack.enter_context(open_page(browser, f"{server.url}/class", ".st-key-class-create", width=width))
            for width in (1920, 1280, 390, 1280)
        ]
        yield tuple(visit.page for visit in visits)  # type: ignore[misc]
        for visit in visits:
            print_the_end(visit)
        # Streamlit looks for itself below the page's address first, and finds itself a level higher.
        assert [line for visit in visits for line in visit.console if "404" not in line] == []


def join(page: Page, link: str, nickname: str) -> None:
    page.goto(f"{link}&speed=full")
    element(page, "nickname").locator("input").fill(nickname)
    button(page, "join-class").click()
    expect(element(page, "class-chip")).to_contain_text(nickname)


def keep_a_digit(page: Page, label: int) -> None:
    draw(page, "3")
    page.locator(f'.st-key-correction button[data-value="{label}"]').click()
    element(page, "drawing-kept").wait_for()


def test_class_from_its_code_on_the_projector_to_its_end(pages: tuple[Page, Page, Page, Page]) -> None:
    teacher, mina, juno, stranger = pages
    element(teacher, "class-name").locator("input").fill("7b")
    button(teacher, "class-create").click()
    link, code = (teacher.locator(f".class-join .{part}").inner_text() for part in ("link", "code"))
    assert link.endswith(f"/class?code={code.replace('-', '')}")
    assert teacher.locator(".class-join img").evaluate("image => image.naturalWidth") > 100

    join(mina, link, "Mina")
    join(juno, link, NICKNAME_OF_MARKUP)
    list_of_pupils = teacher.locator(".pupils tbody")
    expect(list_of_pupils.locator("tr")).to_have_count(2)
    expect(list_of_pupils.locator("th")).to_contain_text([NICKNAME_OF_MARKUP, "Mina"])  # by name; markup is data
    expect(element(teacher, "class-live")).to_contain_text("2 are here.")

    keep_a_digit(mina, 3)
    button(mina, "offer-drawing").click()
    expect(teacher.locator(".offered figcaption")).to_contain_text("3 by Mina")
    mina.locator(".st-key-start-training button:visible").first.click()
    wait_for_state(mina, "finished")
    expect(list_of_pupils.locator("tr").nth(1)).to_contain_text(re.compile(r"finished\s*[\d.]+\s?%\s*\d+\s?%"))
    keep_a_digit(juno, 3)

    stranger.goto(link.partition("?")[0])  # the code removed from the address
    element(stranger, "class-create").wait_for()
    expect(element(stranger, "class-live")).to_have_count(0)
    expect(stranger.locator("body")).not_to_contain_text(re.compile("Mina|7b"))
    element(stranger, "class-code").locator("input").fill("aaaaa-aaaaa")
    button(stranger, "go-to-class").click()
    expect(stranger.get_by_text("There is no class with this code")).to_be_visible()
    stranger.goto(link)  # who has the code sees whose class it is, and nothing of it before she has joined
    element(stranger, "nickname").wait_for()
    expect(stranger.locator("body")).not_to_contain_text("Mina")

    element(teacher, "class-asked").locator("input").click()
    teacher.get_by_role("option").first.click()
    button(teacher, "ask-class").click()
    element(juno, "class-question").locator("label").nth(2).click()
    expect(element(teacher, "class-answers")).to_contain_text("1 answer so far")
    button(teacher, "close-question").click()
    expect(element(juno, "class-question")).to_have_count(0)

    expect(teacher.locator(".handwriting tbody tr")).to_have_count(2, timeout=PATIENCE_MS)
    button(teacher, "class-train").first.click()
    expect(element(teacher, "class-gain")).to_contain_text("kept apart", timeout=PATIENCE_MS)
    gains = element(teacher, "class-gain").locator("tbody td")
    expect(gains).to_have_text([re.compile("%")] * 6, timeout=PATIENCE_MS)
    button(teacher, "class-train-anew").first.click()
    expect(element(teacher, "class-gain").locator("thead")).to_contain_text("With them", timeout=PATIENCE_MS)
    expect(gains).to_have_text([re.compile("%")] * 6, timeout=PATIENCE_MS)

    unfold(teacher, "manage-class")
    field = element(teacher, "class-pupil").locator("input")
    field.scroll_into_view_if_needed()
    field.click()  # who joined after the page was drawn can be chosen, too
    expect(teacher.get_by_role("option")).to_have_count(2)
    teacher.keyboard.press("Escape")
    button(teacher, "delete-class").first.click()
    undo = teacher.locator("[class*=st-key-undo-delete-class-] button")
    undo.wait_for()
    expect(element(juno, "class-chip")).to_have_count(0)
    undo.click()
    expect(teacher.locator(".pupils tbody tr")).to_have_count(2)
