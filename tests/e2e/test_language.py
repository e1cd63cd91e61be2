"""Two visitors with two languages at once, in a real browser: strokes, refreshes and all pages keep to them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import ROOT
from tests.browser.page import button, element, wait_for_state
from tests.browser.pen import draw
from tests.browser.server import PageServer, own_environment, serve
from tests.e2e.conftest import visit
from tests.marked_language import CODE, bare_words, mark

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# app.py with the made-up language among ours.
SCRIPT = """
if __name__ == "__main__":
    import runpy
    from pathlib import Path

    from mnist_demo.translation import languages

    languages.LOCALE_FOLDER = Path({folder!r})
    runpy.run_path({app!r}, run_name="__main__")
"""
# What is seen and what is read aloud; code is in no language, and the canvas's own tools are hidden.
TEXTS = """() => {
  const WORDLESS = "script, style, pre, code, .dc-toolbar, .katex, [data-testid*=Icon], [translate=no], " +
    "[data-testid=stFileUploaderDropzone]";
  const found = [], seen = (element) => element.checkVisibility({visibilityProperty: true, opacityProperty: true});
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) { if (node.data.trim()) found.push(node.data); return; }
    if (node.nodeType !== Node.ELEMENT_NODE || !seen(node) || node.matches(WORDLESS)) return;
    for (const name of ["alt", "title", "aria-label", "placeholder"]) {
      if (node.getAttribute(name)) found.push(node.getAttribute(name));
    }
    node.childNodes.forEach(walk);
  };
  walk(document.body);
  return found;
}"""
# Streamlit's own words, which it has in English only.
STREAMLITS = {
    *("Link", "to", "heading", "Help", "for", "Show", "password", "open", "Main", "menu", "Deploy", "Selected"),
    *(
        "Step",
        "up",
        "down",
        "Skip",
        "main",
        "content",
        "Open",
        "Clear",
        "value",
        "Fullscreen",
        "Choose",
        "an",
        "option",
    ),
}


@pytest.fixture(scope="module")
def marked_server(marked_locale: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    folder = tmp_path_factory.mktemp("marked")
    script = folder / "page.py"
    script.write_text(SCRIPT.format(folder=str(marked_locale), app=str(ROOT / "app.py")))
    with serve(folder, own_environment(folder / "home", "builtin"), script) as running:
        yield running
        assert running.complaints() == []


def unmarked_texts(page: Page) -> set[str]:
    return {text for text in page.evaluate(TEXTS) if set(bare_words(text)) - STREAMLITS}


def foreign_texts(page: Page) -> set[str]:
    return {text for text in page.evaluate(TEXTS) if set(mark("aeiourst")) & set(text)}


def test_every_page_keeps_to_the_language_of_its_visitor(browser: Browser, marked_server: PageServer) -> None:
    with (
        visit(browser, marked_server.url) as english,
        visit(browser, f"{marked_server.url}/?lang={CODE}") as marked,
    ):
        page = marked.page
        expect(page.locator("html")).to_have_attribute("lang", CODE)
        assert unmarked_texts(page) == set()
        for each in (page, english.page):
            draw(each, "3")
            expect(element(each, "predicted-digit")).to_have_text("3")
        expect(element(page, "which")).to_contain_text(mark("digit"))
        assert unmarked_texts(page) == set()
        assert foreign_texts(english.page) == set()
        button(page, "start-training").click()
        wait_for_state(page, mark("finished"))
        button(english.page, "start-training").click()
        wait_for_state(english.page, "finished")
        assert unmarked_texts(page) == set()
        assert foreign_texts(english.page) == set()

        for number, address in enumerate(("look-inside", "compare", "lesson", "runs"), start=1):
            element(page, "tabs").get_by_role("link").nth(number).click()
            page.wait_for_url(f"**/{address}*")
            page.locator(".stApp:not([data-test-script-state=running])").wait_for()
            assert unmarked_texts(page) == set()
        element(page, "tabs").get_by_role("link").first.click()
        expect(element(page, "predicted-digit")).to_have_text("3")

        # In place, by keyboard: the run and the drawing stay.
        element(page, "language").get_by_role("radio").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("html")).to_have_attribute("lang", "en")
        wait_for_state(page, "finished")
        expect(element(page, "predicted-digit")).to_have_text("3")
        assert foreign_texts(page) == set()
        page.reload()
        expect(page.locator("html")).to_have_attribute("lang", "en")
