"""The first page: the bench to draw on, and beside it the run: start it, watch it, control it."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from mnist_demo.drawing.image import image_from_strokes
from mnist_demo.drawing.stages import Stage, prepare_in_stages
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import ENDED, State
from mnist_demo.translation import _, translated
from mnist_demo.ui import keys, state, visitor_state
from mnist_demo.ui.data_source import render_data_source
from mnist_demo.ui.drawing import state as drawing_state
from mnist_demo.ui.drawing.activations import render_activations
from mnist_demo.ui.drawing.canvas import CANVAS_SIZE, PEN_WIDTH
from mnist_demo.ui.drawing.corrections import render_correction, render_kept, render_my_drawings
from mnist_demo.ui.drawing.neighbours import render_neighbours
from mnist_demo.ui.drawing.number import DrawnDigits
from mnist_demo.ui.drawing.opened_models import render_opened_models
from mnist_demo.ui.drawing.panel import read_drawing, render_comparison, render_reading
from mnist_demo.ui.drawing.picture import render_picture
from mnist_demo.ui.drawing.preparation import render_preparation
from mnist_demo.ui.drawing.readers import Reading, looks_like_a_digit, read_by, read_image
from mnist_demo.ui.drawing.reasons import render_reasons
from mnist_demo.ui.drawing.state import my_drawings
from mnist_demo.ui.form.state import fill_in_again
from mnist_demo.ui.resources import job_registry
from mnist_demo.ui.train_and_draw.controls import chosen_accuracy_range, chosen_axis, render_controls
from mnist_demo.ui.train_and_draw.diagnosis import render_diagnosis
from mnist_demo.ui.train_and_draw.explanation import render_explanation
from mnist_demo.ui.train_and_draw.refreshes import seconds_between_refreshes
from mnist_demo.ui.train_and_draw.samples import render_samples
from mnist_demo.ui.train_and_draw.settings import render_settings
from mnist_demo.ui.train_and_draw.slow_motion import render_step_detail, render_step_link
from mnist_demo.ui.train_and_draw.training import render_training
from mnist_demo.ui.widgets.notices import render_notices
from mnist_demo.ui.widgets.pulse import render_pulse

GALLERY_REFRESH_SECONDS = 2.0
FIRST_METRICS_SECONDS = 0.3


def render_train_and_draw() -> None:
    """Draw the whole page."""
    job = state.current_job()
    if job is not None:
        # A warm worker has its first figures sooner: the chart begins with them, not half a second later.
        job.wait_for_first_metrics(FIRST_METRICS_SECONDS)
    shown = Shown.now()
    if state.shows_bench_only():
        with st.container(key="bench-alone"):
            st.fragment(_render_drawing_side)(shown)
        return
    with st.container(key="bench"):  # placed side by side by style.css
        with st.container(key="teach"):
            render_settings(is_first=job is None)
        control = st.container(key="control")  # Tab goes from Start to Pause, wherever they stand
        with control:
            render_notices()
        st.fragment(_render_live)(shown)
        with control:  # last: where it says that a run has finished, all else on the page is of its end too
            render_controls(job, shown.status)
        with st.container(key="more"):
            st.fragment(_render_gallery)(shown)
            render_picture()
            render_opened_models()
            render_explanation()
    render_data_source()


@dataclass(frozen=True)
class Shown:
    """What the page was drawn of: where that has changed, a part that refreshes by itself has all of it drawn anew."""

    job: Job | None
    status: State | None
    drawings: int

    @classmethod
    def now(cls) -> "Shown":
        job = state.current_job()
        return cls(job, job.state if job else None, len(my_drawings()))

    def check(self) -> None:
        if self != Shown.now() or visitor_state.has_notices():
            fill_in_again()
            st.rerun()


def _render_live(shown: Shown) -> None:
    """Draw all that changes while a run goes on: one fragment, for the browser renews its whole tree for each."""
    shown.check()
    job = shown.job
    st.fragment(_render_drawing_side)(shown)
    with st.container(key="watch"):
        if job is not None:
            # What comes and goes has a container of its own, which takes no room while it is empty: otherwise what
            # stands below, the charts above all, would be there twice for a moment each time.
            with st.container():
                render_step_link(job)
            render_training(job, chosen_axis(), chosen_accuracy_range())
            with st.container():
                render_diagnosis(job)
            render_step_detail(job)
            # A run that ends in the midst of this is still drawn as one that goes on: the next refresh says so.
            if shown.status not in ENDED:
                running = sum(other.state == "running" for other in job_registry().jobs())
                render_pulse(seconds_between_refreshes(job, running), keys.LIVE_PULSE)
    with st.container(key="samples"):
        render_samples()


def _render_gallery(shown: Shown) -> None:
    shown.check()  # training on the drawings is started here
    render_my_drawings()
    if shown.drawings and shown.job is not None and shown.job.is_active:  # last: the gallery stays where it is
        render_pulse(GALLERY_REFRESH_SECONDS, keys.GALLERY_PULSE)


def _render_drawing_side(shown: Shown) -> None:
    """Draw the canvas and all that depends on what is on it: a fragment, so that a stroke reruns only this."""
    shown.check()
    with st.container(key="left"):
        with st.container(key="draw"), st.container(key="card"):  # its parts are placed by style.css
            strokes = read_drawing()
            inspected = drawing_state.inspected_image()
            drawn = DrawnDigits.of(strokes)
            image = inspected.image if inspected else image_from_strokes(drawn.strokes)
            stages: list[Stage] = []
            is_digit = True
            if inspected is None and image.any():
                is_digit = looks_like_a_digit(image)
                if off := drawing_state.stages_off():
                    stages = prepare_in_stages(drawn.strokes, CANVAS_SIZE, PEN_WIDTH, off=off)
                    image = stages[-1].image
            readings = read_image(image)
            number = _read_number(drawn, readings[0]) if readings and inspected is None and len(drawn) > 1 else None
            with st.container(key="answer"):
                with st.container():
                    _render_inspected_title(inspected)
                render_reading(image, readings[0] if readings else None, is_digit, number, drawn.chosen)
            with st.container(key="which"):
                if readings and inspected is None and not state.shows_bench_only():
                    render_correction(drawn, readings[0])
                if inspected is None:
                    render_kept()
        if state.shows_bench_only():
            return
        # A container even when it is empty: what stands below it would otherwise be a new element, and fold itself up.
        with st.container(key="closer"):
            render_comparison(readings, is_drawing=inspected is None)
            if readings:
                with st.container():
                    if inspected is None:
                        render_preparation(lambda: stages or prepare_in_stages(drawn.strokes, CANVAS_SIZE, PEN_WIDTH))
                _render_explanations(image, readings[0])


def _read_number(drawn: DrawnDigits, chosen: Reading) -> list[Reading]:
    """Return the reading of every digit that was drawn, by the model of the `chosen` one's, which is one of them."""
    off = drawing_state.stages_off()
    images = [
        prepare_in_stages(strokes, CANVAS_SIZE, PEN_WIDTH, off=off)[-1].image if off else image_from_strokes(strokes)
        for strokes in drawn.digits
    ]
    return [chosen if place == drawn.chosen else read_by(chosen.reader, image) for place, image in enumerate(images)]


def _render_inspected_title(inspected: drawing_state.InspectedImage | None) -> None:
    """Say which image of the data set is read in the place of the drawing, if one is, and offer the way back."""
    if inspected is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key=keys.INSPECTED):
        st.markdown(translated(inspected.title))
        st.button(
            _("Back to my drawing"),
            key=keys.FORGET_INSPECTED,
            icon=":material/undo:",
            on_click=drawing_state.inspect_image,
            args=(None,),
        )


def _render_explanations(image: np.ndarray, reading: Reading) -> None:
    render_reasons(image, reading)
    render_activations(image, reading)
    render_neighbours(image, state.current_dataset())
