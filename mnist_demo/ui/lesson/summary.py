"""The last page of the lesson: the score, and one sentence to keep of each part."""

import streamlit as st

from mnist_demo.lesson.parts import PARTS, count_right
from mnist_demo.translation import _, ngettext, pgettext
from mnist_demo.ui import keys
from mnist_demo.ui.lesson import state as lesson_state


def render_summary() -> None:
    """Draw how many guesses were right, and what each part taught."""
    guesses, answers = lesson_state.guesses(), lesson_state.answers()
    right, made = count_right(guesses, answers)
    if made:
        sentence = ngettext(
            "**{right} of {made} guess was right.** A wrong guess is one that you will remember.",
            "**{right} of {made} guesses were right.** The wrong ones are those that you will remember.",
            made,
        )
        st.markdown(sentence.format(right=right, made=made))
    else:
        st.markdown(
            _("You have not guessed yet. Each part asks you before it shows the answer: go back to any of them.")
        )
    for number, part in enumerate(PARTS, start=1):
        guess, answer = guesses.get(part.name), answers.get(part.name)
        title, mark, takeaway = st.columns([4, 2, 8], gap="small", vertical_alignment="center")
        title.button(
            f"{number}. {_(part.title)}",
            key=keys.GO_TO_PART + part.name,
            type="tertiary",
            on_click=lesson_state.go_to,
            args=(number,),
        )
        takeaway.markdown(_(part.takeaway))
        with mark:
            if guess is None or answer is None:
                st.badge(_("no guess"), color="gray", icon=":material/remove:")
            elif guess == answer:
                st.badge(pgettext("a guess", "right"), color="green", icon=":material/check:")
            else:
                st.badge(_("not as guessed"), color="orange", icon=":material/close:")
    st.button(_("Begin again"), key=keys.AGAIN, icon=":material/restart_alt:", on_click=lesson_state.begin_again)
