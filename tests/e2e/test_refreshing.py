"""When the page refreshes by itself, and when it had better not."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.actions import button, element, start_long_run, steps_done
from tests.e2e.conftest import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

# Longer than the pause between two refreshes of a run that has begun, and than the patience of one that is held back.
REFRESHED_MS, PATIENCE_MS = 2500, 8000


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page with a long run, which is stopped at the end."""
    start_long_run(page)
    yield page
    page.mouse.up()
    button(page, "stop-training").click()
    expect(element(page, "training-status")).to_have_text("stopped")


def refreshes(page: Page, milliseconds: int, meanwhile: Callable[[], object] = lambda: None) -> bool:
    """Tell whether the steps shown change within that time."""
    before = steps_done(page)
    for _moment in range(milliseconds // 100):
        meanwhile()
        page.wait_for_timeout(100)
        if steps_done(page) != before:
            return True
    return False


def descendants(pid: int) -> list[int]:
    """Return the processes that `pid` has started, and those that they have started, and so on."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:  # it has just ended
            continue
        parents.setdefault(parent, []).append(int(stat.parent.name))
    found = parents.get(pid, [])
    return [*found, *(further for child in found for further in descendants(child))]


def scribble(page: Page) -> Callable[[], None]:
    """Put the pen on the canvas; return what moves it on."""
    canvas = page.locator(".st-key-drawing-canvas canvas.upper-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + 40
    page.mouse.move(x, y)
    page.mouse.down()
    places = iter([y + 3 * step for step in range(60)] * 3)
    page.wait_for_timeout(300)  # what was on its way
    return lambda: page.mouse.move(x, next(places))


def test_page_waits_with_refreshing_until_the_stroke_is_drawn_and_answered(page: Page) -> None:
    move_on = scribble(page)
    assert not refreshes(page, 1500, move_on)
    page.mouse.up()
    expect(element(page, "predicted-digit")).not_to_have_text("–")
    assert refreshes(page, REFRESHED_MS)


def test_page_refreshes_all_the_same_where_a_stroke_never_ends(page: Page) -> None:
    move_on = scribble(page)
    assert not refreshes(page, 1500, move_on)
    assert refreshes(page, PATIENCE_MS, move_on)


def test_page_in_the_background_refreshes_when_it_is_looked_at_again(page: Page) -> None:
    hide = "isHidden => Object.defineProperty(document, 'hidden', {configurable: true, get: () => isHidden})"
    page.evaluate(hide, True)
    page.wait_for_timeout(500)  # what was on its way
    assert not refreshes(page, REFRESHED_MS)
    page.evaluate(hide, False)
    assert refreshes(page, REFRESHED_MS)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux to find the process that trains")
def test_step_for_which_the_machine_has_no_time_now_is_shown_when_it_is_done(page: Page, server: Server) -> None:
    button(page, "pause-training").click()
    expect(element(page, "training-status")).to_have_text("paused")
    before = steps_done(page)
    workers = descendants(server.process.pid)
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    try:
        button(page, "step-training").click()
        page.wait_for_timeout(4000)  # longer than the server waits for a step
        assert steps_done(page) == before
    finally:
        for worker in workers:
            os.kill(worker, signal.SIGCONT)
    expect(page.get_by_text(f"step {before + 1:,} of")).to_be_visible()
    expect(element(page, "training-status")).to_have_text("paused")
