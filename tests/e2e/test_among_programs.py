"""The page among other programs: below a path, translated by the browser, in a page of another site, clicked twice."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from mnist_demo.ui import keys
from tests.browser.page import PATIENCE_MS, button, element, open_page, wait_for_state
from tests.browser.pen import draw
from tests.browser.server import PageServer, serve_builtin_digits
from tests.e2e.actions import go_to, open_settings
from tests.e2e.conftest import LENT, visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# “Translate this page” of a browser: each text, those that come later too, makes room for two elements with its
# translation in them (Chrome), or moves into them itself.
TRANSLATOR = """(replaces) => {
    const translate = (root) => {
        const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), found = root.nodeType === 3 ? [root] : [];
        while (texts.nextNode()) found.push(texts.currentNode);
        for (const text of found) {
            const parent = text.parentElement;
            if (!text.data.trim() || !parent || parent.closest("font, script, style, [translate=no]")) continue;
            const outer = document.createElement("font"), inner = document.createElement("font");
            text.replaceWith(outer);
            outer.append(inner);
            inner.append(replaces ? document.createTextNode(text.data) : text);
        }
    };
    translate(document.body);
    new MutationObserver((changes) => {
        for (const change of changes) for (const node of change.addedNodes) if (node.isConnected) translate(node);
    }).observe(document.body, {childList: true, subtree: true});
}"""


@pytest.fixture(scope="module")
def below_a_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    folder = tmp_path_factory.mktemp("below")
    with serve_builtin_digits(folder, STREAMLIT_SERVER_BASE_URL_PATH="course/digits") as running:
        yield running


def _translate(page: Page, replaces: bool) -> None:
    page.evaluate(TRANSLATOR, replaces)
    expect(page.locator("font font").nth(9)).to_be_attached()


def _change_a_translated_text(page: Page) -> None:
    """Change and remove a text as React does where it stands beside something else, in bold for example."""
    page.evaluate("""() => {
        const line = document.createElement("p");
        line.id = "line";
        window.textOfLine = document.createTextNode("closest is 4");
        line.append(document.createElement("b"), window.textOfLine);
        document.body.append(line);
    }""")
    translated = page.locator("#line font font")
    expect(translated).to_have_text("closest is 4")
    page.evaluate("textOfLine.nodeValue = 'closest is 5'")
    expect(translated).to_have_text("closest is 5")
    page.evaluate("document.getElementById('line').removeChild(textOfLine)")
    expect(page.locator("#line")).to_have_text("")
    # What goes beside a translation that comes is none of the texts translated: it takes nothing with it.
    page.evaluate("""() => {
        const line = document.getElementById("line"), box = line.querySelector("b");
        box.replaceWith(document.createElement("font"));
        window.boxOfLine = box;
    }""")
    page.evaluate("document.getElementById('line').removeChild(boxOfLine)")
    expect(page.locator("#line > font")).to_have_count(1)


def test_translated_page_below_a_path_is_drawn_on_clicked_twice_and_left_by_back_and_forward(
    browser: Browser, below_a_path: PageServer
) -> None:
    with visit(browser, f"{below_a_path.url}/?epochs=1000&batch-size=1&speed=100") as opened:
        page = opened.page
        expect(element(page, "predicted-digit")).to_have_attribute("translate", "no")
        expect(element(page, "epochs").locator("input")).to_have_value("1000")
        _translate(page, replaces=True)
        _change_a_translated_text(page)
        draw(page, "3")
        expect(element(page, "predicted-digit")).to_have_text("3")
        button(page, "clear-drawing").click()
        expect(element(page, "predicted-digit")).to_have_text("–")
        draw(page, "0")
        expect(element(page, "predicted-digit")).to_have_text("0")

        # A decimal comma, typed and pasted.
        open_settings(page)
        for key, write in (("learning-rate", page.keyboard.type), ("weight-decay", page.keyboard.insert_text)):
            field = element(page, key).locator("input")
            field.fill("")
            write("0,05")
            expect(field).to_have_value("0.05")
            field.press("Tab")
        # Between thousands it is none; what cannot be told is refused, and what was there stays.
        paste, write = page.keyboard.insert_text, page.keyboard.type
        for key, enter, entered, becomes in (
            ("batch-size", paste, "1,000", "1000"),
            ("batch-size", paste, "1.000", "1000"),
            ("batch-size", write, "10.000", "10000"),
            ("batch-size", write, "1,000,000", "1000000"),
            ("learning-rate", paste, "1.000,5", "1000.5"),
            ("learning-rate", write, "1.000,5", "1000.5"),
            ("learning-rate", write, "1,000.5", "1000.5"),
            ("learning-rate", write, ",5", "0.5"),
            ("learning-rate", paste, "1,000", "0.05"),
            ("weight-decay", paste, "1,000.5", "1000.5"),
            ("weight-decay", paste, "1,2,3", "0.05"),
        ):
            field = element(page, key).locator("input")
            before = field.input_value()
            field.select_text()
            enter(entered)
            field.evaluate("field => field.blur()")
            expect(field).to_have_value(becomes)
            field.fill(before)
            field.press("Tab")

        # One run, whatever is pressed while it starts; another tab shows it by itself.
        other = page.context.new_page()
        other.goto(f"{below_a_path.url}/runs")
        expect(other.get_by_text("No runs yet")).to_be_visible()
        _translate(other, replaces=False)
        start = button(page, "start-training")
        # In one moment, and as on a line that takes seconds to bring the answer.
        seen = start.evaluate("""button => {
            const { now } = performance;
            let seen = 0;
            button.addEventListener("click", () => { seen += 1; });
            for (let press = 0; press < 5; press += 1) {
                button.click();
                performance.now = () => now.call(performance) + 2500 * press;
            }
            performance.now = now;
            return seen;
        }""")
        assert seen == 1
        wait_for_state(page, "running")
        shown = other.locator("[class*=st-key-open-run]")
        expect(shown).to_have_count(1)
        expect(other.locator(".run-card .state")).to_have_text("running")
        expect(page.get_by_text(re.compile(r"step [\d,]+ of"))).to_be_visible()
        button(page, "stop-training").click()
        wait_for_state(page, "stopped")
        expect(other.locator(".run-card .state")).to_have_text("stopped")
        expect(shown).to_have_count(1)
        expect(page.locator("[data-testid=stException]")).to_have_count(0)
        changing = page.locator(", ".join(f".st-key-{key}" for key in keys.CHANGING))
        expect(changing.nth(8)).to_be_attached()
        assert {part.get_attribute("translate") for part in changing.all()} == {"no"}

        # The links that the page makes, by a double click too.
        button(page, "share-settings").dblclick(delay=100)
        link = element(page, "shared-link").locator("code")
        expect(link).to_contain_text(f"{below_a_path.url}/?preset=")
        expect(link).to_contain_text("&learning-rate=0.05&")

        # One press a page; the drawing is there again, as the run reads it that was stopped wherever it was.
        digit = element(page, "predicted-digit").inner_text()
        go_to(page, "Lesson")
        expect(element(page, "lesson")).to_be_visible()
        go_to(page, "Runs")
        expect(element(page, "run-list")).to_be_visible()
        page.go_back()
        expect(element(page, "lesson")).to_be_visible()
        page.go_back()
        expect(element(page, "drawing-canvas")).to_be_visible()
        expect(element(page, "predicted-digit")).to_have_text(digit)
        page.go_forward()
        expect(element(page, "lesson")).to_be_visible()


def test_page_in_a_page_of_another_site_reads_an_uploaded_picture(
    browser: Browser, below_a_path: PageServer, tmp_path: Path
) -> None:
    picture = Image.new("L", (60, 60), 255)
    picture.paste(0, (28, 8, 34, 52))
    picture.save(tmp_path / "one.png")
    (tmp_path / "course.html").write_text(f'<iframe src="{below_a_path.url}/?embed=true" width="900" height="900">')
    with open_page(browser, (tmp_path / "course.html").as_uri(), "iframe", lent=LENT) as opened:
        frame = opened.page.frame_locator("iframe")
        frame.get_by_text("Read a picture").click()
        large = tmp_path / "large.png"
        large.write_bytes(bytes(21_000_000))
        frame.locator(".st-key-picture input[type=file]").set_input_files(large)
        expect(frame.get_by_text("must be 20.0MB or smaller. Save a picture smaller, or as JPEG.")).to_be_visible()
        frame.locator(".st-key-picture input[type=file]").set_input_files(tmp_path / "one.png")
        expect(frame.locator(".st-key-found-digits img")).to_have_count(1, timeout=PATIENCE_MS)
        expect(frame.locator(".st-key-found-digits")).to_contain_text("1")
