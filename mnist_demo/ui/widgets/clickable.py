"""HTML with buttons in it, pictures among them, that tell the server which of them was clicked.

Streamlit's own buttons hold text; fifty of them would also be fifty elements. Here a whole gallery or table is one
element. Everything is a real ``<button data-value="…">``: Tab enters a group of them, the arrow keys move within it
(https://www.w3.org/WAI/ARIA/apg/practices/keyboard-interface/), Enter or Space clicks.
"""

from collections.abc import Callable
from typing import Any

import streamlit as st
from markupsafe import Markup

_JAVASCRIPT = """
const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];

function above(from, buttons, sign) {
  const here = from.getBoundingClientRect();
  let best = null, least = Infinity;
  for (const button of buttons) {
    const there = button.getBoundingClientRect();
    const rows = (there.top - here.top) * sign;
    if (rows < 1) continue;
    const distance = rows * 1000 + Math.abs(there.left - here.left);
    if (distance < least) [best, least] = [button, distance];
  }
  return best;
}

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".clickable");
  const buttons = () => [...root.querySelectorAll("button[data-value]")];
  const enter = (button) => {
    for (const other of buttons()) other.tabIndex = other === button ? 0 : -1;
  };
  if (root.shown !== data.html) {
    const focused = root.contains(document.activeElement) ? document.activeElement.dataset.value : null;
    const entered = root.querySelector('button[tabindex="0"]')?.dataset.value;
    root.innerHTML = root.shown = data.html;
    const find = (value) => buttons().find((button) => button.dataset.value === value);
    enter(find(entered) ?? buttons()[0]);
    if (focused) find(focused)?.focus({ preventScroll: true });
  }
  root.onclick = (event) => {
    const button = event.target.closest("button[data-value]");
    // The second click of two at once would mean what the first has brought there.
    if (!button || event.detail > 1) return;
    enter(button);
    setTriggerValue("clicked", button.dataset.value);
    // What the click shows may be out of sight.
    if (data.shownIn) {
      const show = (attempts) => {
        const shown = document.querySelector(data.shownIn), box = shown?.getBoundingClientRect();
        if (box && (box.top < 0 || box.top > 0.8 * window.innerHeight)) shown.scrollIntoView({ block: "start" });
        else if (box) return;
        else if (attempts) setTimeout(() => show(attempts - 1), 200);
      };
      setTimeout(() => show(20), 400);
    }
  };
  root.onkeydown = (event) => {
    const from = event.target.closest("button[data-value]");
    if (!from || !ARROWS.includes(event.key)) return;
    const all = buttons(), index = all.indexOf(from);
    const to = {
      ArrowLeft: () => all[index - 1], ArrowRight: () => all[index + 1],
      ArrowUp: () => above(from, all, -1), ArrowDown: () => above(from, all, 1),
      Home: () => all[0], End: () => all.at(-1),
    }[event.key]();
    event.preventDefault();
    if (to) { enter(to); to.focus(); }
  };
}
"""

# Not isolated: style.css dresses it like the rest of the page.
_component = st.components.v2.component(
    "mnist_demo_clickable", html=Markup('<div class="clickable"></div>'), js=_JAVASCRIPT, isolate_styles=False
)


def render_clickable(html: Markup, key: str, on_click: Callable[[str], Any], shown_in: str = "") -> None:
    """Draw `html` and call `on_click` with the ``data-value`` of a button clicked in it.

    `shown_in` is the key of the element where the click shows something: narrow pages scroll there.
    """

    def clicked() -> None:
        value = st.session_state[key].get("clicked")
        if value is not None:
            on_click(value)

    _component(
        key=key, data={"html": html, "shownIn": f".st-key-{shown_in}" if shown_in else ""}, on_clicked_change=clicked
    )
