"""Two visitors with two languages at once, in a real browser: strokes, refreshes and all pages keep to them."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mnist_demo.lesson.parts import PARTS
from tests import ROOT
from tests.browser.page import PATIENCE_MS, button, element, wait_for_state
from tests.browser.pen import draw
from tests.browser.server import PageServer, serve_builtin_digits
from tests.e2e.actions import choose_option, open_settings, set_number, start_with, tab_to, unfold
from tests.e2e.conftest import visit
from tests.e2e.layout import misplaced
from tests.e2e.texts import NOTE_WRITING, lasting, texts_of
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
# Streamlit's own words, which it has in English only, and the endings of files.
WORDS_OF_STREAMLIT = """
    Link to heading Help for Show password open Main menu Deploy Selected Step up down Skip main content Open Clear
    value Fullscreen Choose an option
    MB JSON SAFETENSORS PT PTH BIN CKPT PKL H KERAS ONNX
"""


@pytest.fixture(scope="module")
def marked_server(marked_locale: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    folder = tmp_path_factory.mktemp("marked")
    script = folder / "page.py"
    script.write_text(SCRIPT.format(folder=str(marked_locale), app=str(ROOT / "app.py")))
    with serve_builtin_digits(folder, script) as running:
        yield running


def unmarked_texts(page: Page) -> set[str]:
    return lasting(
        page, lambda: {text for text in texts_of(page) if set(bare_words(text)) - set(WORDS_OF_STREAMLIT.split())}
    )


def codes_of(page: Page) -> set[str]:
    """Return what is in no language: the name of a file, the example of a class's code, its link and its code."""
    made = [text for text in texts_of(page) if re.search(r"model\.safetensors|abcde-fghjk", text)]
    return {*made, *page.locator(".class-join .link, .class-join .code").all_inner_texts()}


def foreign_texts(page: Page) -> set[str]:
    return {text for text in texts_of(page) if set(mark("aeiourst")) & set(text)}


def test_every_page_keeps_to_the_language_of_its_visitor(browser: Browser, marked_server: PageServer) -> None:
    with (
        visit(browser, marked_server.url) as english,
        visit(browser, f"{marked_server.url}/?lang={CODE}") as marked,
    ):
        page = marked.page
        for each in (page, english.page):
            each.evaluate(NOTE_WRITING)
        expect(page.locator("html")).to_have_attribute("lang", CODE)
        assert unmarked_texts(page) == set()
        for each in (page, english.page):
            draw(each, "3")
            expect(element(each, "predicted-digit")).to_have_text("3")
        expect(element(page, "which")).to_contain_text(mark("digit"))
        assert unmarked_texts(page) == set()
        assert foreign_texts(english.page) == set()
        start_with(page, batch_size="2", epochs="1000")
        wait_for_state(page, mark("running"))
        element(page, "loss-chart").locator("canvas").first.wait_for()
        page.wait_for_function(f"textsOnCharts().includes({mark('train')!r})")
        assert unmarked_texts(page) == set()
        button(page, "pause-training").click()
        wait_for_state(page, mark("paused"))
        button(page, "step-training").click()
        expect(element(page, "step-detail")).to_contain_text(mark("in detail"))
        assert unmarked_texts(page) == set()
        button(page, "stop-training").click()
        wait_for_state(page, mark("stopped"))
        start_with(page, batch_size="100", epochs="1")
        wait_for_state(page, mark("finished"))
        button(english.page, "start-training").click()
        wait_for_state(english.page, "finished")
        assert unmarked_texts(page) == set()
        assert foreign_texts(english.page) == set()
        for key in FOLDED:
            unfold(page, key)
        button(page, "share-settings").first.click()
        set_number(page, "epochs", "0")
        button(page, "start-training").click()
        expect(page.get_by_role("alert").first).to_be_visible()
        element(page, "export").get_by_role("button").first.click()
        choose_option(page, "export-format")
        expect(element(page, "save-export")).to_be_visible(timeout=2 * PATIENCE_MS)
        assert unmarked_texts(page) - codes_of(page) == set()
        page.keyboard.press("Escape")

        for number, address in enumerate(("look-inside", "compare", "lesson", "runs", "class"), start=1):
            element(page, "tabs").get_by_role("link").nth(number).click()
            page.wait_for_url(f"**/{address}*")
            page.locator(".stApp:not([data-test-script-state=running])").wait_for()
            assert unmarked_texts(page) - codes_of(page) == set()
            for place in range(element(page, "look-at").get_by_role("radio").count()):
                element(page, "look-at").get_by_role("radio").nth(place).click()
                page.locator(".stApp:not([data-test-script-state=running])").wait_for()
                assert unmarked_texts(page) == set()
        element(page, "class-name").locator("input").fill("7")
        button(page, "class-create").click()
        expect(page.locator(".class-join .link")).to_be_visible()
        assert unmarked_texts(page) - codes_of(page) == set()
        element(page, "tabs").get_by_role("link").first.click()
        expect(element(page, "predicted-digit")).to_have_text("3")

        # In place, by keyboard: the run and the drawing stay.
        tab_to(page, element(page, "language").get_by_role("radio").first)
        page.keyboard.press("Enter")
        expect(page.locator("html")).to_have_attribute("lang", "en")
        wait_for_state(page, "finished")
        expect(element(page, "predicted-digit")).to_have_text("3")
        assert foreign_texts(page) == set()
        expect(page).to_have_title("Learn to read digits")


