"""When the page refreshes by itself, and when it had better not."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import ROOT
from tests.browser.page import Visit, button, element, stop_training, wait_for_state
from tests.browser.pen import place_canvas
from tests.browser.server import PageServer, descendants
from tests.e2e.actions import start_long_run, steps_done

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

# Longer than the pause between two refreshes of a run that has begun, and than the patience of one that is held back.
REFRESHED_MS, PATIENCE_MS = 2500, 8000


@pytest.fixture(scope="module")
def _stopped(long_visit: Visit) -> Iterator[None]:
    yield
    stop_training(long_visit.page)


@pytest.fixture
def page(same_page: Page, _stopped: None) -> Page:
    """A page with a long run that has just begun."""
    start_long_run(same_page)
    return same_page


@pytest.fixture
def page_of_a_run(long_visit: Visit, request: pytest.FixtureRequest) -> Page:
    """A page with a run that another test may have begun."""
    if element(long_visit.page, "training-status").filter(has_text="running").count():
        return long_visit.page
    page: Page = request.getfixturevalue("page")
    return page


def refreshes(page: Page, milliseconds: int, meanwhile: Callable[[], object] = lambda: None) -> bool:
    """Tell whether the steps shown change within that time."""
    before = steps_done(page)
    end = time.monotonic() + milliseconds / 1000  # not a number of looks, each of which takes long on a slow machine
    while time.monotonic() < end:
        meanwhile()
        page.wait_for_timeout(100)
        if steps_done(page) != before:
            return True
    return False


def scribble(page: Page) -> Callable[[], None]:
    """Put the pen on the canvas; return what moves it on."""
    box = place_canvas(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + 40
    page.mouse.move(x, y)
    page.mouse.down()
    places = iter([y + 3 * step for step in range(60)] * 3)
    page.wait_for_timeout(400)  # what was on its way
    return lambda: page.mouse.move(x, next(places))


def test_refreshes_go_on_where_streamlit_takes_a_call_back_that_a_newer_one_has_overtaken(same_page: Page) -> None:
    # As it does on a busy machine: the newer one has begun before the older one is taken back.
    overtake = """async code => {
      const { default: draw } = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
      const parentElement = {}, wait = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));
      let beats = 0;
      const call = () => draw({
        parentElement, data: { seconds: 0.1, canvas: "canvas" }, setTriggerValue: () => { beats += 1; },
      });
      const takeBack = [call(), call()];
      takeBack[0]();
      for (let looks = 0; !beats && looks < 100; looks++) await wait(50);
      const goesOn = beats > 0;
      takeBack[1]();
      await wait(100);
      const before = beats;
      await wait(1000);
      return [goesOn, beats - before];
    }"""
    code = (ROOT / "mnist_demo/ui/widgets/pulse.js").read_text(encoding="utf-8")
    assert same_page.evaluate(overtake, code) == [True, 0]


def test_page_is_drawn_anew_when_all_messages_of_the_server_are_there(same_page: Page) -> None:
    # What React posts to itself arrives after what is posted later, once a message has come; else before it.
    order = """async hasCome => {
      const arrived = [], channels = [new MessageChannel(), new MessageChannel()];
      const both = channels.map(({ port1 }, place) => new Promise(resolve => {
        port1.onmessage = () => resolve(arrived.push(place));
      }));
      const event = new MessageEvent("message", { data: "" });
      Object.defineProperty(event, "target", { value: Object.create(WebSocket.prototype) });
      if (hasCome) event.data;
      channels[0].port2.postMessage(null);
      channels[1].port2.postMessage("later");
      await Promise.all(both);
      return arrived;
    }"""
    same_page.wait_for_timeout(100)
    assert same_page.evaluate(order, False) == [0, 1]
    # A machine with other work may let the moment pass between two lines.
    assert [1, 0] in [same_page.evaluate(order, True) for _attempt in range(10)]


def test_page_waits_with_refreshing_until_the_stroke_is_drawn_and_answered_and_not_for_one_that_never_ends(
    page: Page,
) -> None:
    move_on = scribble(page)
    assert not refreshes(page, 1500, move_on)
    page.mouse.up()
    expect(element(page, "predicted-digit")).not_to_have_text("–")
    assert refreshes(page, REFRESHED_MS)

    move_on = scribble(page)
    assert not refreshes(page, 1500, move_on)
    assert refreshes(page, PATIENCE_MS, move_on)
    page.mouse.up()


def test_page_in_the_background_refreshes_when_it_is_looked_at_again(page: Page) -> None:
    hide = "isHidden => Object.defineProperty(document, 'hidden', {configurable: true, get: () => isHidden})"
    page.evaluate(hide, True)
    refreshes(page, 1000)  # what was on its way
    assert not refreshes(page, REFRESHED_MS)
    page.evaluate(hide, False)
    # A hidden page never refreshes: one that does, however late on a busy machine, knows that it is seen.
    assert refreshes(page, PATIENCE_MS)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux to find the process that trains")
def test_step_for_which_the_machine_has_no_time_now_is_shown_when_it_is_done(
    page_of_a_run: Page, server: PageServer
) -> None:
    page = page_of_a_run
    button(page, "pause-training").click()
    wait_for_state(page, "paused")
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
    wait_for_state(page, "paused")
