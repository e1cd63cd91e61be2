// The canvas component's own tools lie, invisible, over the upper right corner of the canvas until a mouse has hovered
// there. A finger that begins a stroke in that corner touches them instead, and might empty the canvas. The page has
// buttons of its own for undo and clear, so the tools are put away; the component keeps its styles in a shadow root, which a
// style sheet of the page does not reach.
(() => {
  if (window.canvasToolsPutAway) return;
  window.canvasToolsPutAway = setInterval(() => {
    for (const element of document.querySelectorAll(".st-key-drawing-canvas *")) {
      const root = element.shadowRoot;
      if (root && !root.querySelector("style.tools-put-away")) {
        const style = document.createElement("style");
        style.className = "tools-put-away";
        style.textContent = ".dc-toolbar { display: none !important; }";
        root.append(style);
      }
    }
  }, 200);
})();
