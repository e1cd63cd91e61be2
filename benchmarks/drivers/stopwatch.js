// Runs in the page: notes when the mouse button was released or something pressed, and when elements changed.
(() => {
  const watch = {
    released: 0,
    pressed: 0,
    selectors: {},
    shown: {},
    changes: {}, // name -> times at which the element's content changed
    log: [], // [time, HTML] of the element named "log", whenever it changed
  };
  const read = (selector) => {
    const element = document.querySelector(selector);
    return element ? element.outerHTML : "";
  };
  watch.look = (selectors) => {
    watch.selectors = selectors;
    watch.released = watch.pressed = 0;
    watch.changes = {};
    watch.log = [];
    watch.shown = {};
    for (const name in selectors) {
      watch.shown[name] = read(selectors[name]);
      watch.changes[name] = [];
    }
  };
  const check = () => {
    const now = performance.now();
    for (const name in watch.selectors) {
      const shown = read(watch.selectors[name]);
      if (shown === watch.shown[name]) continue;
      watch.shown[name] = shown;
      watch.changes[name].push(now);
      if (name === "log") watch.log.push([now, shown]);
    }
  };
  const everything = { subtree: true, childList: true, characterData: true, attributes: true };
  new MutationObserver(check).observe(document, everything);
  addEventListener("mouseup", () => (watch.released ||= performance.now()), true);
  addEventListener("mousedown", () => (watch.pressed ||= performance.now()), true);
  window.stopwatch = watch;
})();
