// What browsers, and the hands before them, do to a page. `CHANGING`, `ONCE` and `SEVERAL` (selectors) are handed in.
(() => {
  if (window.browserIsPrepared) return;
  window.browserIsPrepared = true;

  // A browser's translator puts the texts of a page into elements of its own, or others in their place. React, which
  // draws the page, then finds a text no more where it put it, and Streamlit shows a red NotFoundError for good. So the
  // element that a text was put into, or that stands in its place, goes, or is gone before, in its stead. A text that
  // React changes is seen by nobody while its translation stands there, so it comes back, and is translated anew.
  const { removeChild, insertBefore } = Node.prototype;
  const translations = new WeakMap();  // by the text in whose place it stands
  const childOf = (parent, node) => {
    while (node && node.parentNode !== parent) node = node.parentNode ?? translations.get(node);
    return node;
  };
  new MutationObserver((changes) => {
    const fonts = new Set(changes.flatMap(({ addedNodes }) => [...addedNodes].filter((node) => node.nodeName === "FONT")));
    if (!fonts.size) return;
    for (const { addedNodes, removedNodes, previousSibling, nextSibling } of changes) {
      const font = [...addedNodes, previousSibling, nextSibling].find((node) => fonts.has(node));
      for (const node of font ? removedNodes : []) {
        if (node.nodeType === Node.TEXT_NODE && !node.isConnected) translations.set(node, font);
      }
    }
  }).observe(document.body, { childList: true, subtree: true });
  const nodeValue = Object.getOwnPropertyDescriptor(Node.prototype, "nodeValue");
  Object.defineProperty(Node.prototype, "nodeValue", {
    ...nodeValue, set(value) {
      nodeValue.set.call(this, value);
      if (!this.isConnected) translations.get(this)?.replaceWith(this);
    },
  });
  Node.prototype.removeChild = function (child) {
    const found = childOf(this, child);
    if (found) removeChild.call(this, found);
    return child;
  };
  Node.prototype.insertBefore = function (node, next) {
    return insertBefore.call(this, node, childOf(this, next ?? null));
  };
  // What changes all the time is not translated at all: the translation would stay while the text goes on.
  afterChanges(() => {
    for (const part of document.querySelectorAll(CHANGING)) if (!part.hasAttribute("translate")) part.translate = false;
  });

  // A field for numbers drops a comma, in most languages of a browser, and makes 5 of “0,05”, and a second point: 1.0005 of
  // “1.000,5”. Of two kinds the last one is the decimal point, and of one kind those that stand between thousands are none,
  // nor is a single one where whole numbers are asked for: “10,000”. What cannot be told is refused, and what was in the
  // field stays: “1,000” of a number that need not be whole, unless it is typed, key by key, and seen to become 1.000.
  const isGrouped = (text) => /^[1-9]\d{0,2}([.,])\d{3}(\1\d{3})*$/.test(text);
  const readNumber = (text, isWhole, isTyped) => {  // null where it cannot be told
    const marks = text.match(/[.,]/g) ?? [], mark = marks.at(-1), digits = text.replace(/[.,]/g, "");
    if (!marks.length || isWhole && isGrouped(text)) return digits;
    if (marks.length === 1) return !isTyped && mark === "," && isGrouped(text) ? null : text.replace(",", ".");
    const [before, after] = [text.slice(0, text.lastIndexOf(mark)), text.slice(text.lastIndexOf(mark) + 1)];
    if (!isGrouped(before)) return null;
    if (!before.includes(mark)) return `${before.replace(/[.,]/g, "")}.${after}`;
    return isTyped || isGrouped(text) ? digits : null;
  };
  // What was typed into a field since it was empty, or all of it selected; and what it will be with the key just pressed.
  const typed = new WeakMap();
  let typing = null, isInserting = false;
  const insert = (text) => {
    isInserting = true;
    document.execCommand("insertText", false, text);
    isInserting = false;
  };
  addEventListener("beforeinput", (event) => {
    const field = event.target, text = (event.data ?? event.dataTransfer?.getData("text/plain") ?? "").trim();
    if (field.type !== "number" || isInserting) return;
    const isWhole = Number.isInteger(Number(field.step)), isTyped = text.length === 1;
    const known = isTyped ? typed.get(field) ?? "" : "";
    typing = isTyped ? known + text : null;
    const soFar = readNumber(known, isWhole, true), becomes = readNumber(known + text, isWhole, isTyped);
    if (!text || becomes === soFar + text) return;
    event.preventDefault();
    if (becomes === null) typing = null;
    else if (becomes === `${soFar}.`) insert(".");
    else {
      if (isTyped) field.select();
      insert(becomes);
    }
  }, true);
  addEventListener("input", ({ target: field }) => {
    if (field.type !== "number") return;
    const is = typing === null ? null : readNumber(typing, Number.isInteger(Number(field.step)), true);
    if (is !== null && (field.value ? Number(field.value) === Number(is) : is.endsWith("."))) typed.set(field, typing);
    else typed.delete(field);
    typing = null;
  }, true);
  for (const kind of ["focusin", "pointerdown"]) addEventListener(kind, ({ target }) => typed.delete(target), true);

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

  // An answer comes in forty messages, and the browser would go through all of its page for the first of them, for the next
  // few, and for the rest. React, which does that, asks for its turn with a message to itself; it gets it as soon as no
  // more messages have come for a moment.
  const QUIET_MS = 2, LATEST_MS = 30;
  let came = -Infinity;  // when the newest message of the server was read
  const read = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data").get;
  Object.defineProperty(MessageEvent.prototype, "data", {
    get() {
      if (this.target instanceof WebSocket) came = performance.now();
      return read.call(this);
    },
  });
  const { postMessage } = MessagePort.prototype;
  MessagePort.prototype.postMessage = function (message, ...more) {
    const asked = performance.now();
    const post = () => {
      const now = performance.now(), isSoon = now - came < QUIET_MS && now - asked < LATEST_MS;
      if (message === null && isSoon && !document.hidden) setTimeout(post, QUIET_MS);
      else {
        postMessage.call(this, message, ...more);
        if (now - came < LATEST_MS) setTimeout(forgetAnswered);  // when that is drawn
      }
    };
    post();
  };

  // A button that makes something does so once, however often it is pressed before the server has answered, which it does
  // with a run of the script, or the connection is lost. After a minute the answer is taken for lost: a slow line takes
  // seconds. Where the begin and the end of a run are drawn as one, its state never changes on the page: the messages tell
  // then. Whoever has changed a setting since means to press once more.
  const PATIENCE_MS = 60_000;
  const pressed = new Map();
  const forgetAnswered = () => {
    const { testScriptState, testConnectionState } = document.querySelector(".stApp")?.dataset ?? {};
    if (testScriptState !== "running" || testConnectionState !== "CONNECTED") pressed.clear();
  };
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
  new MutationObserver(forgetAnswered).observe(document.body, {
    subtree: true, attributeFilter: ["data-test-script-state", "data-test-connection-state"],
  });
})();
