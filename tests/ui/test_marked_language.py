"""Every page in a made-up language, through AppTest: no text has bypassed the catalogue."""

import contextvars
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from mnist_demo.classes.commands import ClassCommands
from mnist_demo.classes.store import shown_code
from mnist_demo.exports.exported_run import ExportedRun
from mnist_demo.exports.formats import EXPORTS, build_export
from mnist_demo.lesson.parts import PARTS
from mnist_demo.settings.architectures import ARCHITECTURES
from mnist_demo.settings.presets import PRESETS
from mnist_demo.translation import languages, use_language
from mnist_demo.translation.comments import comments_in
from mnist_demo.ui import visitor
from mnist_demo.ui.lesson import deeper
from mnist_demo.ui.resources import analyst, class_store, job_registry
from tests import ROOT
from tests.classes.test_classes import drawing, joined
from tests.marked_language import CODE, bare_words, texts_of_page
from tests.ui.actions import draw, start_long_run
from tests.ui.compare.test_page import PAGE as COMPARE
from tests.ui.conftest import page_alone
from tests.waiting import wait_until

PATIENCE = 90
# The names of files, formats and settings that this walk meets, besides those that may be bare everywhere.
NAMES = {*(word for export in EXPORTS.values() for word in export.file_name.replace("_", ".").split("."))}
PRESET_WORDS = {word for name in [*PRESETS, *ARCHITECTURES] for word in name.split("-")}
EXPANDERS = ("reasons", "activations", "nearest", "preparation")


