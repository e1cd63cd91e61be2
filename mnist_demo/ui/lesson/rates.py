"""Part 8 of the lesson: learning rates, one that explodes, and what the size of the pixels has to do with it."""

import streamlit as st

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import MnistDemoError
from mnist_demo.jobs.job import Job
from mnist_demo.lesson.digits import LEARNING_RATE, LessonDigits
from mnist_demo.lesson.parts import judge_rate
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.presets import PRESETS
from mnist_demo.translation import _, format_decimal, format_percent
from mnist_demo.ui import keys, state, visitor_state
from mnist_demo.ui.lesson import state as lesson_state
from mnist_demo.ui.lesson.charts import build_losses
from mnist_demo.ui.lesson.guess import ask, tell
from mnist_demo.ui.lesson.pictures import format_number, outcomes_html
from mnist_demo.ui.lesson.runs import (
    CHART_HEIGHT,
    accuracy_of,
    final_loss,
    loss_of,
    render_losses,
    render_runs,
    say_progress,
    start_or_say,
)
from mnist_demo.ui.widgets.scripts import focus_on

# The runs take seconds: of a large set the first images, of a small one more rounds.
RUN_IMAGES = 10_000
REFERENCE_RATE, WILD_RATE, TINY_RATE = "0.5", "50", "0.0005"
# The softmax keeps the gradient of a linear model within bounds: with no learning rate up to 1e30 did its loss become
# nan. Weight decay has no such bounds: with it, a rate of 50 made it nan at step 59 on MNIST, and at step 58 on the
# built-in digits.
EXPLOSION, EXPLOSIVE_DECAY = "explosion", 0.1


def render_rates(digits: LessonDigits) -> None:
    """Draw part 8: the tutorial's training with three learning rates, in processes of their own."""
    st.markdown(
        _(
            "Everything is in place: the tutorial’s linear model, batches of 100, steps downhill. One number decides "
            "how far a step goes. Three real trainings will run, with learning rates of 0.5, 50 and 0.0005."
        )
    )
    if not ask("rates"):
        return
    dataset = state.current_dataset()
    runs = start_or_say("rates", rate_runs(dataset))
    if runs is None:
        return
    render_losses({_("rate {rate}").format(rate=rate): job for rate, job in runs.items()}, keys.LESSON_CHART + "rates")
    if say_progress("rates", runs):
        return
    reference, wild, tiny = (runs[rate] for rate in (REFERENCE_RATE, WILD_RATE, TINY_RATE))
    tell(
        "rates",
        judge_rate(reference.history.test_loss or 0.0, final_loss(wild), wild.history.test_accuracy or 0.0),
        _(
            "With 50 every step leaps across the valley: the loss went up to {peak}, and ends at {wild} on the test "
            "images. Yet {right} of them are read correctly, for the right score is still often the largest. On all "
            "of MNIST it ends at about 87 %. With 0.0005 the model walks in the right direction, but after the same "
            "time reads only {tiny} of them correctly, instead of {reference}."
        ).format(
            peak=format_decimal(max(wild.history.steps["train_loss"]), ",.0f"),
            wild=loss_of(wild),
            right=accuracy_of(wild),
            tiny=accuracy_of(tiny),
            reference=accuracy_of(reference),
        ),
    )
    render_runs({_("rate {rate}").format(rate=rate): job for rate, job in runs.items()})
    _render_explosion(dataset)
    _render_scaling(digits)


