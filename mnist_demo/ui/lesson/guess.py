"""The guess that every part asks for, and how it compares with what the run gave."""

import streamlit as st

from mnist_demo.lesson.parts import Part, part_named
from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.lesson import state as lesson_state
from mnist_demo.ui.membership.question import render_question_to_class
from mnist_demo.ui.widgets.scripts import focus_on


def ask(name: str) -> bool:
    """Draw the question of part `name` with its options; return whether the answer may be shown."""
    part = part_named(name)
    guesses = lesson_state.guesses()  # once: another tab may delete them at any moment
    revealed = name in guesses
    with st.container(border=True, key=f"{keys.GUESS}{name}-box", gap="small"):
        if revealed:
            if lesson_state.is_just_revealed(name):
                focus_on(f"{keys.GUESS}{name}-box", name)
            _render_guess(part, guesses[name])
        else:
            _render_choice(part)
    return revealed


def _render_choice(part: Part) -> None:
    chosen = st.radio(
        f"**{_(part.question)}**",
        list(part.options),
        index=None,
        format_func=lambda option: _(part.options[option]),
        key=keys.GUESS + part.name,
    )
    render_question_to_class(part)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _("That is my guess: run it"),
            key=keys.RUN_GUESS + part.name,
            type="primary",
            icon=":material/play_arrow:",
            disabled=chosen is None,
            on_click=lesson_state.reveal_chosen,
            args=(part.name,),
        )
        st.button(
            _("Run it without a guess"),
            key=keys.SKIP_GUESS + part.name,
            type="tertiary",
            on_click=lesson_state.reveal,
            args=(part.name, None),
        )


def _render_guess(part: Part, guess: str | None) -> None:
    st.markdown(f"**{_(part.question)}**")
    if guess is None:
        st.markdown(_("You went on without a guess."))
    else:
        st.markdown(_beside(_("Your guess"), _(part.options[guess])))


def _beside(title: str, option: str) -> str:
    """Return Markdown of an option beside what it is: no sentence goes on in an option."""
    return f"**{title}** · {option}"


def tell(name: str, answer: str, explanation: str) -> None:
    """Say what the run gave, in the light of the guess; `explanation` is Markdown that says why."""
    lesson_state.note_answer(name, answer)
    part = part_named(name)
    guess = lesson_state.guesses().get(name)
    words = _(part.options[answer])
    with st.container(key=keys.ANSWER + name):
        if guess is None:
            st.info(_beside(_("It turned out"), words), icon=":material/arrow_forward:")
        elif guess == answer:
            st.success(_beside(_("You guessed right"), words), icon=":material/check:")
        else:
            st.warning(_beside(_("Not as you guessed"), words), icon=":material/close:")
        st.markdown(explanation)
