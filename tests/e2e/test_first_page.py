"""The first page at every size: the bench stands first and whole, and nothing that happens moves it."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.page import button, element, wait_for_state
from tests.browser.pen import CANVAS, draw
from tests.browser.server import PageServer
from tests.e2e.actions import (
    IDLE_BUTTONS,
    go_to,
    open_settings,
    set_number,
    sideways_overflow,
    start_long_run,
    start_with,
    take_up,
    unfold,
)
from tests.e2e.conftest import visit
from tests.e2e.layout import misplaced_at_any_size

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

SIZES = [(1440, 900), (1280, 800), (1024, 768), (768, 1024), (390, 844)]
# Where the chart comes to stand beside the bench, and where a column once cut the canvas off, in pixels.
BETWEEN = (600, 641, 950, 1100)
BENCH = ("drawing-canvas", "predicted-digit", "digit-probabilities")

# The narrowest and widest line, and how much wider the next one is, in pixels.
LINES = (60, 700, 8)
BROKEN = """([narrowest, widest, step]) => {
  const broken = [], range = document.createRange();
  for (const element of document.querySelectorAll("[data-testid=stMain] p")) {
    const before = element.style.width;
    for (const found of element.firstChild?.data?.matchAll(/\\d\\s%/g) ?? []) {
      range.setStart(element.firstChild, found.index);
      range.setEnd(element.firstChild, found.index + 3);
      for (let width = narrowest; width < widest; width += step) {
        element.style.width = `${width}px`;
        if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1) broken.push(found[0]);
      }
      broken.push("seen");
    }
    element.style.width = before;
  }
  return broken;
}"""


def places(page: Page) -> dict[str, tuple[float, float, float, float]]:
    """Return left, top, right and bottom of each part of the bench, in pixels of the window."""
    found = {}
    for key in BENCH:
        box = element(page, key).bounding_box()
        assert box is not None, key
        found[key] = (box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"])
    return found


def assert_in_view(page: Page, width: int, height: int) -> dict[str, tuple[float, float, float, float]]:
    """Check that each part of the bench is in view in a window of that size; return their `places`."""
    found = places(page)
    for key, (left, top, right, bottom) in found.items():
        assert left >= 0, key
        assert top >= 0, key
        assert right <= width, key
        assert bottom <= height, key
        expect(element(page, key)).to_be_in_viewport(ratio=1)  # and no column cuts it off
    assert sideways_overflow(page) == 0
    return found


def scroll_to_the_top(page: Page) -> None:
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")


def test_newcomer_sees_one_button_to_start_and_none_that_can_do_nothing(same_page: Page) -> None:
    page = same_page
    expect(page.get_by_role("button", name="Train my first model")).to_be_visible()
    for key in ("pause-training", "step-training", "stop-training", "reset-training"):
        expect(element(page, key)).to_have_count(0)
    for key in ("undo-drawing", "clear-drawing"):
        expect(button(page, key)).to_be_hidden()
    expect(page.locator(IDLE_BUTTONS)).to_have_count(0)
    expect(page.get_by_test_id("stSidebar")).to_have_count(0)
    start, speed = (element(page, key).bounding_box() for key in ("start-training", "start-speed"))
    assert start is not None
    assert speed is not None
    assert start["y"] < speed["y"] + speed["height"] / 2 < start["y"] + start["height"]  # beside it
    expect(element(page, "learning-rate")).to_be_hidden()


def test_no_line_of_a_sentence_ends_between_a_percentage_and_its_sign(same_page: Page) -> None:
    page = same_page  # as a newcomer finds it, with the first preset
    expect(page.get_by_text("About 91 % on MNIST")).to_be_visible()  # a no-break space is a space here
    page.wait_for_function(f"lines => new Set(({BROKEN})(lines)).size === 1", arg=LINES)


def test_settings_outlive_a_visit_to_another_page(same_page: Page) -> None:
    page = same_page
    open_settings(page)
    field = element(page, "epochs").locator("input")
    field.fill("7")
    field.press("Tab")
    button(page, "share-settings").click()  # the form is sent
    expect(element(page, "shared-link")).to_contain_text("epochs=7")
    go_to(page, "Compare")
    expect(page.get_by_text("There is no run yet")).to_be_visible()
    go_to(page, "Train and draw")
    expect(element(page, "epochs").locator("input")).to_have_value("7")


def test_bench_is_in_view_before_during_and_after_a_run_and_never_moves(same_page: Page) -> None:
    page = same_page
    canvas = {size: look_at(page, *size) for size in SIZES}
    draw(page, "3")
    expect(element(page, "predicted-digit")).to_have_text("3")
    assert {size: look_at(page, *size) for size in SIZES} == canvas

    start_long_run(page)
    expect(element(page, "live-charts").locator("canvas").first).to_be_visible()
    assert {size: look_at(page, *size, with_run=True) for size in SIZES} == canvas
    for width in BETWEEN:
        look_at(page, width, 900, with_run=True)
    button(page, "pause-training").click()
    wait_for_state(page, "paused")
    expect(page.locator(IDLE_BUTTONS)).to_have_count(0)
    assert misplaced_at_any_size(page) == []

    button(page, "stop-training").click()
    wait_for_state(page, "stopped")
    set_number(page, "batch-size", "0")
    button(page, "start-training").click()
    expect(page.get_by_text("Batch size must be").first).to_be_visible()
    assert look_at(page, 1280, 800, with_run=True) == canvas[1280, 800]
    start_with(page, batch_size="100", learning_rate="0.000001", epochs="2")
    expect(element(page, "diagnosis")).to_be_visible()
    unfold(page, "preparation")
    assert {size: look_at(page, *size, with_run=True) for size in SIZES} == canvas


def test_parts_of_the_page_follow_one_another_from_the_canvas_to_the_data_used(same_page: Page) -> None:
    page = same_page
    draw(page, "3")
    expect(element(page, "predicted-digit")).to_have_text("3")
    for size in SIZES:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        scroll_to_the_top(page)
        boxes = [element(page, key).bounding_box() for key in ("tabs", "drawing-canvas", "samples", "more")]
        tops = [box["y"] for box in boxes if box is not None]
        last = element(page, "data-source").bounding_box()
        assert last is not None
        assert len(tops) == len(boxes)
        assert last["y"] > max(tops)
        assert tops[0] == min(tops)
    # The last of these sizes is a phone's.
    title = page.get_by_role("heading", level=1).bounding_box()
    teach = page.get_by_role("heading", name="Teach your own model").bounding_box()
    answer = element(page, "predicted-digit").bounding_box()
    assert title is not None
    assert teach is not None
    assert answer is not None
    _tabs, canvas, samples, more = tops
    asked = element(page, "correction").bounding_box()
    assert asked is not None
    order = [title["y"], canvas, answer["y"], asked["y"], teach["y"], min(samples, more)]
    assert order == sorted(order)


def look_at(page: Page, width: int, height: int, with_run: bool = False) -> tuple[float, float, float, float]:
    """Check that the bench is in view in a window of that size, and the run beside it; return the canvas's place."""
    page.set_viewport_size({"width": width, "height": height})
    expect(page.locator(CANVAS)).to_be_visible()
    page.wait_for_timeout(150)  # until all has its place
    scroll_to_the_top(page)
    found = assert_in_view(page, width, height)
    if with_run and width >= 600:
        chart = element(page, "live-charts").bounding_box()
        assert chart is not None
        assert chart["x"] >= found["drawing-canvas"][2]
        assert chart["y"] < max(bottom for _left, _top, _right, bottom in found.values())
    return found["drawing-canvas"]


