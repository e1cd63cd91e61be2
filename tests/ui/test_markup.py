"""HTML of the page: whatever text is put into it stays text."""

import ast
import re
from collections.abc import Callable, Iterator
from datetime import UTC
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from markupsafe import Markup

from mnist_demo.classes.records import Question
from mnist_demo.data.builtin_digits import load_builtin
from mnist_demo.insight.analysis import analysis_of
from mnist_demo.insight.comparison import ComparedRun, Row
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.slow_motion import LayerStep
from mnist_demo.ui.class_ import pictures as class_pictures
from mnist_demo.ui.class_.runs import Pupil
from mnist_demo.ui.compare import table
from mnist_demo.ui.drawing import number
from mnist_demo.ui.drawing import sliding_filter_pictures as sliding
from mnist_demo.ui.lesson import pictures as lesson
from mnist_demo.ui.look_inside import galleries
from mnist_demo.ui.look_inside import pictures as insight
from mnist_demo.ui.membership import answers
from mnist_demo.ui.runs import cards
from mnist_demo.ui.train_and_draw import step_pictures
from mnist_demo.ui.widgets import mosaics, pictures
from tests import ROOT
from tests.insight.test_comparison import history_of
from tests.saved_runs.records import record
from tests.ui.train_and_draw.test_step_pictures import detail_of

UI = ROOT / "mnist_demo" / "ui"
HOSTILE = "a&lt;b & <img src=x onerror=\"steal()\"> 'q' {0} %s"
IMAGE = np.full((28, 28), 0.5, np.float32)
PNG = pictures.png_of(IMAGE)
TEN = np.linspace(0.1, 1, 10, dtype=np.float32)
LABELS = np.arange(2)
ANALYSIS = analysis_of(np.eye(10, dtype=np.float32)[LABELS], LABELS)
HARMLESS = "class style src width alt title type role scope colspan data-value aria-label aria-hidden aria-pressed"


# The builders that get texts, each called with a hostile one wherever it takes a text.
WITH_TEXT: dict[Callable[..., Markup], Callable[[], Markup]] = {
    pictures.picture_html: lambda: pictures.picture_html(PNG, 96, HOSTILE),
    pictures.titled_picture: lambda: pictures.titled_picture(HOSTILE, HOSTILE),
    pictures.column_heads: lambda: pictures.column_heads([HOSTILE]),
    pictures.digit_bars: lambda: pictures.digit_bars(HOSTILE, []),
    pictures.samples_html: lambda: pictures.samples_html(np.stack([IMAGE] * 2), LABELS, LABELS[::-1], [HOSTILE] * 2),
    pictures.readings_html: lambda: pictures.readings_html([(HOSTILE, 1, 0.5), (HOSTILE, 2, 0.5)], HOSTILE),
    pictures.stages_html: lambda: pictures.stages_html(
        [(HOSTILE, HOSTILE, IMAGE, enabled) for enabled in (True, False)]
    ),
    pictures.metrics_html: lambda: pictures.metrics_html([(HOSTILE, HOSTILE)], HOSTILE),
    pictures.digit_choice_html: lambda: pictures.digit_choice_html(HOSTILE, 3),
    pictures.shares_html: lambda: pictures.shares_html(HOSTILE, [(HOSTILE, 0.5)]),
    pictures.gallery_html: lambda: pictures.gallery_html([(HOSTILE, IMAGE, HOSTILE, HOSTILE, True)], HOSTILE, HOSTILE),
    mosaics.mosaic_html: lambda: mosaics.mosaic_html(IMAGE[None], 1.0, 1, HOSTILE),
    mosaics.digit_images_html: lambda: mosaics.digit_images_html([(PNG, HOSTILE, HOSTILE)]),
    galleries.gallery_of: lambda: galleries.gallery_of(ANALYSIS, load_builtin(), "test", LABELS, HOSTILE),
    sliding.framed_html: lambda: sliding.framed_html(IMAGE, True, (1, 2, 5), HOSTILE),
    lesson.softmax_html: lambda: lesson.softmax_html([(HOSTILE, TEN.tolist())], 3),
    lesson.outcomes_html: lambda: lesson.outcomes_html(HOSTILE, [HOSTILE], [(HOSTILE, [HOSTILE])]),
    step_pictures.tiles_html: lambda: step_pictures.tiles_html(
        HOSTILE, IMAGE[None], HOSTILE.replace("{0}", "{{0}}"), [HOSTILE]
    ),
    step_pictures.layers_html: lambda: step_pictures.layers_html((LayerStep(HOSTILE, HOSTILE, (10,), 1.0, 1.0, 1.0),)),
    table.comparison_html: lambda: table.comparison_html(
        [ComparedRun("x", f"{HOSTILE}A", Hyperparameters(), history_of([0.5], [0.9]))],
        [Row(HOSTILE, (HOSTILE,), (0,))],
        [Row(HOSTILE, (HOSTILE,))],
    ),
    class_pictures.join_html: lambda: class_pictures.join_html(HOSTILE, "abcdefghjk", HOSTILE),
    class_pictures.pupils_html: lambda: class_pictures.pupils_html([Pupil("1", 0, HOSTILE, True, None, 0.5)]),
    class_pictures.offered_html: lambda: class_pictures.offered_html([(HOSTILE, HOSTILE, IMAGE, 3)], with_buttons=True),
    class_pictures.handwriting_html: lambda: class_pictures.handwriting_html(
        [(HOSTILE, {HOSTILE: (3, IMAGE), "another": (4, IMAGE)})], {HOSTILE: 5}, HOSTILE
    ),
    class_pictures.gain_html: lambda: class_pictures.gain_html([(HOSTILE, 0.5, None)], (HOSTILE, HOSTILE)),
    cards.run_card_html: lambda: cards.run_card_html(record(name=HOSTILE), HOSTILE, UTC, 0),
}
# Those that get nothing but numbers and images.
WITHOUT_TEXT: dict[Callable[..., Markup], Callable[[], Markup]] = {
    pictures.bars_html: lambda: pictures.bars_html(TEN),
    pictures.found_digits_html: lambda: pictures.found_digits_html([IMAGE, IMAGE], [TEN, TEN], [True, False]),
    pictures.logits_html: lambda: pictures.logits_html(TEN),
    sliding.maps_html: lambda: sliding.maps_html(IMAGE[None], 1.0, 0),
    sliding.places_html: lambda: sliding.places_html(IMAGE, 1.0, (1, 2)),
    sliding.patch_html: lambda: sliding.patch_html(IMAGE, -IMAGE),
    lesson.pixel_grid_html: lambda: lesson.pixel_grid_html(np.zeros((28, 28), np.uint8), 3, 4, True),
    lesson.product_html: lambda: lesson.product_html(IMAGE, IMAGE, 0.5, 3, 4),
    lesson.scores_html: lambda: lesson.scores_html(TEN.tolist(), 3, 4),
    lesson.pairs_html: lambda: lesson.pairs_html([((IMAGE, 3), (IMAGE, 8))]),
    lesson.costs_html: lambda: lesson.costs_html([(IMAGE, 3, 0.5)]),
    insight.confusion_html: lambda: insight.confusion_html(np.eye(10), True, (1, 2)),
    insight.class_metrics_html: lambda: insight.class_metrics_html(TEN, TEN, TEN, np.arange(10)),
    insight.counts_html: lambda: insight.counts_html(np.arange(10), np.arange(10)),
    step_pictures.batch_html: lambda: step_pictures.batch_html(detail_of([0.5, 2.0])),
    answers.answers_html: lambda: answers.answers_html(Question("data", "", answers={"1": "all"})),
    number.number_html: lambda: number.number_html([(1, 0.9), (0, 1.0)], 1),
    cards.sparkline_html: lambda: cards.sparkline_html([0.1, 0.9]),
}
# The only place that may put text into HTML as it is: scripts of the page itself.
SCRIPTS = "widgets/scripts.py"
TAG = re.compile(r"</?[a-z][a-z0-9]*[\s/>]")


