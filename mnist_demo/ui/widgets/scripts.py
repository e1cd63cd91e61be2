"""Scripts of this program's own that the browser runs beside the page."""

import streamlit as st


def run_script(javascript: str) -> None:
    """Have the browser run `javascript`, never a visitor's text, whenever it differs from before; it takes no room."""
    st.html(f"<script>{javascript}</script>", unsafe_allow_javascript=True)


# What is to be focused may not be drawn yet.
_FOCUS = """/* %s */(function focus(attempts) {
  const found = document.querySelector('.st-key-%s');
  if (found) { found.tabIndex = -1; found.focus({ preventScroll: true }); }
  else if (attempts) setTimeout(() => focus(attempts - 1), 100);
})(30)"""


# What is to be seen may not be drawn yet; and a script runs anew when a visitor comes back to its page.
_SHOW = """(function show(attempts) {
  const shown = (window.shownInView ??= new Set()), occasion = '%s', found = document.querySelector('.st-key-%s');
  if (shown.has(occasion)) return;
  if (!found) { if (attempts) setTimeout(() => show(attempts - 1), 200); return; }
  shown.add(occasion);
  const box = found.getBoundingClientRect();
  if (box.top < 0 || box.bottom > window.innerHeight) found.scrollIntoView({ block: "center" });
})(100)"""


def show_in_view(key: str, occasion: str) -> None:
    """Have the browser scroll to the container of that key, unless it is in view, once for each `occasion`, an id."""
    run_script(_SHOW % (occasion, key))


def focus_on(key: str, occasion: object) -> None:
    """Have the browser focus the container of that key, once for each `occasion`.

    For when the button that was pressed is gone: the next Tab would begin at the top of the page.
    """
    run_script(_FOCUS % (occasion, key))
