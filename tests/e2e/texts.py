"""All that a page says: what is seen, what is read aloud, its title, and what is painted on its charts."""

from collections.abc import Callable

from playwright.sync_api import Page

# What is seen and what is read aloud; code is in no language.
TEXTS = """() => {
  const WORDLESS = "script, style, pre, code, .katex, [data-testid*=Icon], [role=img][aria-hidden=true]";
  const found = [], seen = (element) => getComputedStyle(element).display === "contents"  // has no box of its own
    || element.checkVisibility({visibilityProperty: true, opacityProperty: true});
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) { if (node.data.trim()) found.push(node.data); return; }
    if (node.nodeType !== Node.ELEMENT_NODE || !seen(node) || node.matches(WORDLESS)) return;
    for (const name of ["alt", "title", "aria-label", "placeholder"]) {
      const isElsewhere = name === "aria-label" && node.hasAttribute("aria-labelledby");
      if (node.getAttribute(name) && !isElsewhere) found.push(node.getAttribute(name));
    }
    node.childNodes.forEach(walk);
  };
  walk(document.body);
  return found;
}"""
# What is written on charts is painted: it is noted, with the chart, until that is painted anew.
NOTE_WRITING = """(() => {
  const brush = CanvasRenderingContext2D.prototype, { fillText, clearRect } = brush, written = new Map();
  brush.fillText = function (text, ...place) {
    written.set(this.canvas, [...(written.get(this.canvas) ?? []), text]);
    return fillText.call(this, text, ...place);
  };
  brush.clearRect = function (...box) { written.delete(this.canvas); return clearRect.call(this, ...box); };
  window.textsOnCharts = () => [...written].filter(([canvas]) => canvas.isConnected).flatMap(([, texts]) => texts);
})()"""


def texts_of(page: Page) -> list[str]:
    """Return all that the page says, and its window's title, and what is written on its charts."""
    texts: list[str] = page.evaluate(TEXTS)
    return [*texts, page.title(), *page.evaluate("textsOnCharts()")]


def lasting(page: Page, find: Callable[[], set[str]]) -> set[str]:
    """Return the texts that `find` finds, and finds again a little later.

    A chart that has just been drawn anew has buttons in English for a moment, until their words are replaced.
    """
    found = find()
    if found:
        page.wait_for_timeout(500)
        found &= find()
    return found