# What a Korean sentence may have in Latin letters: names, units, what is typed, and what code calls things.
NAMES_IN_KOREAN = """
    abcde fghjk English QR MNIST OpenML PyTorch Python Jupyter TensorBoard pandas scikit learn torch tensorboard
    SGD Adam AdamW ReLU Tanh GELU NaN nan inf MB KB ID Enter
    pip install model repeat run ipynb py csv json
    PNG SVG CSV ONNX JSON JPG JPEG WEBP GIF BMP SAFETENSORS safetensors zip
    log logdir train classify output float cross entropy nll loss nn
    Module DataLoader optim Linear Conv weight bias integrated gradients autograd
"""
# What may stand there by itself, without a word of Korean.
NAMES_ALONE = """
    English MNIST JSON SAFETENSORS PT PTH BIN CKPT PKL KERAS ONNX abcde fghjk nan inf nll loss cross entropy
    Linear weight bias
"""
FOLDED = ("reasons", "activations", "nearest", "preparation", "my-drawings", "read-picture", "open-model")
_ENGLISH, _HANGUL = re.compile("[A-Za-z]{2,}"), re.compile("[가-힣]")


def english_words(page: Page) -> set[str]:
    """Return the texts with English words on the page, and the comments with some in code that it shows."""
    within, alone = set(NAMES_IN_KOREAN.split()), set(NAMES_ALONE.split())
    comments = re.findall("#(.*)", "\n".join(page.locator("pre").all_inner_texts()))
    return {
        text for text in texts_of(page) if set(_ENGLISH.findall(text)) - (within if _HANGUL.search(text) else alone)
    } | {comment for comment in comments if not re.search("[가-힣]", comment) and " " in comment.strip()}


