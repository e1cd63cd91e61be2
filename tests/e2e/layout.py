"""Faults in the places of things on a page: it scrolls sideways, a text is cut, or two lie on each other."""

from playwright.sync_api import Page

from tests.e2e.actions import sideways_overflow

# From the narrowest phone to the widest screen, and a window of 1280 × 800 at 200 %, in pixels.
WIDTHS = (320, 390, 600, 768, 900, 1180, 1920, 2560)
TWICE_THE_SIZE = (640, 400)
# What is written on charts is painted, and where a formula's signs lie is KaTeX's affair.
MISPLACED = r"""() => {
  const NO_TEXT = "script, style, svg, .katex, [data-testid*=Icon], [aria-hidden=true]";
  const found = [], texts = [];
  const isOnlyReadAloud = (element) => {
    for (let around = element; around; around = around.parentElement) {
      const { clip, clipPath, position } = getComputedStyle(around), { bottom } = around.getBoundingClientRect();
      if (position !== "static" && (clip !== "auto" || clipPath !== "none" || bottom <= 0)) return true;
    }
    return false;
  };
  const walker = document.createTreeWalker(document.querySelector(".stApp"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode, parent = text.parentElement;
    if (!text.data.trim() || parent.closest(NO_TEXT)) continue;
    if (!parent.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    if (isOnlyReadAloud(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    for (const box of range.getClientRects()) if (box.width > 1 && box.height > 1) texts.push([text, box]);
  }
  const says = (text) => JSON.stringify(text.data.trim().slice(0, 60));
  for (const [text, box] of texts) {
    for (let around = text.parentElement; around; around = around.parentElement) {
      const { overflowX, position } = getComputedStyle(around), edge = around.getBoundingClientRect();
      if (["auto", "scroll"].includes(overflowX)) break;
      const isClipped = ["hidden", "clip"].includes(overflowX) && edge.width > 1;
      if (isClipped && (box.right > edge.right + 1 || box.left < edge.left - 1)) {
        found.push(`${says(text)} is cut`);
        break;
      }
      if (position === "fixed") break;
    }
  }
  texts.sort(([, one], [, other]) => one.top - other.top);
  texts.forEach(([text, box], place) => {
    for (const [other, below] of texts.slice(place + 1)) {
      if (below.top > box.bottom - 3) break;
      const across = Math.min(box.right, below.right) - Math.max(box.left, below.left);
      // The lines of a large text are higher than its letters.
      const down = (Math.min(box.bottom, below.bottom) - below.top) / Math.min(box.height, below.height);
      if (other !== text && across > 3 && down > 0.4) found.push(`${says(text)} lies on ${says(other)}`);
    }
  });
  return [...new Set(found)];
}"""
ATTEMPTS = 5


def misplaced(page: Page) -> list[str]:
    """Return what is cut, lies on something else or scrolls sideways in the window as it is, in words."""
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
    found: list[str] = []
    for _attempt in range(ATTEMPTS):  # what moves to its place may pass over something
        page.wait_for_timeout(100)
        found = page.evaluate(MISPLACED)
        if not found:
            break
    overflow = sideways_overflow(page)
    return [*found, *([f"scrolls sideways by {overflow} pixels"] if overflow else [])]


def misplaced_at_any_size(page: Page) -> list[str]:
    """Do the same at all widths, at twice the size and in high contrast."""
    found = []
    for size in (*((width, 900) for width in WIDTHS), TWICE_THE_SIZE):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        found += [f"{size[0]} px: {problem}" for problem in misplaced(page)]
    page.emulate_media(forced_colors="active")
    found += [f"high contrast: {problem}" for problem in misplaced(page)]
    page.emulate_media(forced_colors="none")
    return found
