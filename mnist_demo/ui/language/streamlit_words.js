// Says Streamlit's own words, which it has in English only, in the reader's language. `WORDS` is handed in: by English
// word, how it is said; "{}" stands for what Streamlit puts there.
(() => {
  const words = WORDS;
  const NAMED = "[aria-label], [title], [placeholder], [href='#stMain'], [data-testid=InputInstructions]";
  const WORDED = [
    "[data-live-announcer]", "[data-testid=stTooltipContent]", "[data-testid=stFileUploader]",
    "[data-testid=stCameraInput]", "[data-testid*=Dropdown]",
  ].join();
  const page = window.streamlitWords ??= { forms: [] };
  const literal = (text) => text.replace(/[.*+?^$|()[\]\\]/g, "\\$&").replace("{}", "(.+)");
  for (const pair of Object.entries(words)) {
    // A word that was said in another language before is known by that too.
    for (const text of pair) page.forms.push([new RegExp(`^${literal(text)}$`), pair[0]]);
  }
  page.said = words;
  page.known = new Map();
  if (page.sayAll) return page.sayAll();

  const say = (text) => {
    if (!page.known.has(text)) {
      if (page.known.size > 1000) page.known.clear();
      const [form, word] = page.forms.find(([form]) => form.test(text)) ?? [];
      page.known.set(text, word ? page.said[word].replace("{}", () => text.match(form)[1]) : text);
    }
    return page.known.get(text);
  };
  const sayIn = (element) => {
    for (const name of ["aria-label", "title", "placeholder"]) {
      const text = element.getAttribute(name);
      if (text && say(text) !== text) element.setAttribute(name, say(text));
    }
    // The node stays that of Streamlit; only its text is another one.
    for (const node of element.childNodes) {
      if (node.nodeType === Node.TEXT_NODE && say(node.data) !== node.data) node.data = say(node.data);
    }
  };
  page.sayAll = () => {
    // An icon among words is named in English, "lock icon", and says what the words say: it is not read aloud.
    for (const icon of document.querySelectorAll("[role=img][aria-label$=' icon']")) {
      icon.removeAttribute("aria-label");
      icon.setAttribute("aria-hidden", "true");
    }
    document.querySelectorAll(NAMED).forEach(sayIn);
    for (const part of document.querySelectorAll(WORDED)) {
      for (const element of part.querySelectorAll("*")) if (!element.closest("[role=option] *")) sayIn(element);
    }
  };
  afterChanges(page.sayAll);
})();