def test_korean_browser_finds_no_english_on_any_page_and_an_english_one_beside_it_no_korean(
    browser: Browser, server: PageServer
) -> None:
    with (
        visit(browser, f"{server.url}/?speed=100", locale="ko-KR") as korean,
        visit(browser, server.url) as english,
    ):
        page, found, codes = korean.page, dict[str, set[str]](), set[str]()
        for each in (page, english.page):
            each.evaluate(NOTE_WRITING)

        def look(at: str, widths: Sequence[int] = (390, 1280)) -> None:
            page.locator(".stApp:not([data-test-script-state=running])").wait_for()
            if words := lasting(page, lambda: english_words(page) - codes):
                found[at] = words
            for width in widths:
                page.set_viewport_size({"width": width, "height": 800})
                if problems := misplaced(page):
                    found[f"{at}, {width} px"] = set(problems)

        expect(page.locator("html")).to_have_attribute("lang", "ko")
        expect(page).to_have_title("숫자 읽기 배우기")
        look("the page as it opens")
        draw(page, "3")
        expect(element(page, "predicted-digit")).to_have_text("3")
        for key in FOLDED:
            unfold(page, key)
            expect(element(page, key).locator("details").first).to_have_attribute("open", "")
        look("a drawing, all that can be unfolded")
        # The language changes in place, and back: what is unfolded stays so, and the drawing.
        for place, language in enumerate(("en", "ko")):
            element(page, "language").get_by_role("radio").nth(place).click()
            expect(page.locator("html")).to_have_attribute("lang", language)
            for key in FOLDED:
                expect(element(page, key).locator("details").first).to_have_attribute("open", "")
            expect(element(page, "predicted-digit")).to_have_text("3")
        look("the same again")
        element(page, "correction").get_by_role("button").nth(3).click()
        expect(element(page, "my-drawings").locator("figure")).to_have_count(1)
        draw(page, "scribble")
        look("a drawing kept, another refused")
        open_settings(page)
        button(page, "share-settings").first.click()
        set_number(page, "batch-size", "0")
        button(page, "start-training").click()
        look("settings, their link, an error")
        start_with(page, batch_size="2", epochs="1000")
        wait_for_state(page, "학습 중")
        look("a run")
        button(page, "pause-training").click()
        wait_for_state(page, "일시정지")
        button(page, "step-training").click()
        expect(element(page, "step-detail")).to_be_visible()
        element(page, "export").get_by_role("button").first.click()
        look("a step, the export", ())  # which closes when the window changes
        choose_option(page, "export-format")
        expect(element(page, "save-export")).to_be_visible(timeout=2 * PATIENCE_MS)
        look("a file")
        page.keyboard.press("Escape")
        button(page, "stop-training").click()
        wait_for_state(page, "중지됨")
        look("a run that was stopped")

        def go(number: int, address: str) -> None:
            element(page, "tabs").get_by_role("link").nth(number).click()
            page.wait_for_url(f"**/{address}*")

        go(1, "look-inside")
        for place, shown in enumerate(("weights", "confusion-matrix", "mistakes", "explorer")):
            element(page, "look-at").get_by_role("radio").nth(place).click()
            expect(element(page, shown).locator("img, button").first).to_be_visible(timeout=2 * PATIENCE_MS)
            look(f"look inside, {shown}")
        go(2, "compare")
        expect(element(page, "comparison").locator("canvas").first).to_be_visible()
        look("compare")
        go(4, "runs")
        opened_by = {"rename": "run-name", "export": "run-format", "link": "run-list", "delete": "undo-delete"}
        for action, shown in opened_by.items():
            page.locator(f"[class*=st-key-{action}-run-] button").first.click()
            expect(element(page, shown)).to_be_visible()
            look(f"runs, {action}")
        go(5, "class")
        expect(element(page, "class-create")).to_be_visible()
        look("the way into a class")
        element(page, "class-name").locator("input").fill("7반")
        button(page, "class-create").click()
        link = page.locator(".class-join .link").inner_text()
        codes.update({link, page.locator(".class-join .code").inner_text()})
        look("a class, as its teacher sees it")
        go(3, "lesson")
        for part in PARTS:
            expect(element(page, f"guess-{part.name}").get_by_role("radio").first).to_be_visible()
            if part.name not in ("rates", "deeper"):  # which train for a while
                button(page, f"skip-guess-{part.name}").click()
                expect(element(page, f"answer-{part.name}")).to_be_visible(timeout=2 * PATIENCE_MS)
            look(f"lesson, {part.name}")
            button(page, "next-part").click()
        look("lesson, what was seen")
        assert found == {}
        # What she chooses outlives a reload, though her browser asks for Korean.
        element(page, "language").get_by_role("radio").first.click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        element(page, "tabs").get_by_role("link").first.click()
        expect(element(page, "predicted-digit")).to_be_visible()
        page.reload()
        expect(page).to_have_title("Learn to read digits")
        expect(page.locator("html")).to_have_attribute("lang", "en")

        draw(english.page, "3")
        expect(element(english.page, "predicted-digit")).to_have_text("3")
        for tab in element(english.page, "tabs").get_by_role("link").all():
            tab.click()
            english.page.wait_for_url(f"**/{tab.get_attribute('href')}*")
            english.page.locator(".stApp:not([data-test-script-state=running])").wait_for()
            expect(element(english.page, "language").get_by_text("한국어")).to_be_visible()
            texts = texts_of(english.page)
            assert "Learn to read digits" in texts
            assert {text for text in texts if _HANGUL.search(text)} == {"한국어"}
