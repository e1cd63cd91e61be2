"""Parts 8 and 9 of the lesson: learning rates and deeper models, trained for real in processes of their own."""

from collections.abc import Mapping

import streamlit as st

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import MnistDemoError
from mnist_demo.jobs.job import Job
from mnist_demo.lesson.digits import LessonDigits
from mnist_demo.lesson.parts import judge_rate
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.presets import PRESETS
from mnist_demo.translation import N_, _, format_decimal, format_list, format_percent, ngettext
from mnist_demo.ui import keys, state, visitor_state
from mnist_demo.ui.lesson import state as lesson_state
from mnist_demo.ui.lesson.charts import build_losses
from mnist_demo.ui.lesson.guess import ask, tell
from mnist_demo.ui.lesson.pictures import outcomes_html
from mnist_demo.ui.resources import lesson_registry, starter_accuracy
from mnist_demo.ui.widgets.markdown import escape_markdown

CHART_HEIGHT = 320
# The runs of the lesson take seconds: of a large set the first images, of a small one more rounds.
RUN_IMAGES, DEEPER_IMAGES = 10_000, 4000
STARTER_IMAGES = 500
REFERENCE_RATE, WILD_RATE, TINY_RATE = "0.5", "50", "0.0005"


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
    runs = _start("rates", rate_runs(dataset))
    if runs is None:
        return
    _render_losses({_("rate {rate}").format(rate=rate): job for rate, job in runs.items()})
    if _say_progress("rates", runs):
        return
    reference, wild, tiny = (runs[rate] for rate in (REFERENCE_RATE, WILD_RATE, TINY_RATE))
    tell(
        "rates",
        judge_rate(reference.history.test_loss or 0.0, _final_loss(wild), wild.history.test_accuracy or 0.0),
        _(
            "With 50 every step leaps across the valley: the loss went up to {peak}, and ends at {wild} on the test "
            "images. With 0.0005 it walks in the right direction, and after the same time reads {tiny} of them instead "
            "of {reference}."
        ).format(
            peak=format_decimal(max(wild.history.steps["train_loss"]), ",.0f"),
            wild=_loss(wild),
            tiny=_percent(tiny),
            reference=_percent(reference),
        ),
    )
    _render_runs({_("rate {rate}").format(rate=rate): job for rate, job in runs.items()})


