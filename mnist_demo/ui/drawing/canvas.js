// Two things that the canvas component has no setting for. It keeps its parts in a shadow root, which neither a style sheet
// nor a selector of the page reaches.
(() => {
  if (window.canvasIsPrepared) return;
  window.canvasIsPrepared = true;

  // Its own tools lie, invisible, over the upper right corner of the canvas until a mouse has hovered there. A finger that
  // begins a stroke in that corner touches them instead, and might empty the canvas. The page has buttons of its own for
  // undo and clear, so the tools are put away.
  const roots = () =>
    [...(document.querySelector(".st-key-drawing-canvas")?.querySelectorAll("*") ?? [])]
      .map((element) => element.shadowRoot).filter(Boolean);
  setInterval(() => {
    for (const root of roots()) {
      if (root.querySelector("style.tools-put-away")) continue;
      const style = document.createElement("style");
      style.className = "tools-put-away";
      style.textContent = `.dc-toolbar { display: none !important; }
        .dc-container { width: var(--canvas-side, 280px) !important; height: var(--canvas-side, 280px) !important; }
        .dc-container canvas, .canvas-container { width: 100% !important; height: 100% !important; }
        .dc-container canvas:focus-visible { outline: 3px solid var(--accent); outline-offset: -3px; }`;
      root.append(style);
    }
  }, 200);

  // It waits 200 ms after a stroke before it sends the drawing: most of the time to an answer. One of its tools sends at
  // once, and is pressed here whenever the pen is lifted; without it the drawing comes after those 200 ms, as ever.
  let penIsDown = false;
  const lower = (event) => {
    penIsDown = event.composedPath().some((element) => element.classList?.contains("st-key-drawing-canvas"));
    if (penIsDown) document.querySelector(".canvas-hint")?.classList.add("gone");
  };
  const lift = () => {
    if (!penIsDown) return;
    penIsDown = false;
    // After the component itself has taken note of the stroke.
    setTimeout(() => {
      for (const root of roots()) root.querySelector(".dc-toolbar button[aria-label^='Update the app']")?.click();
    });
  };
  for (const kind of ["mousedown", "touchstart"]) addEventListener(kind, lower, { capture: true, passive: true });
  for (const kind of ["mouseup", "touchend", "touchcancel"]) addEventListener(kind, lift, { passive: true });
})();