@pytest.fixture
def marked(_own_server: None, marked_locale: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the made-up language be one of ours, and that of this test, which asks widgets what they show."""
    monkeypatch.setattr(languages, "LOCALE_FOLDER", marked_locale)
    before = contextvars.copy_context()
    use_language(CODE)
    yield
    use_language(before.run(languages.current_language))
    analyst().close()
    job_registry().close()


def open_marked(page: AppTest) -> AppTest:
    page.query_params["lang"] = CODE
    for name in EXPANDERS:
        page.session_state[name] = True
    return page.run()


def check(page: AppTest, *names: str, least: int = 50) -> None:
    """Find no bare text on the page but names."""
    assert not page.exception
    texts = list(texts_of_page(page))
    bare = {text for text in texts if set(bare_words(text)) - NAMES - set(names)}
    assert bare == set()
    assert len(texts) > least


def run_until(page: AppTest, condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
        page.run()


@pytest.mark.usefixtures("marked")
def test_first_page_shows_no_unmarked_text_before_during_and_after_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    # As said below.
    monkeypatch.setattr("mnist_demo.ui.export.state.errand", lambda _build, seconds: lambda _run, _name: b"made")
    page = open_marked(AppTest.from_file(str(ROOT / "app.py"), default_timeout=60))
    check(page)
    draw(page)
    check(page)
    job = start_long_run(page)
    check(page)
    page.selectbox(key=f"speed-of-{job.id}").select(2).run()
    run_until(page, lambda: job.step_detail is not None)
    check(page.run())
    page.button(key="pause-training").click().run()
    wait_until(lambda: job.state == "paused")
    check(page.run())
    page.button(key="stop-training").click().run()
    job.wait(PATIENCE)
    check(page.run())
    for name in EXPORTS:
        page.selectbox(key="export-format").set_value(name).run()
        run_until(page, lambda: page.get("download_button"))
        check(page)
    # What is made is looked at here: the process that makes it for the page does not know the made-up language.
    run = ExportedRun.of_job(job)
    script, picture = (build_export(run, name).decode() for name in ("script", "chart-svg"))
    cells = json.loads(build_export(run, "notebook"))["cells"]
    headings = [cell["source"][0] for cell in cells if cell["cell_type"] == "markdown"]
    assert [comment for comment in comments_in(script) if bare_words(comment)] == []
    assert [heading for heading in headings if bare_words(heading)] == []
    assert bare_words(" ".join(re.findall("<text[^>]*>([^<]*)</text>", picture))) == []
    # What goes wrong is said in a callback, by a worker, and in the address.
    page.number_input(key="epochs").set_value(1.5)
    page.button(key="start-training").click().run()
    assert page.error
    check(page)
    page.number_input(key="epochs").set_value(2)
    page.number_input(key="learning-rate").set_value(1e20)
    page.button(key="start-training").click().run()
    job_registry().jobs()[-1].wait(PATIENCE)
    check(page.run())
    page.button(key="share-settings").click().run()
    check(page)


@pytest.mark.usefixtures("marked")
def test_address_that_cannot_be_is_answered_without_unmarked_text() -> None:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for name, value in {"run": "none", "preset": "none", "epochs": "-1", "model": "none", "one-cycle": "x"}.items():
        page.query_params[name] = value
    check(open_marked(page), "none", "x", *PRESET_WORDS, "on", "off", "sgd")


@pytest.mark.usefixtures("marked")
def test_look_inside_shows_no_unmarked_text() -> None:
    page = open_marked(AppTest.from_string(page_alone("look_inside"), default_timeout=60))
    check(page)
    for view in ("confusion", "mistakes", "data"):
        page.segmented_control(key="look-at").set_value(view).run()
        check(page)
        if view != "data":
            run_until(page, lambda: page.get("bidi_component"))
        check(page)
    for view in ("means", "intensities", "augmentation"):
        page.segmented_control(key="explorer-view").set_value(view).run()
        check(page)


@pytest.mark.usefixtures("marked")
def test_lesson_shows_no_unmarked_text_before_and_after_each_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deeper, "DEEPER_IMAGES", 300)
    page = open_marked(AppTest.from_string(page_alone("lesson"), default_timeout=60))
    for part in PARTS:
        check(page)
        page.radio(key=f"guess-{part.name}").set_value(next(iter(part.options))).run()
        page.button(key=f"run-guess-{part.name}").click().run()
        check(page)
        run_until(page, lambda: not any(job.is_active for job in job_registry().jobs()))
        check(page.run())
        page.button(key="next-part").click().run()
    check(page)


@pytest.mark.usefixtures("marked")
def test_runs_and_compare_show_no_unmarked_text() -> None:
    page = open_marked(AppTest.from_string(COMPARE, default_timeout=60))
    check(page)
    for seed in (1, 2):
        page.number_input(key="epochs").set_value(1)
        page.number_input(key="seed").set_value(seed)
        page.button(key="start-training").click().run()
        job_registry().jobs()[-1].wait(PATIENCE)
    check(page.run())
    page.button(key="start-fork").click().run()
    check(page)
    run_id = job_registry().jobs()[-1].id
    page = open_marked(AppTest.from_string(page_alone("runs"), default_timeout=60))
    check(page)
    for action in ("rename", "export", "link", "continue", "delete"):
        for button in page.button:
            if (button.key or "").startswith(f"{action}-run") and (button.key or "").endswith(run_id):
                button.click().run()
                break
        check(page)


@pytest.mark.usefixtures("marked")
def test_class_shows_no_unmarked_text_to_its_teacher_its_pupils_and_who_has_no_code(browser: Any) -> None:
    def opened(title: str, **address: str) -> AppTest:
        page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        page._page_hash = calc_hash(title)  # AppTest.switch_page knows files only
        for name, value in address.items():
            page.query_params[name] = value
        return open_marked(page)

    browser("the teacher")
    page = opened("class")
    check(page, "abcde", "fghjk", least=10)
    page.button(key="class-create").click().run()  # without a name
    check(page, "abcde", "fghjk", least=10)
    page.text_input(key="class-name").set_value("7b")
    page.button(key="class-create").click().run()
    teacher = ClassCommands(visitor.owner(), class_store())
    (record,) = teacher.taught()
    code = record.code
    browser("a pupil")
    page = opened("class", code=code)
    words = re.findall("[a-z]+", f"{code} {shown_code(code)}")
    names = ("Mina", "Juno", "b", "abcde", "fghjk", "class", "code", *words)
    check(page, *names, least=10)
    page.text_input(key="nickname").set_value("Mina")
    page.button(key="join-class").click().run()
    check(page, *names, least=10)
    pupils = opened("")
    start_long_run(pupils)
    ClassCommands(visitor.owner(), class_store()).add_drawing(code, drawing(3))
    joined(class_store(), code, "Juno").add_drawing(code, drawing(5))
    teacher.ask(code, "data")
    check(pupils.run(), *names)
    check(page.run(), *names, least=10)
    browser("the teacher")
    page = opened("class", code=code)
    check(page, *names, least=10)
    page.button(key="class-train").click().run()
    check(page, *names, least=10)
    teacher.set_open(code, False)
    check(page.run(), *names, least=10)
    page.button(key="delete-class").click().run()
    check(page, *names, least=10)
    browser("a stranger")
    check(opened("class", code=code), *names, least=10)
