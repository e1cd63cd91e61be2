"""Part 10 of the lesson: deeper models, what is in them, and the way to train one on all digits."""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.devices import choose_device, known_devices
from mnist_demo.drawing.image import image_from_strokes
from mnist_demo.errors import MnistDemoError
from mnist_demo.jobs.job import Job
from mnist_demo.lesson.digits import LessonDigits
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.presets import PRESETS, STARTER
from mnist_demo.translation import N_, _, format_decimal, format_percent
from mnist_demo.ui import keys, state, visitor_state
from mnist_demo.ui.drawing import state as drawing_state
from mnist_demo.ui.drawing.sliding_filter import render_sliding_filter
from mnist_demo.ui.drawing.strokes import strokes_of
from mnist_demo.ui.form import state as form_state
from mnist_demo.ui.lesson import state as lesson_state
from mnist_demo.ui.lesson.guess import ask, tell
from mnist_demo.ui.lesson.runs import accuracy_of, render_runs, say_progress, start_or_say
from mnist_demo.ui.ownership import wanted_device
from mnist_demo.ui.resources import cost_estimator, job_registry
from mnist_demo.ui.server.models import newest_classifier, starter_accuracy
from mnist_demo.ui.widgets.durations import format_duration
from mnist_demo.ui.widgets.mosaics import full_colour, mosaic_html
from mnist_demo.ui.widgets.pulse import render_pulse

# The runs take seconds: of a large set the first images, of a small one more rounds.
DEEPER_IMAGES = 4000
STARTER_IMAGES = 500
SHOWN_UNITS = 48
TITLES = {
    "linear": N_("Linear model"),
    "longer": N_("Linear, five times as long"),
    "hidden": N_("One hidden layer"),
    "convolution": N_("Convolutional network"),
}
WAYS = ("small-network", "convnet-in-seconds", STARTER)
ASK_AGAIN_SECONDS = 0.7


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
    """Draw part 10: what longer training, a hidden layer and convolutions give."""
    dataset = state.current_dataset()
    wanted = deeper_runs(dataset)
    st.markdown(
        _(
            "The linear model has one fixed picture of weights a class, and cannot follow a stroke that is moved or "
            "slanted. Four real trainings will run here, each on the same {count} digits. That takes some seconds."
        ).format(count=format_decimal(wanted["linear"].training_size or 0))
    )
    if ask("deeper"):
        _render_deeper_runs(digits, dataset, wanted)


def _render_deeper_runs(digits: LessonDigits, dataset: DigitDataset, wanted: Mapping[str, Hyperparameters]) -> None:
    runs = start_or_say("deeper", wanted)
    if runs is None:
        return
    render_runs({_(TITLES[name]): job for name, job in runs.items()}, _("misread"))
    if say_progress("deeper", runs):
        return
    best = max(("longer", "hidden", "convolution"), key=lambda name: runs[name].history.test_accuracy or 0.0)
    tell(
        "deeper",
        best,
        _(
            "From {linear} to {convolution}, on the same {count} digits. A hidden layer looks at the whole image "
            "through many pictures of weights instead of ten. A convolution slides a small filter over the image, so "
            "what it learns about a stroke in one place holds in all places."
        ).format(
            linear=accuracy_of(runs["linear"]),
            convolution=accuracy_of(runs["convolution"]),
            count=format_decimal(wanted["linear"].training_size or 0),
        ),
    )
    image = _image_looked_at(digits)
    _render_hidden_layer(runs["hidden"], image)
    classifier = newest_classifier(runs["convolution"])
    if classifier is not None:
        render_sliding_filter(image, classifier)
    st.markdown(_("## With all digits"))
    st.markdown(
        _(
            "On all 60,000 training digits of MNIST, the linear model comes to 91 %, one hidden layer to 97 %, and the "
            "convolutional network to 99 % after a single epoch. The way to 99.5 % is more filters and "
            "*augmentation*: every image is turned, shifted and slanted a little, differently each time. The starter "
            "model was trained in that way. It reads **{accuracy}** of your first {count} test digits."
        ).format(
            accuracy=format_percent(starter_accuracy(dataset, STARTER_IMAGES), digits=1),
            count=min(STARTER_IMAGES, len(dataset.test_labels)),
        )
    )


