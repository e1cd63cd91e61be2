"""A class in real browsers: a teacher at the projector, three pupils, and a stranger who tries to look."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.page import button, element, open_page, print_the_end, wait_for_state
from tests.browser.pen import draw
from tests.browser.server import PageServer
from tests.e2e.accessibility import Look
from tests.e2e.actions import LOOKS, choose_option, go_to, open_settings, unfold

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

NICKNAME_OF_MARKUP = "<b onclick=x>Juno</b>"
PATIENCE_MS = 30_000


@dataclass(frozen=True)
class Classroom:
    """A page each for the teacher, three pupils who have joined (one with a phone) and a stranger."""

    teacher: Page
    mina: Page
    juno: Page
    sora: Page
    stranger: Page
    link: str

    @property
    def pupils(self) -> Locator:
        """The lines of the teacher's list."""
        return self.teacher.locator(".pupils tbody tr")


@pytest.fixture(scope="module")
def classroom(browser: Browser, server: PageServer) -> Iterator[Classroom]:
    """The class “7b” from its code on the projector on; each test of this file leaves its three pupils in it."""
    expect.set_options(timeout=20_000)
    with contextlib.ExitStack() as stack:
        address = f"{server.url}/class?speed=full"  # her two trainings, too: a first run is slow, to be watched
        visits = [
            stack.enter_context(open_page(browser, address, ".st-key-class-create", width=width))
            for width in (1920, 1280, 390, 1280, 1280)
        ]
        teacher, mina, juno, sora, stranger = (visit.page for visit in visits)
        element(teacher, "class-name").locator("input").fill("7b")
        button(teacher, "class-create").click()
        link, code = (teacher.locator(f".class-join .{part}").inner_text() for part in ("link", "code"))
        assert link.endswith(f"/class?code={code.replace('-', '')}")
        assert teacher.locator(".class-join img").evaluate("image => image.naturalWidth") > 100
        size = teacher.locator(".class-join .code").evaluate("code => parseFloat(getComputedStyle(code).fontSize)")
        assert size > 40  # is read from the last row
        join(mina, link, "Mina")
        join(juno, link, NICKNAME_OF_MARKUP)
        join(sora, link, "Sora")
        yield Classroom(teacher, mina, juno, sora, stranger, link)
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


def test_class_sees_who_is_here_what_each_trains_draws_and_answers_and_a_stranger_nothing(classroom: Classroom) -> None:
    teacher, mina, juno, stranger, link = (
        classroom.teacher,
        classroom.mina,
        classroom.juno,
        classroom.stranger,
        classroom.link,
    )
    names = classroom.pupils.locator("th")
    expect(names).to_contain_text([NICKNAME_OF_MARKUP, "Mina", "Sora"])  # by name; markup is data
    expect(element(teacher, "class-live")).to_contain_text("3 are here.")
    keep_a_digit(mina, 3)
    button(mina, "offer-drawing").click()
    expect(teacher.locator(".offered figcaption")).to_contain_text("3 by Mina")
    mina.locator(".st-key-start-training button:visible").first.click()
    wait_for_state(mina, "finished")
    expect(classroom.pupils.nth(1)).to_contain_text(re.compile(r"finished\s*[\d.]+\s?%\s*\d+\s?%"))
    expect(classroom.pupils.nth(1)).to_contain_text("Linear")
    expect(element(teacher, "class-chart").locator("canvas")).to_have_count(1)
    element(teacher, "class-order").get_by_text("by test accuracy").click()
    expect(names).to_contain_text(["Mina", NICKNAME_OF_MARKUP, "Sora"])
    element(teacher, "class-order").get_by_text("by name").click()
    expect(names).to_contain_text([NICKNAME_OF_MARKUP, "Mina", "Sora"])

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

    choose_option(teacher, "class-asked")
    button(teacher, "ask-class").click()
    looks = [Look(juno), Look(teacher)]
    looks[0].at("a pupil is asked", [LOOKS["phone"]])
    element(juno, "class-question").locator("label").nth(2).click()
    expect(element(teacher, "class-answers")).to_contain_text("1 answer so far")
    looks[1].at("a teacher sees runs, a drawing and answers", [LOOKS["desk"]])
    go_to(juno, "Class")
    looks[0].at("a class, as a pupil sees it")
    go_to(juno, "Train and draw")
    assert [found for look in looks for found in look.found] == []
    button(teacher, "close-question").click()
    expect(element(juno, "class-question")).to_have_count(0)
    mina.reload()
    expect(element(mina, "class-chip")).to_contain_text("Mina")


