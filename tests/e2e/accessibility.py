"""Problems that axe-core finds on a page as it is, and writing that is hard to read on its charts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.page import Scheme
from tests.e2e.actions import LOOKS, show_in, sideways_overflow
from tests.e2e.layout import misplaced_at_any_size

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
# Rules whose answer depends on the theme and on the size of the window.
EVERYWHERE = "{ runOnly: ['color-contrast', 'link-in-text-block', 'scrollable-region-focusable', 'target-size'] }"
# A page that is being drawn anew may be looked at in the midst of that.
ATTEMPTS = 4


@dataclass
class Look:
    """Runs axe-core on the page as it is, and collects what it finds by the name of the state."""

    page: Page
    found: list[str] = field(default_factory=list)
    _looks: int = 0

    def __post_init__(self) -> None:
        self.page.evaluate(NOTE_WRITING)

    def at(self, state: str, looks: Iterable[tuple[Scheme, int, int]] = LOOKS.values()) -> None:
        """Look at the page in that state, in each of those windows: by all rules in one of them, in turn."""
        windows = list(looks)
        self._looks += 1
        for place, (scheme, width, height) in enumerate(windows):
            show_in(self.page, scheme, width, height)
            problems = list(self.problems(by_all_rules=place == self._looks % len(windows)))
            for attempt in range(1, ATTEMPTS):
                if not problems:
                    break
                self.page.wait_for_timeout(300)
                if attempt == ATTEMPTS - 1:  # a chart that was made while the theme changed is painted anew
                    show_in(self.page, "dark" if scheme == "light" else "light", width, height)
                    show_in(self.page, scheme, width, height)
                    self.page.wait_for_timeout(300)
                problems = list(self.problems())
            self.found += [f"{state}, {scheme}: {problem}" for problem in problems]

    def at_any_size(self, state: str) -> None:
        """Look at it as `at` does, and whether all has its place from the narrowest window to the widest."""
        self.found += [f"{state}, {problem}" for problem in misplaced_at_any_size(self.page)]
        self.at(state)

    def problems(self, by_all_rules: bool = True) -> Iterator[str]:
        if sideways_overflow(self.page):
            yield "scrolls sideways"
        for writing in self.page.evaluate("faintWriting()"):
            yield f"hard to read on a chart: {writing}"
        # Once for a page, and without what is as it should be: that takes longer to hand over than to find.
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(Axe().axe_script)
        options = AXE_OPTIONS if by_all_rules else f"{{ ...{AXE_OPTIONS}, ...{EVERYWHERE} }}"
        found = self.page.evaluate(f"axe.run({options}).then(results => results.violations)")
        for violation in found:
            rule = violation["id"]
            for node in violation["nodes"]:
                if not any(rule == own and part in node["html"] for own, part, _reason in STREAMLITS_OWN):
                    checks = [check["message"] for kind in ("any", "all", "none") for check in node[kind]]
                    yield f"{rule}: {node['html'][:160]} {checks}"
