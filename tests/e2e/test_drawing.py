"""Drawing, uploading and correcting, and what the page makes of it."""

import re
from functools import partial
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, Route, expect

from tests.browser.page import Visit, button, element, wait_for_state
from tests.browser.pen import draw, draw_strokes
from tests.browser.shapes import DIGITS, PLACES, SHAPES
from tests.e2e.actions import go_to, quick_run, take_up

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_drawing_before_any_training_is_read_by_the_starter_model(same_page: Page) -> None:
    page = same_page
    draw(page, "3")
    expect(element(page, "predicted-digit")).to_have_text("3")
    expect(page.get_by_text("Read by the starter model")).to_be_visible()
    expect(page.get_by_text("Train a model of your own, and it answers instead")).to_be_visible()


def test_undo_takes_the_last_stroke_back_and_clear_all(same_page: Page) -> None:
    page = same_page
    expect(button(page, "undo-drawing")).to_be_hidden()
    draw(page, "1")
    expect(element(page, "predicted-digit")).to_have_text("1")
    draw(page, "0")
    expect(element(page, "predicted-digit")).not_to_have_text("1")
    button(page, "undo-drawing").click()
    expect(element(page, "predicted-digit")).to_have_text("1")
    button(page, "clear-drawing").click()
    expect(element(page, "predicted-digit")).to_have_text("–")
    draw(page, "0")
    expect(element(page, "predicted-digit")).to_have_text("0")


def test_shapes_of_digits_are_read_small_or_large_and_in_corners(same_page: Page) -> None:
    # The shapes of every digit, each in every place, are tried in tests/drawing: here one of each place but the whole
    # canvas, on which the other tests draw.
    page = same_page
    for place, name in zip(PLACES[1:], ("2 with a loop", "open 4", "8 in one stroke"), strict=True):
        digit, strokes = SHAPES[name]
        draw_strokes(page, strokes, **place)
        expect(element(page, "predicted-digit")).to_have_text(digit)
        button(page, "clear-drawing").click()
        expect(element(page, "predicted-digit")).to_have_text("–")


def test_what_spoke_for_a_digit_is_drawn_over_it(same_page: Page) -> None:
    page = same_page
    draw(page, "3")
    page.get_by_text("Why this digit?").click()
    expect(page.get_by_role("img", name=re.compile("what speaks for 3 is blue"))).to_be_visible()
    element(page, "reason-digit").get_by_text("8", exact=True).click()
    expect(page.get_by_role("img", name=re.compile("what speaks for 8 is blue"))).to_be_visible()


def test_picture_with_several_digits_is_read_in_order_and_a_file_that_is_none_gets_one_sentence(
    same_page: Page, tmp_path: Path
) -> None:
    page = same_page
    sheet = Image.new("L", (400, 160), 255)
    pen = ImageDraw.Draw(sheet)
    for place, digit in enumerate(("7", "1", "0")):
        for stroke in DIGITS[digit]:
            pen.line([(20 + 120 * place + 110 * x, 20 + 120 * y) for x, y in stroke], fill=0, width=9, joint="curve")
    sheet.save(tmp_path / "sheet.png")
    page.get_by_text("Read a picture or a photograph").click()
    element(page, "picture").locator("input[type=file]").set_input_files(tmp_path / "sheet.png")
    expect(element(page, "found-digits").locator("figcaption b")).to_have_text(["7", "1", "0"])
    (tmp_path / "digit.png").write_text("this is no picture")
    element(page, "picture").locator("input[type=file]").set_input_files(tmp_path / "digit.png")
    expect(page.get_by_text("This is not a picture in a format that can be read")).to_be_visible()


def test_scribble_is_not_taken_for_a_digit(same_page: Page) -> None:
    page = same_page
    draw(page, "scribble")
    expect(page.get_by_text("I don’t think this is a digit.")).to_be_visible()
    expect(element(page, "reading-doubted")).to_be_visible()
    button(page, "clear-drawing").click()
    expect(element(page, "predicted-digit")).to_have_text("–")
    draw(page, "3")
    expect(element(page, "predicted-digit")).to_have_text("3")
    expect(page.get_by_text("I don’t think this is a digit.")).to_have_count(0)