def rate_runs(dataset: DigitDataset) -> dict[str, Hyperparameters]:
    """Return the three trainings of the part on learning rates."""
    count = min(RUN_IMAGES, len(dataset.train_labels))
    tutorial = PRESETS["tutorial-pytorch"].hyperparameters.replace(training_size=count, epochs=5 * RUN_IMAGES // count)
    return {rate: tutorial.replace(learning_rate=float(rate)) for rate in (REFERENCE_RATE, WILD_RATE, TINY_RATE)}


DEEPER_TITLES = {
    "linear": N_("Linear model"),
    "longer": N_("Linear, five times as long"),
    "hidden": N_("One hidden layer"),
    "convolution": N_("Convolutional network"),
}


def deeper_runs(dataset: DigitDataset) -> dict[str, Hyperparameters]:
    """Return the four trainings of the part on deeper models, all on the same digits."""
    count = min(DEEPER_IMAGES, len(dataset.train_labels))
    rounds = 2 * DEEPER_IMAGES // count
    presets = {name: preset.hyperparameters.replace(training_size=count) for name, preset in PRESETS.items()}
    return {
        "linear": presets["tutorial-pytorch"].replace(epochs=rounds),
        "longer": presets["tutorial-pytorch"].replace(epochs=5 * rounds),
        "hidden": presets["small-network"].replace(epochs=5 * rounds),
        "convolution": presets["convnet-in-seconds"].replace(epochs=rounds),
    }


def render_deeper(digits: LessonDigits) -> None:
    """Draw part 9: what longer training, a hidden layer and convolutions give; the way to the page “Train and draw”."""
    dataset = state.current_dataset()
    wanted = deeper_runs(dataset)
    st.markdown(
        _(
            "On the 10,000 test images of MNIST the linear model stops near 91 %: it has one fixed picture of weights "
            "a class, and cannot follow a stroke that is moved or slanted. Four real trainings will run here, each on "
            "the same {count} digits, a few seconds in all."
        ).format(count=format_decimal(wanted["linear"].training_size or 0))
    )
    if dataset.name == "builtin":
        st.caption(
            _("You are on the built-in digits. The figures of 91 % and 99.5 % are MNIST’s; those below are of yours.")
        )
    if ask("deeper"):
        _render_deeper_runs(dataset, wanted)


def _render_deeper_runs(dataset: DigitDataset, wanted: Mapping[str, Hyperparameters]) -> None:
    runs = _start("deeper", wanted)
    if runs is None:
        return
    _render_runs({_(DEEPER_TITLES[name]): job for name, job in runs.items()}, _("misread"))
    if _say_progress("deeper", runs):
        return
    best = max(("longer", "hidden", "convolution"), key=lambda name: runs[name].history.test_accuracy or 0.0)
    tell(
        "deeper",
        best,
        _(
            "A convolution slides a small filter over the image, so what it learns about a stroke in one place holds "
            "in all places. What is left to 99.5 % on MNIST comes from more filters, and from *augmentation*: every "
            "image turned, shifted and slanted a little, differently each time."
        ),
    )
    st.markdown(
        _(
            "The starter model, trained that way beforehand, reads **{accuracy}** of your first {count} test digits."
        ).format(
            accuracy=format_percent(starter_accuracy(dataset, STARTER_IMAGES), digits=1),
            count=min(STARTER_IMAGES, len(dataset.test_labels)),
        )
    )


def render_ways_to_train(train_and_draw: st.Page) -> None:
    """Draw buttons that start a training on all digits, which `train_and_draw` shows."""
    st.markdown(
        _("**Train one on all digits.** It starts in Train and draw, in the place of the run that is there now:")
    )
    with st.container(horizontal=True):
        for name in ("small-network", "convnet-in-seconds", "starter"):
            pressed = st.button(
                _(PRESETS[name].title),
                key=keys.TO_LABORATORY + name,
                icon=":material/experiment:",
                on_click=_start_in_train_and_draw,
                args=(name,),
            )
            if pressed:
                st.switch_page(train_and_draw)  # which a callback cannot do


def _start_in_train_and_draw(preset: str) -> None:
    hyperparameters = PRESETS[preset].hyperparameters
    state.write_settings(hyperparameters)
    try:
        state.start_training(hyperparameters)
    except MnistDemoError as error:
        visitor_state.notify(str(error))


def _start(part: str, wanted: Mapping[str, Hyperparameters]) -> dict[str, Job] | None:
    try:
        return lesson_state.start_runs(part, wanted)
    except MnistDemoError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return None


def _say_progress(part: str, runs: Mapping[str, Job]) -> bool:
    """Draw how far the runs are, or that one did not end by itself; return whether the answer has to wait."""
    waiting = next((job for job in runs.values() if not job.has_ended), None)
    if waiting is not None:
        done = sum(1.0 if job.has_ended else job.history.progress for job in runs.values()) / len(runs)
        before = lesson_registry().jobs_before(waiting)
        sentence = ngettext("Waiting for {count} other run …", "Waiting for {count} other runs …", before)
        st.progress(min(done, 1.0), text=sentence.format(count=before) if before else _("Training …"))
        return True
    broken = [job for job in runs.values() if job.state in ("failed", "stopped")]
    if broken:
        st.error(escape_markdown(broken[0].detail) or _("A run was stopped before its end."), icon=":material/error:")
        st.button(
            _("Run it again"),
            key=keys.RUN_AGAIN + part,
            icon=":material/replay:",
            on_click=lesson_state.drop_runs,
            args=(part,),
        )
    return bool(broken)


def _render_losses(runs: Mapping[str, Job]) -> None:
    st.echarts_chart(
        build_losses({name: list(job.history.steps["train_loss"]) for name, job in runs.items()}),
        key=keys.LESSON_CHART,
        height=CHART_HEIGHT,
        alt=_("The training losses of {names} by step.").format(names=format_list(runs)),
    )


def _render_runs(runs: Mapping[str, Job], misread_title: str | None = None) -> None:
    rows = []
    for name, job in runs.items():
        history = job.history
        cells = [_loss(job), _percent(job)]
        if misread_title:
            n_test = len(job.dataset.test_labels)
            known = history.test_accuracy
            cells.append("–" if known is None else format_decimal(round((1 - known) * n_test)))
        rows.append((name, cells))
    titles = [_("test loss"), _("test accuracy"), *([misread_title] if misread_title else [])]
    st.html(outcomes_html(_("How it went"), titles, rows))


def _final_loss(job: Job) -> float | None:
    return None if job.state == "diverged" else job.history.test_loss


def _loss(job: Job) -> str:
    loss = _final_loss(job)
    return "–" if loss is None else format_decimal(loss, ",.3f")


def _percent(job: Job) -> str:
    known = job.history.test_accuracy
    return "–" if known is None else format_percent(known, digits=1)