def test_handwriting_of_a_class_is_trained_on_goes_out_as_a_file_and_comes_back(
    classroom: Classroom, tmp_path: Path
) -> None:
    teacher, written = classroom.teacher, classroom.teacher.locator(".handwriting tbody tr")
    for pupil in (classroom.juno, classroom.sora):
        keep_a_digit(pupil, 3)
    expect(written.filter(has_text="Sora")).to_have_count(1, timeout=PATIENCE_MS)
    choose_option(teacher, "class-reader", "Mina")  # which reads them, and is trained further
    expect(element(teacher, "class-reader").locator("input")).to_have_value(re.compile("Linear"))
    button(teacher, "class-train").first.click()
    expect(element(teacher, "class-gain")).to_contain_text("kept apart", timeout=PATIENCE_MS)
    gains = element(teacher, "class-gain").locator("tbody td")
    expect(gains).to_have_text([re.compile("%")] * 6, timeout=PATIENCE_MS)
    button(teacher, "class-train-anew").first.click()
    expect(element(teacher, "class-gain").locator("thead")).to_contain_text("With them", timeout=PATIENCE_MS)
    expect(gains).to_have_text([re.compile("%")] * 6, timeout=PATIENCE_MS)

    unfold(teacher, "class-files")
    with teacher.expect_download() as saved:
        button(teacher, "export-handwriting").click()
    saved.value.save_as(tmp_path / "handwriting.json")
    written.filter(has_text="Sora").locator("button").first.click()
    button(teacher, "take-out-drawing").click()
    expect(written.filter(has_text="Sora")).to_have_count(0)
    element(teacher, "import-handwriting").locator("input[type=file]").set_input_files(tmp_path / "handwriting.json")
    button(teacher, "add-handwriting").click()
    expect(written.filter(has_text="Sora")).to_have_count(1)


def test_teacher_locks_settings_removes_a_pupil_closes_and_deletes_the_class_and_a_pupil_leaves(
    classroom: Classroom,
) -> None:
    teacher, mina, sora, stranger = classroom.teacher, classroom.mina, classroom.sora, classroom.stranger
    unfold(teacher, "class-link")
    code = classroom.link.partition("code=")[2]
    choose_option(teacher, f"class-settings{code}", "Everybody has my settings, locked")
    button(teacher, "class-set-link").click()
    open_settings(sora)
    expect(element(sora, "epochs").locator("input")).to_be_disabled()

    unfold(teacher, "manage-class")
    choose_option(teacher, "class-pupil", "Sora")  # who joined after the page was drawn can be chosen, too
    button(teacher, "remove-pupil").click()
    expect(element(sora, "class-chip")).to_have_count(0)
    expect(classroom.pupils).to_have_count(2)

    element(mina, "class-chip").get_by_role("link").click()
    unfold(mina, "manage-class-mine")
    button(mina, "leave-class-with-things").click()
    expect(element(mina, "class-chip")).to_have_count(0)
    expect(classroom.pupils).to_have_count(1)
    expect(teacher.locator(".handwriting tbody")).not_to_contain_text("Mina")

    button(teacher, "class-opened").click()
    expect(teacher.get_by_text("This class is closed")).to_be_visible()
    stranger.goto(classroom.link)
    expect(stranger.get_by_text("This class is closed")).to_be_visible()
    expect(button(stranger, "join-class")).to_be_disabled()
    button(teacher, "delete-class").first.click()
    undo = teacher.locator("[class*=st-key-undo-delete-class-] button")
    undo.wait_for()
    expect(element(classroom.juno, "class-chip")).to_have_count(0)
    undo.click()
    expect(classroom.pupils).to_have_count(1)
