"""The language of a visitor: where it comes from, how it is changed, and that it is hers alone."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.translation import current_language, languages, use_language
from mnist_demo.translation.comments import comments_in
from mnist_demo.ui.drawing.dataset_images import image_of
from mnist_demo.ui.resources import dataset_doubt, first_dataset, job_registry
from tests import ROOT
from tests.data.small_digits import write_folder
from tests.marked_language import CODE, bare_words, mark, texts_of_page
from tests.ui.actions import draw, start_long_run, wait_until_made
from tests.ui.conftest import page_alone
from tests.waiting import wait_until

TITLES = {"en": "Learn to read digits", CODE: "Ĺéàŕń ťó ŕéàď ďíğíťś"}
WHICH = """
import streamlit as st

from mnist_demo.translation import current_language
from mnist_demo.ui.language.state import link_parameters

st.text(current_language())
"""


@pytest.fixture(autouse=True)
def marked(_own_server: None, marked_locale: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the made-up language be one of ours, and the server's system be English."""
    monkeypatch.setattr(languages, "LOCALE_FOLDER", marked_locale)
    for name in languages.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    before = current_language()
    yield
    use_language(before)


def read_in(language: str) -> None:
    """Ask widgets in that language from here on: AppTest has the test itself write what they show."""
    use_language(language)


def opened(**parameters: str) -> AppTest:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for name, value in parameters.items():
        page.query_params[name] = value
    return page.run()


def title(page: AppTest) -> str:
    assert not page.exception
    return page.markdown[0].value.removeprefix("# ")


class Visitor:
    """What a browser tells of itself: its language, and the cookie that it has kept."""

    def __init__(self, locale: str | None = None, kept: str | None = None) -> None:
        self.locale, self.cookies = locale, {"mnist_demo_language": kept} if kept else {}
        self.url = self.timezone = self.ip_address = None


@pytest.mark.parametrize(
    ("locale", "kept", "link", "server", "shown"),
    [
        (None, None, None, None, "en"),
        ("fr-FR", None, None, None, "en"),
        ("xx-YY", None, None, None, CODE),
        ("en-GB", "xx", None, None, CODE),
        ("xx", "en", None, None, "en"),
        ("en", "en", "xx", None, CODE),
        ("xx", None, "en", None, "en"),
        ("en", None, "nonsense", None, "en"),
        ("fr", None, None, "xx_YY.UTF-8", CODE),
        ("en", None, None, "xx", "en"),
    ],
)
def test_language_is_the_links_else_her_choice_else_her_browsers_else_the_servers(
    monkeypatch: pytest.MonkeyPatch,
    locale: str | None,
    kept: str | None,
    link: str | None,
    server: str | None,
    shown: str,
) -> None:
    monkeypatch.setattr(st, "context", Visitor(locale, kept))
    if server:
        monkeypatch.setenv("MNIST_DEMO_LANGUAGE", server)
    page = AppTest.from_string(WHICH)
    if link:
        page.query_params["lang"] = link
    assert page.run().text[0].value == shown


def test_switch_changes_the_language_in_place_and_leaves_run_drawing_and_choices() -> None:
    read_in(CODE)
    page = opened(lang=CODE)
    assert page.query_params["lang"] in (CODE, [CODE])
    page.segmented_control(key="language").set_value("en").run()
    read_in("en")
    assert title(page) == TITLES["en"]
    assert "lang" not in page.query_params
    start_long_run(page)
    draw(page)
    page.session_state["reasons"] = True
    page.segmented_control(key="chart-axis").set_value("epoch").run()
    before = job_registry().jobs()
    page.segmented_control(key="language").set_value(CODE).run()
    read_in(CODE)
    assert title(page) == TITLES[CODE]
    assert job_registry().jobs() == before
    assert before[0].state == "running"
    assert page.session_state["objects-drawn"]
    assert page.session_state["reasons"]
    assert page.session_state["epochs"] == 1000
    assert page.segmented_control(key="chart-axis").value == "epoch"
    scripts = [element.proto.body for element in page.get("html") if "<script>" in element.proto.body]
    assert any(f'document.documentElement.lang = "{CODE}"' in script for script in scripts)
    assert any(f'"mnist_demo_language={CODE}; Path=/' in script for script in scripts)
    # A link that she gives away brings the language that she chose along.
    page.button(key="share-settings").click().run()
    assert f"lang={CODE}" in page.code[-1].value
    page.toggle(key="share-frame").set_value(True).run()
    assert f"lang={CODE}" in page.code[-1].value


