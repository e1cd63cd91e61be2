"""The page “Lesson”: ten short parts, each of which asks for a guess and then runs what it asked about."""

from pathlib import Path

import streamlit as st

from mnist_demo.lesson.parts import PAGE_COUNT, PARTS
from mnist_demo.translation import _, pgettext
from mnist_demo.ui import keys, state
from mnist_demo.ui.lesson import state as lesson_state
from mnist_demo.ui.resources import lesson_digits
from mnist_demo.ui.widgets.pulse import render_pulse
from mnist_demo.ui.widgets.scripts import focus_on, run_script

STYLE = Path(__file__).with_name("lesson.css")
REFRESH_SECONDS = 0.5
# A new part begins at its top, wherever the one before was left.
SCROLL_UP = "/* {page} */document.querySelector('[data-testid=\"stMain\"]')?.scrollTo(0, 0)"


def render_lesson(train_and_draw: st.Page) -> None:
    """Draw the part that the visitor is at, and the way to the others; its last runs are shown on `train_and_draw`."""
    st.html(STYLE)
    page = lesson_state.prepare_lesson_page()
    with st.container(key=keys.LESSON):
        _render_bar(page)
        run_script(SCROLL_UP.format(page=page))
        title = _("What you have seen") if page == PAGE_COUNT else _(PARTS[page - 1].title)
        with st.container(key=f"{keys.LESSON_HEADING}{page}"):
            st.markdown(f"# {title}")
        if lesson_state.moves():
            focus_on(f"{keys.LESSON_HEADING}{page}", lesson_state.moves())
        if page == PAGE_COUNT:
            # Imports torch, as the parts do: not before a page needs it.
            from mnist_demo.ui.lesson.summary import render_summary

            render_summary()
            _render_whole(train_and_draw)
        else:
            _render_part(page, train_and_draw)
            _render_next(page, keys.NEXT_BELOW)


def _render_bar(page: int) -> None:
    """Draw previous, the numbers of the parts, next."""
    with st.container(horizontal=True, vertical_alignment="center", key=keys.LESSON_BAR, gap="small"):
        st.button(
            _("Previous"),
            key=keys.PREVIOUS_PART,
            icon=":material/arrow_back:",
            disabled=page == 1,
            on_click=lesson_state.go_to,
            args=(page - 1,),
        )
        st.segmented_control(
            pgettext("of the lesson", "Part"),
            list(range(1, PAGE_COUNT + 1)),
            required=True,
            key=keys.LESSON_PAGE,
            on_change=lesson_state.go_to_chosen,
            label_visibility="collapsed",
        )
        _render_next(page, keys.NEXT_PART)
        if page <= len(PARTS):
            st.caption(_("Part {page} of {count}").format(page=page, count=len(PARTS)), width="content")


def _render_next(page: int, key: str) -> None:
    st.button(
        _("Next"),
        key=key,
        type="primary",
        icon=":material/arrow_forward:",
        icon_position="right",
        disabled=page == PAGE_COUNT,
        on_click=lesson_state.go_to,
        args=(page + 1,),
    )


def _render_whole(train_and_draw: st.Page) -> None:
    """Draw all parts below each other, for the lesson on paper; what was not guessed yet is not told."""
    with st.container(key=keys.WHOLE_LESSON):
        if st.toggle(_("All parts below each other, to print them"), key=keys.SHOW_WHOLE_LESSON):
            for page, part in enumerate(PARTS, start=1):
                st.markdown(f"# {page}. {_(part.title)}")
                _render_part(page, train_and_draw)


@st.fragment
def _render_part(page: int, train_and_draw: st.Page) -> None:
    from mnist_demo.ui.lesson.deeper import render_ways_to_train
    from mnist_demo.ui.lesson.parts import RENDERERS
    from mnist_demo.ui.lesson.rates import EXPLOSION

    name = PARTS[page - 1].name
    with_runs = (name, EXPLOSION) if name == "rates" else (name,)
    was_active = lesson_state.has_active_runs(*with_runs)
    with st.spinner(_("Taking some digits and training a small model on them …")):
        digits = lesson_digits(state.current_dataset())
    RENDERERS[name](digits)
    if page == len(PARTS):
        with st.container(key=keys.WAYS_TO_TRAIN):
            render_ways_to_train(train_and_draw)
    is_active = lesson_state.has_active_runs(*with_runs)  # asking has the server forget those that have ended
    if was_active or is_active:
        render_pulse(REFRESH_SECONDS, f"{keys.LESSON_PULSE}-{page}")
