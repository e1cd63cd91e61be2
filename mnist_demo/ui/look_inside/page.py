"""The page “Look inside”: what a model has learned, where it goes wrong, and the data that it learned from."""

import streamlit as st

from mnist_demo.drawing.image import image_from_strokes
from mnist_demo.insight.analysis import Analysis
from mnist_demo.insight.analyst import Answer
from mnist_demo.insight.data_statistics import DatasetStatistics
from mnist_demo.translation import N_, _, format_decimal, format_percent, translated
from mnist_demo.ui import keys
from mnist_demo.ui.drawing import dataset_images
from mnist_demo.ui.drawing import state as drawing_state
from mnist_demo.ui.drawing.activations import render_activations
from mnist_demo.ui.drawing.neighbours import render_neighbours
from mnist_demo.ui.drawing.number import DrawnDigits
from mnist_demo.ui.drawing.panel import render_comparison, render_reading
from mnist_demo.ui.drawing.readers import Reading, read_image
from mnist_demo.ui.drawing.reasons import render_reasons
from mnist_demo.ui.drawing.sliding_filter import render_sliding_filter
from mnist_demo.ui.drawing.strokes import strokes_of
from mnist_demo.ui.look_inside.confusion import render_confusion
from mnist_demo.ui.look_inside.explorer import (
    AUGMENTATION,
    MEANS,
    SAMPLES,
    read_explorer_view,
    render_augmentation,
    render_intensities,
    render_means,
    render_samples_by_class,
)
from mnist_demo.ui.look_inside.mistakes import TRAINING, read_mistake_kind, render_mistakes
from mnist_demo.ui.look_inside.subjects import LookedAt, look_at_current
from mnist_demo.ui.look_inside.weights import render_weights
from mnist_demo.ui.resources import analyst
from mnist_demo.ui.widgets.choices import read_choice
from mnist_demo.ui.widgets.markdown import escape_markdown
from mnist_demo.ui.widgets.pulse import render_pulse

REFRESH_SECONDS = 0.5
WEIGHTS, CONFUSION, MISTAKES, DATA = "weights", "confusion", "mistakes", "data"
VIEWS = {
    WEIGHTS: N_("What it has learned"),
    CONFUSION: N_("What it confuses"),
    MISTAKES: N_("Its mistakes"),
    DATA: N_("The data"),
}
TOP = "inside"


def render_look_inside(train_and_draw: st.Page) -> None:
    """Draw the model and its data, and beside them one image, explained, which `train_and_draw` can show too."""
    analyst().warm_up()
    _render(train_and_draw)


@st.fragment
def _render(train_and_draw: st.Page) -> None:
    looked_at = look_at_current()
    shown = _image_to_explain(looked_at)
    readings = read_image(shown.image)
    with st.container(key="inside"):  # placed side by side by style.css
        with st.container(key="inside-main"):
            is_waiting = _render_views(looked_at, shown, readings)
        with st.container(key=keys.EXPLAINED):
            _render_explained(looked_at, shown, readings, train_and_draw)
    if is_waiting or looked_at.is_learning:
        render_pulse(REFRESH_SECONDS, keys.INSIDE_PULSE)


def _render_views(looked_at: LookedAt, shown: drawing_state.InspectedImage, readings: list[Reading]) -> bool:
    """Draw the view that was chosen, and only that; return whether it waits for something newer."""
    st.header(escape_markdown(looked_at.title), anchor=TOP)
    view = read_choice(_("What to look at"), {name: _(title) for name, title in VIEWS.items()}, keys.LOOK_AT)
    if view == WEIGHTS:
        render_weights(looked_at)
        if readings:
            st.markdown(_("### Layer by layer"))
            st.caption(translated(shown.title))
            render_activations(shown.image, readings[0], folded=False)
            render_sliding_filter(shown.image, readings[0].reader.classifier)
        return False
    if view == DATA:
        return _render_data(looked_at, shown)
    kind = read_mistake_kind() if view == MISTAKES else ""
    answer = looked_at.ask("training" if kind == TRAINING else "test")
    found = _render_progress(looked_at, answer)
    if isinstance(found, Analysis):
        if view == CONFUSION:
            render_confusion(found, looked_at)
        else:
            render_mistakes(found, looked_at, kind)
    return _is_waiting(looked_at, answer)


def _render_data(looked_at: LookedAt, shown: drawing_state.InspectedImage) -> bool:
    view = read_explorer_view()
    if view == SAMPLES:
        render_samples_by_class(looked_at.dataset)
    elif view == AUGMENTATION:
        render_augmentation(shown.image)
    else:
        answer = looked_at.ask("statistics")
        if answer is None:
            st.caption(_("Looking at every training image …"))
            return True
        if isinstance(answer.found, DatasetStatistics):
            (render_means if view == MEANS else render_intensities)(answer.found)
        else:
            st.error(escape_markdown(translated(answer.problem)), icon=":material/error:")
    return False


def _is_waiting(looked_at: LookedAt, answer: Answer | None) -> bool:
    return answer is None or (answer.step != looked_at.step and not answer.problem)


def _render_progress(looked_at: LookedAt, answer: Answer | None) -> Analysis | DatasetStatistics | None:
    """Say, always in one line, of which step the analysis is; return it, None when there is none."""
    if answer is None:
        st.caption(_("Asking the model about every image …"))
        return None
    if answer.problem:
        st.error(escape_markdown(translated(answer.problem)), icon=":material/error:")
    elif isinstance(answer.found, Analysis):
        sentence = (
            _("At step {step}: {percent} of {count} images read correctly.")
            if answer.step == looked_at.step
            else _("At step {step} (training has continued since): {percent} of {count} images read correctly.")
        )
        st.caption(
            sentence.format(
                step=format_decimal(answer.step),
                percent=format_percent(answer.found.accuracy, digits=2),
                count=format_decimal(len(answer.found.labels)),
            )
        )
    return answer.found


def _image_to_explain(looked_at: LookedAt) -> drawing_state.InspectedImage:
    """Return the image that was clicked, else the drawing, else the first test image."""
    inspected = drawing_state.inspected_image()
    if inspected is not None:
        return inspected
    image = image_from_strokes(DrawnDigits.of(strokes_of(drawing_state.drawn_objects())).strokes)
    if image.any():
        return drawing_state.InspectedImage(image, _("**Your drawing**"))
    return dataset_images.image_of(looked_at.dataset, "test", 0)


def _render_explained(
    looked_at: LookedAt, shown: drawing_state.InspectedImage, readings: list[Reading], train_and_draw: st.Page
) -> None:
    """Draw one image: how it is read, why, and what each layer makes of it."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        st.markdown(translated(shown.title), width="content")
        if st.button(_("Open in Train and draw"), key=keys.TAKE_ALONG, icon=":material/draw:", type="tertiary"):
            if shown.label is not None:  # the drawing is there already
                drawing_state.inspect_image(shown)
            st.switch_page(train_and_draw)
        with st.container(key="back-up", width="content"):  # on a narrow page the image stands below what was clicked
            st.markdown(_("[↑ Back up](#{anchor})").format(anchor=TOP))
    render_reading(shown.image, readings[0] if readings else None, is_digit=True)
    render_comparison(readings, is_drawing=shown.label is None)
    if readings:
        with st.container():
            if st.session_state.get(keys.LOOK_AT) != WEIGHTS:  # there it stands at large
                render_activations(shown.image, readings[0])
        render_reasons(shown.image, readings[0])
    render_neighbours(shown.image, looked_at.dataset)
