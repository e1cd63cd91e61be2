"""A phone that goes out of reach, or a laptop that sleeps: the line breaks, and nothing is lost when it is back."""

import re

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from mnist_demo.lesson.parts import PARTS
from tests.browser.page import button, element, stop_training, wait_for_state
from tests.browser.pen import draw
from tests.browser.server import PageServer
from tests.e2e.actions import go_to, guess_first_option, start_long_run, steps_done
from tests.e2e.conftest import visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

# It looks for itself below the page's address before it does a level higher, and says what it could not send.
STREAMLITS = ("404 (Not Found)", "when disconnected from server")


class Line:
    """The connection between `page` and its server, which can be cut; one that is opened before this is left alone."""

    def __init__(self, page: Page) -> None:
        self.opened = 0
        self._ends: tuple[WebSocketRoute, WebSocketRoute] | None = None
        page.route_web_socket(re.compile("/_stcore/stream"), self._note)

    def _note(self, near: WebSocketRoute) -> None:
        self.opened += 1
        self._ends = near, near.connect_to_server()

    def cut(self) -> None:
        assert self._ends is not None
        for end in self._ends:
            end.close()


def test_drawings_guesses_and_a_run_outlive_a_lost_connection(browser: Browser, server: PageServer) -> None:
    part = PARTS[0].name
    with visit(browser, "about:blank", ready="html") as opened:
        page = opened.page
        line = Line(page)
        page.goto(f"{server.url}/lesson?speed=full")
        guess_first_option(page, part)
        answer = element(page, f"answer-{part}")
        expect(answer).to_contain_text("uess")
        line.cut()
        page.wait_for_timeout(300)
        expect(answer).to_contain_text("uess")
        button(page, "next-part").click()
        expect(element(page, f"guess-{PARTS[1].name}").get_by_role("radio").first).to_be_visible()
        assert line.opened == 2

        go_to(page, "Train and draw")
        draw(page, "3")
        element(page, "correction").get_by_role("button", name="8").click()
        expect(page.get_by_text("My drawings: 1")).to_be_visible()
        draw(page, "3")
        expect(element(page, "predicted-digit")).to_have_text("3")
        start_long_run(page)
        before = steps_done(page)
        line.cut()
        expect(page.get_by_text(f"step {before:,} of")).to_have_count(0)
        wait_for_state(page, "running")
        expect(element(page, "predicted-digit")).to_have_text(re.compile(r"^\d$"))
        expect(page.get_by_text("My drawings: 1")).to_be_visible()
        button(page, "clear-drawing").click()
        expect(element(page, "predicted-digit")).to_have_text("–")
        draw(page, "0")
        expect(element(page, "predicted-digit")).to_have_text("0")
        stop_training(page)
        go_to(page, "Lesson")
        expect(element(page, f"guess-{PARTS[1].name}").get_by_role("radio").first).to_be_visible()
        button(page, "previous-part").click()
        expect(answer).to_contain_text("uess")
        assert line.opened == 3
        opened.console[:] = [line for line in opened.console if not any(words in line for words in STREAMLITS)]
