"""axe-core finds nothing that is ours on any page, in any state; and all has its place, whatever the window.

Each state is looked at in a window on a desk in the light theme, and on a phone in the dark one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from mnist_demo.lesson.parts import PARTS
from tests.browser.page import PATIENCE_MS, Scheme, button, element, stop_training, wait_for_state
from tests.browser.pen import draw
from tests.browser.server import PageServer
from tests.e2e.actions import (
    LOOKS,
    choose_option,
    go_to,
    guess_first_option,
    open_settings,
    quick_run,
    set_number,
    show_in,
    sideways_overflow,
    start_long_run,
    start_with,
    tab_to,
    unfold,
)
from tests.e2e.conftest import visit
from tests.e2e.layout import misplaced_at_any_size

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# What Streamlit draws and nothing here can mend: the rule of axe-core, a part of the element, and the reason.
STREAMLITS_OWN = [
    (
        "presentation-role-conflict",
        'data-testid="stFileUploaderDropzone"',
        "the box to drop a file on is no element for programs that read aloud, and has a name; the button in it works",
    ),
]
# What is written on charts is painted, where axe-core does not see it: how, is noted until a chart is painted anew.
NOTE_WRITING = """() => {
  if (window.faintWriting) return;
  const brush = CanvasRenderingContext2D.prototype, { fillText, clearRect } = brush, written = new Map();
  brush.fillText = function (text, ...place) {
    written.set(this.canvas, { ...written.get(this.canvas), [text]: this.fillStyle });
    return fillText.call(this, text, ...place);
  };
  brush.clearRect = function (...box) {
    written.delete(this.canvas);
    return clearRect.call(this, ...box);
  };
  const channels = colour => colour.startsWith("#")
    ? [1, 3, 5].map(place => parseInt(colour.slice(place, place + 2), 16)) : colour.match(/[\\d.]+/g).slice(0, 3);
  const linear = value => value <= 10.3 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const shares = [0.2126, 0.7152, 0.0722];
  const luminance = colour => channels(colour).reduce((sum, value, place) => sum + shares[place] * linear(value), 0);
  window.faintWriting = () => {
    const paper = luminance(getComputedStyle(document.querySelector(".stApp")).backgroundColor) + 0.05;
    return [...written].filter(([canvas]) => canvas.isConnected).flatMap(([, texts]) => Object.entries(texts)).map(
      ([text, colour]) => [text, colour, (luminance(colour) + 0.05) / paper]
    ).filter(([, , ratio]) => Math.max(ratio, 1 / ratio) < 4.5);
  };
}"""
# No rule that is on reads style sheets; and to find a selector for each element takes as long as a third of the rules.
AXE_OPTIONS = "{ resultTypes: ['violations'], preload: false, selectors: false }"
PROJECTOR: tuple[tuple[Scheme, int, int], ...] = (("light", 1920, 1080), ("dark", 1920, 1080))
# A page that is being drawn anew may be looked at in the midst of that.
ATTEMPTS = 3


@dataclass
class Look:
    """Runs axe-core on the page as it is, and collects what it finds by the name of the state."""

    page: Page
    found: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.evaluate(NOTE_WRITING)

    def at(self, state: str, looks: Iterable[tuple[Scheme, int, int]] = LOOKS.values()) -> None:
        """Look at the page in that state, in each of those windows."""
        for scheme, width, height in looks:
            show_in(self.page, scheme, width, height)
            problems: list[str] = []
            for _attempt in range(ATTEMPTS):
                self.page.wait_for_timeout(200)
                problems = list(self.problems())
                if not problems:
                    break
            self.found += [f"{state}, {scheme}: {problem}" for problem in problems]

    def at_any_size(self, state: str) -> None:
        """Look at it as `at` does, and whether all has its place from the narrowest window to the widest."""
        self.found += [f"{state}, {problem}" for problem in misplaced_at_any_size(self.page)]
        self.at(state)

    def problems(self) -> Iterator[str]:
        if sideways_overflow(self.page):
            yield "scrolls sideways"
        for writing in self.page.evaluate("faintWriting()"):
            yield f"hard to read on a chart: {writing}"
        # Once for a page, and without what is as it should be: that takes longer to hand over than to find.
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(Axe().axe_script)
        found = self.page.evaluate(f"axe.run({AXE_OPTIONS}).then(results => results.violations)")
        for violation in found:
            rule = violation["id"]
            for node in violation["nodes"]:
                if not any(rule == own and part in node["html"] for own, part, _reason in STREAMLITS_OWN):
                    checks = [check["message"] for kind in ("any", "all", "none") for check in node[kind]]
                    yield f"{rule}: {node['html'][:160]} {checks}"


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
        for _run in range(2):
            button(page, "start-training").click()
            wait_for_state(page, "finished")
            button(page, "reset-training").click()
            wait_for_state(page, "not started")
        quick_run(page)
        look.at("finished")
        go_to(page, "Look inside")
        expect(element(page, "weights").locator("img")).to_have_count(10)
        look.at_any_size("look inside")
        page.get_by_text("What it confuses").click()
        # By keyboard: Tab enters at the first cell, the arrows go on from there, Enter clicks.
        first = element(page, "confusion-matrix").locator("button").first
        tab_to(page, first)
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")
        expect(first).to_be_focused()
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
        for number in (3, 4):  # a table of numbers, and a slider beside a chart
            show_in(page, *LOOKS["desk"])
            element(page, "lesson-page").get_by_role("radio", name=str(number), exact=True).click()
            expect(page.get_by_role("heading", level=1, name=PARTS[number - 1].title)).to_be_visible()
            guess_first_option(page, PARTS[number - 1].name)
            expect(element(page, f"answer-{PARTS[number - 1].name}")).to_be_visible()
            look.at(f"lesson, part {number} answered")
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