def test_nothing_is_cut_covered_or_scrolls_sideways_at_any_size(same_page: Page) -> None:
    page = same_page
    draw(page, "3")
    expect(element(page, "predicted-digit")).to_have_text("3")
    open_settings(page)
    assert misplaced_at_any_size(page) == []


def test_big_picture_shows_canvas_digit_bars_and_chart_on_a_projector(same_page: Page) -> None:
    page = same_page
    page.set_viewport_size({"width": 1920, "height": 1080})
    start_long_run(page)
    element(page, "big-picture").locator("label").click()
    draw(page, "3")
    expect(element(page, "predicted-digit")).to_have_text(re.compile(r"^\d$"))
    chart = element(page, "accuracy-chart").locator("canvas").first
    expect(chart).to_be_in_viewport(ratio=1)
    scroll_to_the_top(page)
    _left, top, _right, bottom = assert_in_view(page, 1920, 1080)["predicted-digit"]
    assert bottom - top > 200  # pixels: read from the last row
    for key in ("tabs", "teach", "loss-chart"):
        expect(element(page, key)).to_be_hidden()
    page.set_viewport_size({"width": 2560, "height": 1440})
    assert_in_view(page, 2560, 1440)
    expect(chart).to_be_in_viewport(ratio=1)
    element(page, "big-picture").locator("label").click()


def test_bench_alone_reads_a_digit_and_shows_nothing_else(browser: Browser, server: PageServer) -> None:
    with visit(browser, f"{server.url}?only=draw", width=390, height=500, ready=CANVAS) as opened:
        page = opened.page
        expect(page.get_by_text("Draw a digit here")).to_be_visible()
        draw(page, "3")
        expect(element(page, "predicted-digit")).to_have_text("3")
        expect(page.get_by_text("Draw a digit here")).to_be_hidden()
        for key in ("tabs", "start-training", "sample-digits"):
            expect(element(page, key)).to_have_count(0)
        assert sideways_overflow(page) == 0


def test_stroke_on_a_canvas_that_is_drawn_larger_is_where_the_finger_was(same_page: Page) -> None:
    page = same_page
    take_up(page, "phone")
    canvas = element(page, "drawing-canvas").bounding_box()
    assert canvas is not None
    assert canvas["width"] > 340  # the whole width of a phone
    draw(page, "7", size=0.5, left=0.45, top=0.4)
    expect(element(page, "predicted-digit")).to_have_text("7")
