"""All pages in their frame: the navigation, the settings beside them, and the notices above them."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import streamlit as st
from markupsafe import Markup

from mnist_demo.translation import _, pgettext
from mnist_demo.ui import keys, state
from mnist_demo.ui.class_.page import render_class
from mnist_demo.ui.compare.page import render_compare
from mnist_demo.ui.data_source import prepare_dataset
from mnist_demo.ui.drawing.canvas import prepare_canvases
from mnist_demo.ui.language.switch import render_language, render_language_switch
from mnist_demo.ui.lesson.page import render_lesson
from mnist_demo.ui.link_state import CLASS, COMPARE, LESSON, LOOK_INSIDE, RUNS, TRAIN_AND_DRAW, is_secure
from mnist_demo.ui.look_inside.page import render_look_inside
from mnist_demo.ui.membership.state import prepare_membership
from mnist_demo.ui.membership.strip import render_membership
from mnist_demo.ui.runs.page import render_runs
from mnist_demo.ui.server.limits import is_full
from mnist_demo.ui.train_and_draw.page import render_train_and_draw
from mnist_demo.ui.visitor import render_visitor
from mnist_demo.ui.widgets.notices import render_notices
from mnist_demo.ui.widgets.scripts import run_script

STYLE, ACCESS, SCRIPT, BROWSER = (
    Path(__file__).parent / name for name in ("style.css", "access.css", "frame.js", "browser.js")
)
# What links of earlier versions call two of the pages.
OLD_ADDRESSES = {"laboratory": TRAIN_AND_DRAW, "understand": LOOK_INSIDE}


def build_pages() -> dict[str, st.Page]:
    """Return the pages by name, in the order of the navigation; the name is also the last part of the address.

    After them come old addresses of theirs, which the navigation does not show.
    """
    train_and_draw = st.Page(
        render_train_and_draw, title=_("Train and draw"), icon=":material/draw:", url_path=TRAIN_AND_DRAW, default=True
    )
    pages = {
        TRAIN_AND_DRAW: train_and_draw,
        LOOK_INSIDE: st.Page(
            partial(render_look_inside, train_and_draw),
            title=_("Look inside"),
            icon=":material/neurology:",
            url_path=LOOK_INSIDE,
        ),
        COMPARE: st.Page(render_compare, title=_("Compare"), icon=":material/stacked_line_chart:", url_path=COMPARE),
        LESSON: st.Page(
            partial(render_lesson, train_and_draw), title=_("Lesson"), icon=":material/school:", url_path=LESSON
        ),
        RUNS: st.Page(partial(render_runs, train_and_draw), title=_("Runs"), icon=":material/history:", url_path=RUNS),
        CLASS: st.Page(
            partial(render_class, train_and_draw),
            title=pgettext("of pupils", "Class"),
            icon=":material/groups:",
            url_path=CLASS,
        ),
    }
    for address, name in OLD_ADDRESSES.items():
        page = pages[name]
        pages[address] = st.Page(partial(_redirect, page), title=page.title, url_path=address, visibility="hidden")
    return pages


def _redirect(page: st.Page) -> None:
    """Open `page` with the parameters of the address, instead of a page that is not called so any more."""
    st.switch_page(page, query_params=st.query_params.to_dict())


def render_frame(pages: Sequence[st.Page], current: st.Page | None, language: str = "en") -> None:
    """Draw what stands above every page: the title and a tab for each of `pages`.

    `language`, such as ``"ko"``, is the one that the page is in, for programs that read it aloud.
    """
    with st.container(key="unseen"):  # takes no room
        st.html(STYLE)
        st.html(ACCESS)
        run_script(SCRIPT.read_text(encoding="utf-8").replace("LANGUAGE;", f"{json.dumps(language)};"))
        run_script(_browser_script())
        prepare_canvases()
        light, dark = (st.get_option(f"theme.{theme}.primaryColor") for theme in ("light", "dark"))
        st.html(Markup("<style>:root {{ --accent: light-dark({}, {}); }}</style>").format(light, dark))
        render_visitor()
        prepare_membership()
        render_language()
        _come_back()
        if not is_secure():
            st.html(Markup("<style>.stCode button { display: none; }</style>"))  # they copy nothing there
    if not state.has_dataset() and is_full():  # she has just come
        st.warning(
            _("This server has as many visitors as it can have. Try again in a few minutes."), icon=":material/groups:"
        )
        st.stop()
    prepare_dataset()
    state.prepare_session()
    if state.shows_bench_only():
        return
    with st.container(horizontal=True, vertical_alignment="center", key="top"):
        st.markdown(_("# Learn to read digits"), width="content")
        with st.container(horizontal=True, key="tabs"):
            for page in pages:
                if page.visibility == "visible":
                    st.page_link(page, width="content")
        render_language_switch()
        render_membership(next((page for page in pages if page.url_path == CLASS), None))
    if pages and current is not pages[0]:  # which has a place of its own for them: above, they would move the canvas
        render_notices()


def _browser_script() -> str:
    changing = ", ".join([".stProgress", *(f".st-key-{key}" for key in keys.CHANGING)])
    once, several = (
        ", ".join(f"[class*='st-key-{key}']" for key in listed) for listed in (keys.ONCE, keys.ONCE_UNLESS_APART)
    )
    selectors = {"CHANGING": changing, "ONCE": f"{once}, {several}", "SEVERAL": several}
    constants = "".join(f"const {name} = {json.dumps(selector)};\n" for name, selector in selectors.items())
    return f"(() => {{\n{constants}{BROWSER.read_text(encoding='utf-8')}}})();"


@st.fragment(run_every=3600)
def _come_back() -> None:
    """Draw nothing, once an hour.

    A browser whose connection was lost and found asks the server for the page again only if a part of it refreshes by
    itself; without one, a page left open over a restart of the server would show what it showed before, for good.
    """