def test_two_visitors_in_turn_read_their_own_languages() -> None:
    pages: dict[str, AppTest] = {}
    for language in [*TITLES] * 2:
        read_in(language)
        page = pages[language].run() if language in pages else opened(lang=language)
        pages[language] = page
        assert title(page) == TITLES[language]


def test_sentence_that_was_kept_is_said_in_the_language_that_is_read_now() -> None:
    read_in(CODE)
    page = opened(epochs="-1", lang=CODE)
    assert page.warning
    assert not any("the address says" in notice.value for notice in page.warning)
    page.segmented_control(key="language").set_value("en").run()
    read_in("en")
    assert any("the address says" in notice.value for notice in page.warning)
    # What the form, a file and an image on the page gave to say, in this language, is said in the other one.
    page.number_input(key="epochs").set_value(1.5)
    page.button(key="start-training").click().run()
    page.file_uploader(key="model-file").upload("x.onnx", b"no model", "application/octet-stream").run()
    page.session_state["image-inspected"] = image_of(first_dataset().dataset, "test", 7)
    page.run()
    assert len(page.error) == 2
    page.segmented_control(key="language").set_value(CODE).run()
    read_in(CODE)
    assert len(page.error) == 2
    texts = [*(error.value for error in page.error), *(text.value for text in page.markdown if "7" in text.value)]
    assert {text for text in texts if set(bare_words(text)) - {"x", "onnx"}} == set()


def test_file_that_was_made_is_made_anew_in_the_language_that_is_read_now() -> None:
    read_in("en")
    page = opened(lang="en")
    page.number_input(key="epochs").set_value(1)
    page.button(key="start-training").click().run()
    job_registry().jobs()[-1].wait(60)
    page.run().selectbox(key="export-format").set_value("script").run()
    wait_until_made(page)
    for language in (CODE, "en"):
        page.segmented_control(key="language").set_value(language).run()
        read_in(language)
        assert not page.run().get("download_button")
        page.button(key="make-export").click().run()
        wait_until(lambda: bool(page.run().get("download_button")))
        script = page.session_state["export-task"].content.result().decode()
        assert any(bare_words(comment) for comment in comments_in(script)) == (language == "en")


def test_what_the_server_keeps_for_all_is_said_to_each_visitor_in_her_language(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, builtin: DigitDataset
) -> None:
    # A doubt about the digits, how a run ended, the lesson's digits: made for one visitor, shown to all after her.
    swapped = dataclasses.replace(builtin, test_pixels=np.ascontiguousarray(builtin.test_pixels.swapaxes(1, 2)))
    monkeypatch.setenv("MNIST_DEMO_DATA", str(write_folder(tmp_path / "1", swapped)))
    read_in("en")
    page = opened()
    assert dataset_doubt(first_dataset().dataset).result(120)
    page.number_input(key="learning-rate").set_value(50)
    page.number_input(key="weight-decay").set_value(0.1)
    page.button(key="start-training").click().run()
    job = job_registry().jobs()[-1]
    job.wait(60)
    assert job.state == "diverged"

    def read_by(language: str, page: AppTest, **address: str) -> str:
        read_in(language)
        for name, value in {**address, "lang": language}.items():
            page.query_params[name] = value
        assert not page.run().exception
        texts = list(texts_of_page(page))
        foreign = bare_words if language == CODE else lambda text: set(mark("aeiou")) & set(text)
        assert {text for text in texts if foreign(text)} == set()
        return "\n".join(texts)

    for language, doubt in (("en", "transposed"), (CODE, mark("transposed")), ("en", "transposed")):
        first = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        assert doubt in read_by(language, first, run=job.id)
        for name in ("lesson", "look_inside"):
            read_by(language, AppTest.from_string(page_alone(name), default_timeout=60))
