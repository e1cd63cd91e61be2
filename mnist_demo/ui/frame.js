// What the page says of itself to programs that read it aloud, and Streamlit has no setting for. `LANGUAGE` is handed in.
(() => {
  document.documentElement.lang = LANGUAGE;
  if (window.pageIsDescribed) return;
  window.pageIsDescribed = true;

  // A region is spoken when it changes only if it is there, and known as one, before: so not part of the HTML in it.
  const SPOKEN = ".st-key-training-status, .st-key-drawing-in-words";
  let bars = 0;
  setInterval(() => {
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
    // What scrolls sideways is scrolled with the arrow keys too.
    for (const box of document.querySelectorAll(".stCode pre:not([tabindex]), .scrolls:not([tabindex]), .wide:not([tabindex])")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    }
  }, 500);
})();
