"""Part 9 of the lesson: what happens when a model learns few digits by heart."""

import streamlit as st

from mnist_demo.lesson.digits import FEW_IMAGES, MANY_EPOCHS, LessonDigits
from mnist_demo.lesson.parts import judge_overfitting
from mnist_demo.translation import _, format_decimal, format_percent
from mnist_demo.ui import keys
from mnist_demo.ui.lesson.charts import build_overfitting
from mnist_demo.ui.lesson.guess import ask, tell

CHART_HEIGHT = 320


def render_overfitting(digits: LessonDigits) -> None:
    """Draw the losses on the few digits that are learned and on test digits, epoch after epoch."""
    st.markdown(
        _(
            "Until now the model saw every digit a few times. Here it sees {count} digits {epochs} times: {epochs} "
            "epochs, each of one step. What it makes of {test} test digits is measured on the way."
        ).format(count=FEW_IMAGES, epochs=format_decimal(MANY_EPOCHS), test=format_decimal(len(digits.test_y)))
    )
    if not ask("overfitting"):
        return
    with st.spinner(_("Learning {count} digits by heart …").format(count=FEW_IMAGES)):
        run = digits.overfitting
    lowest = min(range(len(run.epochs)), key=run.test_losses.__getitem__)
    tell(
        "overfitting",
        judge_overfitting(run.test_losses),
        _(
            "The test loss is lowest after epoch {epoch}, at {lowest}, and ends at {last}. On the {count} digits the "
            "loss keeps falling, to {train}. In the end {known} of them are read correctly, but only {accuracy} of "
            "the test digits. What the model learns last is true of these {count} digits only. That is called "
            "**overfitting**."
        ).format(
            epoch=run.epochs[lowest],
            lowest=format_decimal(run.test_losses[lowest], ".3f"),
            last=format_decimal(run.test_losses[-1], ".3f"),
            count=FEW_IMAGES,
            train=format_decimal(run.train_losses[-1], ".3f"),
            known=format_percent(run.train_accuracy, digits=0),
            accuracy=format_percent(run.test_accuracy, digits=1),
        ),
    )
    st.echarts_chart(
        build_overfitting(run),
        key=keys.LESSON_CHART + "overfitting",
        height=CHART_HEIGHT,
        alt=_("The training loss falls to {train}; the test loss falls to {lowest} and ends at {last}.").format(
            train=format_decimal(run.train_losses[-1], ".3f"),
            lowest=format_decimal(run.test_losses[lowest], ".3f"),
            last=format_decimal(run.test_losses[-1], ".3f"),
        ),
    )
    st.markdown(
        _(
            "What helps? More digits: the same model, taught {many} of them, reads {accuracy} of the test digits "
            "correctly. Stopping when the test loss is lowest. Digits that look a little different in every epoch."
        ).format(many=format_decimal(len(digits.x)), accuracy=format_percent(digits.trained.test_accuracy, digits=1))
    )
