// What the page says of itself to programs that read it aloud, and Streamlit has no setting for. `LANGUAGE` is handed in.
(() => {
  document.documentElement.lang = LANGUAGE;
  if (window.pageIsDescribed) return;
  window.pageIsDescribed = true;

  // What Streamlit draws is mended after each change of the page, once for all changes of a moment, when nothing else is to do.
  const WAIT_MS = 100, IDLE_MS = 200;
  const mends = [];
  let isDue = false;
  const mendAll = () => { isDue = false; for (const mend of mends) mend(); };
  window.afterChanges = (mend) => { mends.push(mend); mend(); };
  const mendSoon = () => {
    if (isDue) return;
    isDue = true;
    setTimeout(() => (window.requestIdleCallback ?? setTimeout)(mendAll, { timeout: IDLE_MS }), WAIT_MS);
  };
  new MutationObserver(mendSoon).observe(document.body, {
    childList: true, subtree: true, characterData: true, attributeFilter: ["aria-label", "title", "placeholder"],
  });
  addEventListener("resize", mendSoon);

  // A region is spoken when it changes only if it is there, and known as one, before: so not part of the HTML in it.
  const SPOKEN = ".st-key-training-status, .st-key-drawing-in-words";
  const SENTENCES = "[data-testid=stMarkdownContainer], [data-testid=stCaptionContainer]";
  const PERCENTAGE = /\d %/, PERCENTAGES = /(\d) %/g;
  let bars = 0;
  afterChanges(() => {
    for (const region of document.querySelectorAll(SPOKEN)) {
      if (region.role === "status") continue;
      region.role = "status";  // polite: it waits until nothing else is being said
      region.ariaAtomic = "true";
    }
    // All progress bars of Streamlit are called "progress"; what each is about stands above it.
    for (const bar of document.querySelectorAll(".stProgress [role=progressbar]:not([aria-labelledby])")) {
      const text = bar.closest(".stProgress").firstElementChild;
      text.id ||= `progress-${++bars}`;
      bar.setAttribute("aria-labelledby", text.id);
    }
    // A line does not end between a percentage and its sign. The node stays that of Streamlit; only its space is another one.
    for (const text of document.querySelectorAll(SENTENCES)) {
      if (!PERCENTAGE.test(text.textContent)) continue;
      const nodes = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
      while (nodes.nextNode()) {
        const node = nodes.currentNode;
        if (PERCENTAGE.test(node.data) && !node.parentElement.closest("pre, code")) node.data = node.data.replaceAll(PERCENTAGES, "$1\u00a0%");
      }
    }
    // What scrolls sideways is scrolled with the arrow keys too.
    for (const box of document.querySelectorAll(".stCode pre:not([tabindex]), .scrolls:not([tabindex]), .wide:not([tabindex])")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    }
  });
})();
