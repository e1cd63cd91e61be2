"""Part 1 of the lesson: a digit as numbers, and what is learned from apart from what is tested with."""

import numpy as np
import streamlit as st

from mnist_demo.lesson.digits import LessonDigits
from mnist_demo.lesson.parts import judge_memory
from mnist_demo.translation import _, format_decimal, format_percent, pgettext
from mnist_demo.ui import keys, state
from mnist_demo.ui.lesson import state as lesson_state
from mnist_demo.ui.lesson.guess import ask, tell
from mnist_demo.ui.lesson.pictures import pairs_html, pixel_grid_html

SHOWN_PAIRS = 6


def render_data(digits: LessonDigits) -> None:
    """Draw one digit as numbers, and how far a program comes that knows digits by heart."""
    dataset = state.current_dataset()
    index = lesson_state.digit_index(len(digits.test_y))
    pixels, label = np.asarray(dataset.test_pixels[index]), int(dataset.test_labels[index])
    st.markdown(
        _(
            "To a program a handwritten digit is 28 rows of 28 numbers: 0 is paper, 255 is full ink. "
            "Point at a number, or choose a row."
        )
    )
    picture, words = st.columns([3, 2], gap="large")
    with words:
        st.button(
            _("Another digit"),
            key=keys.OTHER_DIGIT + "data",
            icon=":material/shuffle:",
            on_click=lesson_state.choose_other_digit,
        )
        scaled = st.toggle(_("Divided by 255"), key=keys.PIXEL_SCALED)
        row = st.slider(pgettext("of pixels", "Row"), 0, 27, 14, key=keys.PIXEL_ROW)
        shown = pixels[row] / np.float32(255) if scaled else pixels[row]
        with np.printoptions(linewidth=38, precision=2, suppress=True):
            expression = f"pixels[{row}] / 255" if scaled else f"pixels[{row}]"
            st.code(f">>> {expression}\n{shown!r}", language="python")
        st.caption(_("Its label says **{label}**.").format(label=label))
    with picture:
        st.html(pixel_grid_html(pixels, label, row, scaled))
    st.markdown(
        _(
            "The digits come in two sets. A model learns from the {train} digits of the **training set**. The {test} "
            "digits of the **test set** are kept back to measure how good it is."
        ).format(train=format_decimal(len(dataset.train_labels)), test=format_decimal(len(dataset.test_labels)))
    )
    if not ask("data"):
        return
    tell(
        "data",
        judge_memory(digits.memory_accuracy),
        _(
            "Asked about the {known} training digits that it knows, such a program is right every time. Of {count} "
            "test digits it reads {accuracy} correctly. Only the second number says how good it is, which is why a "
            "model never learns from the test set. The share that is read correctly is called **accuracy**."
        ).format(
            known=format_decimal(len(digits.x)),
            count=format_decimal(len(digits.test_y)),
            accuracy=format_percent(digits.memory_accuracy, digits=1),
        ),
    )
    misread = (digits.y[digits.nearest] != digits.test_y).nonzero().flatten()[:SHOWN_PAIRS].tolist()
    if misread:
        st.markdown(_("Test digits that it misreads, each beside the most similar digit that it knows:"))
        st.html(
            pairs_html(
                [
                    (
                        (digits.test_x[one].reshape(28, 28).numpy(), int(digits.test_y[one])),
                        (digits.x[near].reshape(28, 28).numpy(), int(digits.y[near])),
                    )
                    for one, near in ((one, int(digits.nearest[one])) for one in misread)
                ]
            )
        )