def _image_looked_at(digits: LessonDigits) -> np.ndarray:
    """Draw what is looked at: the visitor's drawing, else one of the test digits; return it, float32 (28, 28)."""
    image = image_from_strokes(strokes_of(drawing_state.drawn_objects()))
    st.markdown(_("## Inside the two networks"))
    if image.any():
        st.markdown(_("This is what the two networks make of **your drawing**."))
        return image
    index = lesson_state.digit_index(len(digits.test_y))
    st.markdown(
        _("This is what the two networks make of a test digit with the label **{label}**.").format(
            label=int(digits.test_y[index])
        )
    )
    st.caption(_("Draw a digit in “Train and draw” to see it here."))
    st.button(
        _("Another digit"),
        key=keys.OTHER_DIGIT + "deeper",
        icon=":material/shuffle:",
        on_click=lesson_state.choose_other_digit,
    )
    return np.asarray(digits.test_x[index].reshape(28, 28).numpy())


def _render_hidden_layer(job: Job, image: np.ndarray) -> None:
    from mnist_demo.insight.activations import first_layer_weights, layer_activations

    classifier = newest_classifier(job)
    if classifier is None:
        return
    weights = first_layer_weights(classifier)
    answers = layer_activations(classifier, image)[0].maps.ravel()
    strongest = np.argsort(-answers)[:SHOWN_UNITS]
    st.markdown(_("## The hidden layer"))
    st.markdown(
        _(
            "Each of its {count} units has a picture of 784 weights, as a class of the linear model has. It multiplies "
            "pixel by weight, adds up, and answers with 0 if the sum is below zero. {active} of the units answer to "
            "this image with more than 0. The ten scores are made of these answers."
        ).format(count=len(answers), active=int((answers > 0).sum()))
    )
    words = _("The weights of the {count} units that answer most strongly; blue speaks for an answer.").format(
        count=len(strongest)
    )
    st.html(mosaic_html(weights[strongest], full_colour(weights), 12, words))
    st.caption(words)
    st.markdown(
        _(
            "That 0, the **activation**, is what the second layer needs. Without it a unit passes on its sum as it "
            "is, and the scores are sums of sums of pixels, which are sums of pixels again: one picture of weights a "
            "class, and the network is no better than the linear model. See it in “Train and draw”: a multi-layer "
            "perceptron with the activation “None”."
        )
    )


@st.fragment
def render_ways_to_train(train_and_draw: st.Page) -> None:
    """Draw buttons that start a training on all digits, which `train_and_draw` shows, and how long each takes."""
    st.markdown(_("**Train one on all digits.** It starts in “Train and draw” and replaces the run that is there now."))
    is_coming = False
    for name in WAYS:
        title, told = st.columns([2, 5], gap="small", vertical_alignment="center")
        pressed = title.button(
            _(PRESETS[name].title),
            key=keys.TO_LABORATORY + name,
            icon=":material/experiment:",
            on_click=_start_in_train_and_draw,
            args=(name,),
            width="stretch",
        )
        duration, may_come = _duration_of(PRESETS[name].hyperparameters)
        told.markdown(
            _("It takes {duration} here. {help}").format(duration=duration, help=_(PRESETS[name].help))
            if duration
            else _(PRESETS[name].help)
        )
        is_coming |= may_come
        if pressed:
            st.switch_page(train_and_draw)  # which a callback cannot do
    if is_coming:
        render_pulse(ASK_AGAIN_SECONDS, keys.WAYS_PULSE)


def _duration_of(hyperparameters: Hyperparameters) -> tuple[str, bool]:
    """Return how long a run takes here, empty while that is not known, and whether it soon will be."""
    # A measurement beside a run would slow that down, and be wrong.
    is_quiet = not any(job.is_active for job in job_registry().jobs())
    try:
        device = choose_device(wanted_device(), hyperparameters.architecture.gains_by_accelerator, known_devices())
        estimate = cost_estimator().ask(hyperparameters, state.current_dataset(), is_quiet, device)
    except MnistDemoError:
        return "", False
    return "" if estimate.seconds is None else format_duration(estimate.seconds), estimate.is_coming


def _start_in_train_and_draw(preset: str) -> None:
    hyperparameters = PRESETS[preset].hyperparameters
    form_state.choose_settings(hyperparameters)
    try:
        state.start_training(hyperparameters)
    except MnistDemoError as error:
        visitor_state.notify(str(error))
