"""The whole way, as a visitor goes it: open, start, watch, draw, pause, step, resume, stop, reload."""

import re

import pytest
from playwright.sync_api import Page, WebSocket, expect

from tests.browser.page import PATIENCE_MS, button, element, stop_training, wait_for_state
from tests.browser.pen import draw
from tests.e2e.actions import (
    IDLE_BUTTONS,
    STEPS,
    choose_option,
    choose_preset,
    fits_on_desk_and_phone,
    open_settings,
    pixels_of,
    quick_run,
    set_number,
    sideways_overflow,
    start_long_run,
    start_with,
    steps_done,
)
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_first_visit_shows_what_can_be_set_watched_and_drawn_and_says_by_itself_how_long_a_run_would_take_here(
    same_page: Page,
) -> None:
    page = same_page
    expect(element(page, "preset").locator("input")).to_have_value("Tutorial with PyTorch")
    expect(element(page, "learning-rate").locator("input")).to_have_value("0.5")
    expect(element(page, "data-source")).to_contain_text("Built-in digits")
    wait_for_state(page, "not started")
    expect(element(page, "predicted-digit")).to_have_text("–")
    expect(element(page, "sample-digits").locator("figure")).to_have_count(24)
    expect(button(page, "start-training")).to_be_enabled()
    expect(element(page, "cost")).to_contain_text(
        re.compile(r"Linear, with PyTorch, 5 epochs: .* here, at full speed\."), timeout=PATIENCE_MS
    )
    # It is measured some more, and then no longer asked for.
    expect(element(page, "cost-pulse")).to_have_count(0, timeout=PATIENCE_MS)


def test_visitor_trains_sees_her_drawing_read_anew_pauses_steps_resumes_stops_and_finds_it_again(
    same_page: Page,
) -> None:
    page = same_page
    start_with(page, batch_size="1", epochs="1000", learning_rate="0.01")  # so that it learns for a while
    wait_for_state(page, "running")
    page.get_by_text(STEPS).first.wait_for()
    charts = element(page, "live-charts")
    expect(charts.locator("canvas").first).to_be_visible()
    before, drawn_before = steps_done(page), pixels_of(charts)
    expect(page.get_by_text(f"step {before:,} of")).to_have_count(0)
    assert steps_done(page) > before
    wait_until(lambda: pixels_of(charts) != drawn_before)  # the chart that came with the new step takes a moment

    # A reload finds the run still running.
    before = steps_done(page)
    page.reload()
    wait_for_state(page, "running")
    assert steps_done(page) >= before

    draw(page, "0")
    expect(element(page, "predicted-digit")).to_have_text("0")
    expect(element(page, "digit-probabilities").locator("li.best")).to_contain_text("0")
    expect(element(page, "model-input").locator("img")).to_be_visible()
    bars, seen = element(page, "digit-probabilities"), set[str]()
    wait_until(lambda: seen.add(bars.inner_text()) or len(seen) > 2)  # type: ignore[func-returns-value]
    wait_for_state(page, "running")

    assert fits_on_desk_and_phone(page)
    button(page, "pause-training").click()  # from here on in her hand
    wait_for_state(page, "paused")
    paused_at = steps_done(page)
    page.wait_for_timeout(1200)
    assert steps_done(page) == paused_at
    button(page, "step-training").click()
    expect(page.get_by_text(f"step {paused_at + 1:,} of")).to_be_visible()
    expect(element(page, "predicted-digit")).to_have_text("0")

    button(page, "pause-training").click()  # it says Resume now
    wait_for_state(page, "running")
    stop_training(page)
    expect(page.get_by_text("Training time")).to_be_visible()
    stopped_at = steps_done(page)
    assert stopped_at > paused_at + 1
    expect(element(page, "predicted-digit")).to_have_text("0")

    page.reload()
    wait_for_state(page, "stopped")
    assert steps_done(page) == stopped_at
    expect(element(page, "live-charts").locator("canvas").first).to_be_visible()
    assert sideways_overflow(page) == 0

    # Start, pressed just before a stroke, is not lost.
    button(page, "start-training").click()
    draw(page, "1")
    wait_for_state(page, "running")
    # By a model that has just begun, on a busy machine after a step or two: an answer, not the right one.
    expect(element(page, "predicted-digit")).to_have_text(re.compile(r"^\d$"))
    stop_training(page)