def rate_runs(dataset: DigitDataset) -> dict[str, Hyperparameters]:
    """Return the three trainings of the part on learning rates."""
    count = min(RUN_IMAGES, len(dataset.train_labels))
    tutorial = PRESETS["tutorial-pytorch"].hyperparameters.replace(training_size=count, epochs=5 * RUN_IMAGES // count)
    return {rate: tutorial.replace(learning_rate=float(rate)) for rate in (REFERENCE_RATE, WILD_RATE, TINY_RATE)}


def explosive_run(dataset: DigitDataset) -> Hyperparameters:
    """Return the training whose loss becomes nan: the wild rate, with weight decay."""
    return rate_runs(dataset)[WILD_RATE].replace(weight_decay=EXPLOSIVE_DECAY)


def _render_explosion(dataset: DigitDataset) -> None:
    st.markdown(_("## One that does explode"))
    st.markdown(
        _(
            "Why did the loss not become infinite? The gradient of this model has bounds: softmax says no more than 1 "
            "for a class, and no less than 0. *Weight decay* has no bounds: at every step it takes learning rate × "
            "decay × weight off each weight. With 50 and {decay} that is five times the weight, and what is left is "
            "minus four times the weight, step after step."
        ).format(decay=format_decimal(EXPLOSIVE_DECAY, "g"))
    )
    runs = lesson_state.runs(EXPLOSION)
    if not runs:
        st.button(
            _("Run it: learning rate 50, weight decay {decay}").format(decay=format_decimal(EXPLOSIVE_DECAY, "g")),
            key=keys.EXPLODE,
            icon=":material/bolt:",
            on_click=_explode,
            args=(dataset,),
        )
        return
    if lesson_state.is_just_revealed(EXPLOSION):
        focus_on(keys.EXPLOSION_CHART, EXPLOSION)
    name = _("rate 50, weight decay {decay}").format(decay=format_decimal(EXPLOSIVE_DECAY, "g"))
    (job,) = runs.values()
    render_losses({name: job}, keys.EXPLOSION_CHART)
    if not say_progress(EXPLOSION, runs):
        st.markdown(_say_explosion(job))


def _explode(dataset: DigitDataset) -> None:
    try:
        lesson_state.start_runs(EXPLOSION, {EXPLOSION: explosive_run(dataset)})
        lesson_state.note_revealed(EXPLOSION)
    except MnistDemoError as error:
        visitor_state.notify(str(error))


def _say_explosion(job: Job) -> str:
    if job.history.diverged is None:
        return _("It did not explode here: it ends at a loss of {loss}.").format(loss=loss_of(job))
    return _(
        "At step {step} the loss is no longer a number. The one before was {loss}, and the largest float32 is "
        "3.4e+38. No later step brings such a model back."
    ).format(step=job.history.diverged.step, loss=format_number(job.history.steps["train_loss"][-1]))


def _render_scaling(digits: LessonDigits) -> None:
    good, bad = digits.trained, digits.trained_unscaled
    st.markdown(_("## Why the tutorial divides every pixel by 255"))
    st.markdown(
        _(
            "The gradient of a weight is proportional to its pixel. With pixels from 0 to 255, a learning rate of "
            "{rate} does to the scores what {times} would do with pixels from 0 to 1. So the loss reached {peak}. "
            "The accuracy hides it: {bad} against {good}. The test loss does not: {bad_loss} against {good_loss}, "
            "for such a model is as sure when it is wrong as when it is right."
        ).format(
            rate=format_decimal(LEARNING_RATE, "g"),
            times=format_decimal(LEARNING_RATE * 255**2, ",.0f"),
            peak=format_decimal(max(bad.losses), ",.0f"),
            bad=format_percent(bad.test_accuracy, digits=1),
            good=format_percent(good.test_accuracy, digits=1),
            bad_loss=format_decimal(bad.test_loss, ",.0f"),
            good_loss=format_decimal(good.test_loss, ".2f"),
        )
    )
    scaled_title, unscaled_title = _("pixels 0 to 1"), _("pixels 0 to 255")
    rows = [
        (title, (format_decimal(outcome.test_loss, ",.3f"), format_percent(outcome.test_accuracy, digits=1)))
        for title, outcome in ((scaled_title, good), (unscaled_title, bad))
    ]
    st.html(outcomes_html(_("Results"), (_("test loss"), _("test accuracy")), rows))
    st.echarts_chart(
        build_losses({scaled_title: good.losses, unscaled_title: bad.losses}),
        key=keys.SCALING_CHART,
        height=CHART_HEIGHT,
        alt=_("Loss by step: without scaling it rises to {peak}, with scaling it falls to {last}.").format(
            peak=format_decimal(max(bad.losses), ",.0f"), last=format_decimal(good.losses[-1], ".2f")
        ),
    )