def test_stages_turned_off_let_the_reading_go_wrong_and_on_again_right(same_page: Page) -> None:
    page = same_page
    draw(page, "7", size=0.3)
    expect(element(page, "predicted-digit")).to_have_text("7")
    page.get_by_text("How your drawing becomes").click()
    bars = element(page, "digit-probabilities")
    right = bars.inner_text()
    for stage in ("Cropped", "Pen evened", "Fitted", "Centred"):
        element(page, "stages-off").get_by_role("button", name=stage).click()
    expect(bars).not_to_have_text(right)
    expect(page.get_by_text("(off)")).to_have_count(4)
    for stage in ("Cropped", "Pen evened", "Fitted", "Centred"):
        element(page, "stages-off").get_by_role("button", name=stage).click()
    expect(page.get_by_text("(off)")).to_have_count(0)
    expect(element(page, "predicted-digit")).to_have_text("7")
    assert bars.inner_text() == right


def test_drawing_made_before_training_is_read_by_the_model_and_kept_with_its_right_label_can_be_trained_on(
    same_page: Page,
) -> None:
    page = same_page
    draw(page, "0")
    quick_run(page)
    expect(element(page, "predicted-digit")).to_have_text("0")
    before = page.url
    element(page, "correction").get_by_role("button", name="8").click()
    expect(element(page, "predicted-digit")).to_have_text("–")
    expect(button(page, "undo-drawing")).to_be_hidden()
    expect(element(page, "drawing-kept")).to_contain_text("Saved as 8. You have 1 drawing.")
    page.get_by_text("My drawings: 1").click()
    expect(element(page, "my-drawings").get_by_role("img", name="A handwritten 8")).to_be_visible()
    button(page, "train-on-drawings").click()
    gain = element(page, "drawings-gain")
    expect(gain).to_contain_text("My drawings read correctly: 0 % before", timeout=30_000)
    expect(gain).to_be_in_viewport()
    wait_for_state(page, "finished")
    assert page.url != before
    take_up(page, "phone")
    button(page, "train-on-drawings").click()
    expect(gain).to_be_in_viewport(timeout=30_000)
    wait_for_state(page, "finished")
    go_to(page, "Runs")  # and back, to the top of the page
    go_to(page, "Train and draw")
    expect(gain).to_be_attached()
    page.wait_for_timeout(500)
    expect(element(page, "drawing-canvas")).to_be_in_viewport(ratio=1)


def test_file_that_the_server_has_no_room_for_is_refused_in_a_sentence(long_visit: Visit, same_page: Page) -> None:
    refused = {413: "too many files of yours here", 503: "too many files here at the moment"}
    page, address = same_page, "**/_stcore/upload_file/**"
    picture = element(page, "picture")
    if not picture.is_visible():
        page.get_by_text("Read a picture").click()
    for status, sentence in refused.items():
        page.route(address, partial(Route.fulfill, status=status))
        picture.locator("input[type=file]").set_input_files(
            {"name": f"{status}.png", "mimeType": "image/png", "buffer": b"a picture"}
        )
        expect(picture).to_contain_text(sentence)
        expect(picture).not_to_contain_text("AxiosError")
        page.unroute(address)
    # Her console has these refusals.
    long_visit.console[:] = [line for line in long_visit.console if not re.search("413|503", line)]


def test_stroke_is_read_as_the_pen_is_lifted_without_the_pause_of_the_canvas(same_page: Page) -> None:
    # The canvas component sends a drawing when 200 ms have passed since the stroke: here they never pass. The last test
    # here, since the page stays so.
    page = same_page
    page.add_init_script(
        "{const wait = setTimeout; window.setTimeout = (f, ms, ...more) => wait(f, ms === 200 ? 1e8 : ms, ...more);}"
    )
    page.reload()
    draw(page, "7")
    expect(element(page, "predicted-digit")).to_have_text("7")