def test_changing_settings_or_samples_clears_neither_chart_nor_drawing_nor_restarts(same_page: Page) -> None:
    page = same_page
    start_long_run(page)
    draw(page, "0")
    expect(element(page, "predicted-digit")).to_have_text("0")
    before = steps_done(page)
    element(page, "sample-class").get_by_text("7", exact=True).click()
    expect(element(page, "sample-digits").locator("figure").first).to_contain_text("7")
    button(page, "other-samples").click()
    choose_preset(page, "small-network")
    expect(element(page, "learning-rate").locator("input")).to_have_value("0.001")
    expect(element(page, "predicted-digit")).to_have_text("0")
    expect(element(page, "live-charts").locator("canvas").first).to_be_visible()
    assert steps_done(page) >= before
    stop_training(page)
    choose_preset(page, "tutorial-pytorch")
    expect(element(page, "learning-rate").locator("input")).to_have_value("0.5")


def test_finished_run_shows_final_figures_marks_misread_samples_and_says_in_words_what_is_seen_until_reset_drops_it(
    same_page: Page,
) -> None:
    page = same_page
    quick_run(page)
    expect(element(page, "test-accuracy")).to_have_text(re.compile(r"Test accuracy\s*9\d\.\d\d %\s*after step 75"))
    grid = element(page, "sample-digits")
    expect(grid.locator("figcaption").first).to_have_text(re.compile(r"\d [✓✗] \d"))
    wrong, crosses = grid.locator("figure.wrong").count(), grid.get_by_text("✗").count()
    assert wrong == crosses

    expect(page.get_by_role("img", name=re.compile("Loss .*on the test images .* after step 75"))).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("Accuracy: on the test images .* after step 75"))).to_be_visible()
    expect(page.locator(IDLE_BUTTONS)).to_have_count(0)
    for key in ("pause-training", "step-training", "stop-training"):
        expect(button(page, key)).to_be_hidden()
    chart = element(page, "accuracy-chart")
    whole = pixels_of(chart)
    element(page, "accuracy-range").get_by_text("90–100 %").click()
    wait_until(lambda: pixels_of(chart) != whole)
    element(page, "accuracy-range").get_by_text("0–100 %").first.click()
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, textarea, img')]
            .filter(e => e.offsetParent !== null)
            .filter(e => !(e.getAttribute('aria-label') || e.labels?.length || e.textContent.trim() || e.alt || e.title
                           || e.getAttribute('aria-labelledby') || e.querySelector('img[alt]:not([alt=""])')))
            .map(e => e.outerHTML.slice(0, 200))"""
    )
    assert unnamed == []

    button(page, "reset-training").click()
    wait_for_state(page, "not started")
    expect(element(page, "live-charts")).to_have_count(0)
    assert "run=" not in page.url


def test_start_pressed_just_before_a_stroke_is_not_lost_and_a_page_that_is_idle_asks_the_server_for_nothing(
    same_page: Page,
) -> None:
    page = same_page
    button(page, "start-training").click()
    draw(page, "0")
    wait_for_state(page, "finished")
    expect(element(page, "predicted-digit")).to_have_text("0")

    sockets: list[WebSocket] = []
    page.on("websocket", lambda socket: sockets.append(socket))
    page.reload()
    wait_for_state(page, "finished")
    expect(element(page, "cost-pulse")).to_have_count(0)
    page.wait_for_timeout(1500)
    sent: list[object] = []
    assert sockets
    for socket in sockets:
        socket.on("framesent", lambda frame: sent.append(frame))
    page.wait_for_timeout(2000)
    assert sent == []


def test_setting_out_of_bounds_that_is_typed_gives_one_sentence_and_starts_nothing(same_page: Page) -> None:
    page = same_page
    open_settings(page)
    set_number(page, "epochs", "5000")
    button(page, "start-training").click()
    expect(page.get_by_text("Epochs must be a whole number from 1 to 1,000, but is “5000”.")).to_be_visible()
    wait_for_state(page, "not started")
    set_number(page, "epochs", "5")


def test_diverging_run_says_where_and_what_to_try(same_page: Page) -> None:
    page = same_page
    open_settings(page)
    choose_option(page, "model", "Multi-layer perceptron")
    set_number(page, "learning-rate", "1e10")
    button(page, "start-training").click()
    wait_for_state(page, "diverged")
    expect(
        page.get_by_text(re.compile(r"no longer a finite number at step \d+ .*Try a learning rate of"))
    ).to_be_visible()