class Document(HTMLParser):
    """The texts and attributes of a document, as a browser would have them."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(document)
        self.close()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in UI.rglob("*.py"):
        yield path.relative_to(UI), ast.parse(path.read_text(encoding="utf-8"))


def test_every_builder_is_in_the_lists_above() -> None:
    public = {
        f"mnist_demo.ui.{'.'.join(path.with_suffix('').parts)}.{node.name}"
        for path, module in sources()
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        if (node.returns and ast.unparse(node.returns) == "Markup") or node.name.endswith("_html")
    }
    assert public == {f"{builder.__module__}.{builder.__name__}" for builder in WITH_TEXT | WITHOUT_TEXT}


@pytest.mark.parametrize("builder", [*WITH_TEXT, *WITHOUT_TEXT], ids=lambda builder: builder.__name__)
def test_text_put_into_html_stays_text(builder: Callable[..., Markup]) -> None:
    html = (WITH_TEXT | WITHOUT_TEXT)[builder]()
    assert isinstance(html, Markup)
    document = Document(html)
    assert {name for name, _value in document.attributes} <= set(HARMLESS.split())
    shown = [*document.texts, *(value or "" for _name, value in document.attributes)]
    assert any(HOSTILE in text for text in shown) == (builder in WITH_TEXT)
    assert "&amp;amp;" not in html
    assert not any(re.search(r"&(amp|lt|gt|#\d+);", text.replace(HOSTILE, "")) for text in shown)


def test_html_is_written_as_markup_only() -> None:
    wrong = []
    for path, module in sources():
        as_markup = {
            id(part)
            for node in ast.walk(module)
            if (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Markup")
            or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))  # a docstring
            for part in ast.walk(node)
        }
        wrong += [
            f"{path}:{node.lineno}"
            for node in ast.walk(module)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and TAG.search(node.value)
            if id(node) not in as_markup and path.as_posix() != SCRIPTS
        ]
    assert wrong == []
