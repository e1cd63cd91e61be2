"""axe-core finds nothing that is ours on any page, in any state; and all has its place, whatever the window.

Each state is looked at in a window on a desk in the light theme, and on a phone in the dark one.
"""

import os
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mnist_demo.processes import core_count
from mnist_demo.settings.variations import MAX_VALUES
from tests.browser.page import PATIENCE_MS, Scheme, button, element, stop_training, wait_for_state
from tests.browser.pen import draw
from tests.browser.server import PageServer, descendants, own_environment, serve
from tests.e2e.accessibility import Look
from tests.e2e.actions import (
    LOOKS,
    choose_option,
    go_to,
    open_settings,
    quick_run,
    set_number,
    show_in,
    start_long_run,
    start_with,
    unfold,
)
from tests.e2e.conftest import visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PROJECTOR: tuple[tuple[Scheme, int, int], ...] = (("light", 1920, 1080), ("dark", 1920, 1080))


@pytest.fixture(autouse=True)
def _more_patience(_patience: None) -> None:
    """Wait as long as a busy machine takes: an analysis loads scikit-learn first."""
    expect.set_options(timeout=PATIENCE_MS)


def test_axe_finds_nothing_on_train_and_draw_before_during_and_after_a_run(same_page: Page) -> None:
    page = same_page
    look = Look(page)
    element(page, "tabs").get_by_role("link").nth(1).hover()
    look.at("fresh, a tab under the pointer")
    draw(page, "3")
    expect(element(page, "predicted-digit")).to_have_text("3")
    for key in ("preparation", "reasons", "activations", "nearest"):
        unfold(page, key)
    expect(element(page, "nearest-images").locator("img").first).to_be_visible()
    for words in ("My drawings:", "Read a picture", "Open a saved model"):
        page.get_by_text(words).click()
    look.at("drawn, details open")
    button(page, "clear-drawing").click()
    expect(element(page, "predicted-digit")).to_have_text("–")
    draw(page, "scribble")
    expect(page.get_by_text("I don’t think this is a digit.")).to_be_visible()
    open_settings(page)
    button(page, "share-settings").click()
    expect(element(page, "shared-link")).to_be_visible()
    set_number(page, "batch-size", "0")
    button(page, "start-training").click()
    expect(page.get_by_text("Batch size must be").first).to_be_visible()
    look.at("refused drawing, settings open, link shared, error")
    start_long_run(page)
    look.at("running")
    show_in(page, *PROJECTOR[0])
    element(page, "big-picture").locator("label").click()
    look.at("big picture", PROJECTOR)
    element(page, "big-picture").locator("label").click()
    show_in(page, *LOOKS["desk"])
    choose_option(page, "speed", "1 step per second")
    expect(element(page, "step-detail")).to_contain_text("in detail")
    look.at("slow motion")
    button(page, "pause-training").click()
    wait_for_state(page, "paused")
    button(page, "step-training").click()
    expect(element(page, "step-detail")).to_be_visible()
    element(page, "export").get_by_role("button").first.click()
    expect(element(page, "export-choice")).to_be_visible()
    look.at("paused at a step, export open")
    page.keyboard.press("Escape")
    stop_training(page)
    choose_option(page, "model", "Multi-layer perceptron")
    start_with(page, learning_rate="1e10", batch_size="50", epochs="5")
    wait_for_state(page, "diverged")
    look.at("diverged")
    assert look.found == [], "\n".join(look.found)


def test_axe_finds_nothing_on_the_other_pages_after_two_runs(browser: Browser, server: PageServer) -> None:
    with visit(browser, f"{server.url}/?epochs=2") as opened:
        page = opened.page
        look = Look(page)
        quick_run(page)
        button(page, "reset-training").click()
        wait_for_state(page, "not started")
        quick_run(page)
        look.at("finished")
        go_to(page, "Look inside")
        expect(element(page, "weights").locator("img")).to_have_count(10)
        look.at_any_size("look inside")
        page.get_by_text("What it confuses").click()
        first = element(page, "confusion-matrix").locator("button").first
        first.click(timeout=2 * PATIENCE_MS)
        expect(element(page, "confusion-cell").locator(".gallery button").first).to_be_visible()
        look.at("confusion matrix, a cell open")
        page.get_by_text("Its mistakes").click()
        expect(element(page, "mistakes").locator("img").first).to_be_visible()
        look.at("mistakes")
        page.get_by_text("The data", exact=True).click()
        views = {
            "digits": "See how differently",
            "pixel values": "Look at the two ends",
            "augmentation": "Check that",
        }
        for view, sentence in views.items():
            page.get_by_text(view, exact=True).click()
            expect(page.get_by_text(sentence)).to_be_visible()
            look.at(f"the data, {view}")
        go_to(page, "Compare")
        expect(element(page, "comparison").locator("canvas").first).to_be_visible()
        look.at_any_size("compare")
        go_to(page, "Runs")
        expect(element(page, "run-list")).to_be_visible()
        look.at_any_size("runs")
        opened_by = {"rename": "run-name", "export": "run-format", "delete": "undo-delete"}
        for action, shown in opened_by.items():
            page.locator(f"[class*=st-key-{action}-run-] button").first.click()
            expect(element(page, shown)).to_be_visible()
            look.at(f"runs, {action}")
        go_to(page, "Lesson")
        expect(element(page, "lesson").get_by_role("heading").first).to_be_visible()
        look.at_any_size("lesson")
        go_to(page, "Class")
        expect(button(page, "class-create")).to_be_visible()
        look.at("the way into a class")
        element(page, "class-name").locator("input").fill("7b")
        button(page, "class-create").click()
        expect(element(page, "class-live")).to_be_visible()
        look.at_any_size("a class, as its teacher sees it")
        page.goto(f"{server.url}/?only=draw")
        draw(page, "3")
        expect(element(page, "predicted-digit")).to_have_text("3")
        Look(page, look.found).at("the bench alone")
        assert look.found == [], "\n".join(look.found)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux to find the process that trains")
@pytest.mark.skipif(core_count() > MAX_VALUES, reason="needs no more cores than values can be tried at once")
def test_axe_finds_nothing_on_runs_that_wait_or_have_failed(browser: Browser, tmp_path: Path) -> None:
    environment = own_environment(tmp_path / "home", "builtin")
    # Slowly: what runs leaves the processors to the page.
    with serve(tmp_path, environment) as server, visit(browser, f"{server.url}/?speed=100") as opened:
        page = opened.page
        look = Look(page)
        start_long_run(page)
        go_to(page, "Compare")
        values = page.locator('[class*="st-key-fork-value"] input')
        values.fill("; ".join(map(str, range(1, MAX_VALUES + 1))))
        values.press("Tab")
        button(page, "start-fork").click()
        expect(element(page, "comparison").locator("table").first).to_contain_text("queued")
        look.at("compare, one run waits")
        go_to(page, "Runs")
        page.locator("[class*=st-key-open-run] button").first.click()  # the newest
        wait_for_state(page, "queued")
        expect(element(page, "live-charts").locator("canvas").first).to_be_visible()
        look.at("queued")
        go_to(page, "Compare")
        button(page, "stop-all-runs").click()
        go_to(page, "Train and draw")
        start_long_run(page)
        for process in descendants(server.process.pid):
            os.kill(process, signal.SIGKILL)
        wait_for_state(page, "failed")
        look.at("failed")
        assert look.found == [], "\n".join(look.found)
