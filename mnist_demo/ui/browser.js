// What browsers, and the hands before them, do to a page. `CHANGING`, `ONCE` and `SEVERAL` (selectors) are handed in.
(() => {
  if (window.browserIsPrepared) return;
  window.browserIsPrepared = true;

  // A browser's translator puts the texts of a page into elements of its own, or others in their place. React, which
  // draws the page, then finds a text no more where it put it, and Streamlit shows a red NotFoundError for good. So the
  // element that a text was put into goes, or is gone before, in its stead.
  const { removeChild, insertBefore } = Node.prototype;
  const childOf = (parent, node) => {
    while (node && node.parentNode !== parent) node = node.parentNode;
    return node;
  };
  Node.prototype.removeChild = function (child) {
    const found = childOf(this, child);
    if (found) removeChild.call(this, found);
    return child;
  };
  Node.prototype.insertBefore = function (node, next) {
    return insertBefore.call(this, node, childOf(this, next ?? null));
  };
  // What changes all the time is not translated at all: the translation would stay while the text goes on.
  const keepAsItIs = () => {
    for (const part of document.querySelectorAll(CHANGING)) if (!part.hasAttribute("translate")) part.translate = false;
  };
  new MutationObserver(keepAsItIs).observe(document.body, { childList: true, subtree: true });
  keepAsItIs();

  // A field for numbers drops a comma, in most languages of a browser, and makes 5 of “0,05”. Where whole numbers are asked
  // for it may stand between thousands: “10,000”.
  const isGrouped = (text) => /^\s*[1-9]\d{0,2}([.,]\d{3})+\s*$/.test(text);
  const withComma = new WeakSet();
  addEventListener("beforeinput", (event) => {
    const field = event.target, text = event.data ?? event.dataTransfer?.getData("text/plain") ?? "";
    if (field.type !== "number" || !text) return;
    const isWhole = Number.isInteger(Number(field.step));
    let instead = null;
    if (text.includes(",")) {
      instead = isWhole && isGrouped(text) ? text.replaceAll(",", "") : text.replace(",", ".");
      withComma.add(field);
    } else if (!field.value) withComma.delete(field);
    else if (isWhole && withComma.has(field) && isGrouped(field.value + text)) {  // typed one after the other
      instead = (field.value + text).replace(".", "");
      field.select();
    }
    if (instead === null) return;
    event.preventDefault();
    document.execCommand("insertText", false, instead);
  }, true);

  // Streamlit writes on light charts in a grey of 3.7 : 1, which no setting changes; 4.5 is the least. Charts are painted, so
  // that no style sheet reaches them.
  const paint = Object.getOwnPropertyDescriptor(CanvasRenderingContext2D.prototype, "fillStyle");
  Object.defineProperty(CanvasRenderingContext2D.prototype, "fillStyle", {
    ...paint, set(colour) { paint.set.call(this, colour === "#808495" ? "#5c6070" : colour); },
  });

  // Streamlit makes an entry in the browser's history for every change of the address: of one page, one is enough.
  const { pushState } = history;
  history.pushState = function (state, title, address) {
    const isSamePage = new URL(address ?? "", location.href).pathname === location.pathname;
    return isSamePage ? history.replaceState(state, title, address) : pushState.call(this, state, title, address);
  };

  // A button that makes something does so once, however often it is pressed before the server has answered, which it does
  // with a run of the script. After a while the answer is taken for lost: that is also how it looks where a busy browser
  // draws the begin and the end of a run as one. Whoever has changed a setting since means to press once more.
  const PATIENCE_MS = 4000;
  const pressed = new Map();
  addEventListener("click", (event) => {
    const box = event.target.closest?.("button")?.closest(ONCE);
    if (!box) return;
    const since = pressed.get(box.className) ?? -Infinity;
    if (event.detail > 1 || performance.now() - since < PATIENCE_MS) {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else if (!box.matches(SEVERAL)) pressed.set(box.className, performance.now());
  }, true);
  addEventListener("input", () => pressed.clear(), true);
  addEventListener("click", (event) => { if (event.target.closest?.('[role="option"]')) pressed.clear(); }, true);
  new MutationObserver(() => {
    if (document.querySelector(".stApp")?.dataset.testScriptState !== "running") pressed.clear();
  }).observe(document.body, { subtree: true, attributeFilter: ["data-test-script-state"] });
})();
