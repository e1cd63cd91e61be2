"""The page: set, watch, draw, from left to right."""

import numpy as np
import streamlit as st

from mnist_demo.drawing import image_from_strokes
from mnist_demo.jobs import Job
from mnist_demo.preparation.stages import Stage, prepare_in_stages
from mnist_demo.translation import _
from mnist_demo.ui import keys, state
from mnist_demo.ui.canvas import CANVAS_SIZE, PEN_WIDTH
from mnist_demo.ui.panels.activations import render_activations
from mnist_demo.ui.panels.comparison import render_comparison
from mnist_demo.ui.panels.corrections import render_correction, render_my_drawings
from mnist_demo.ui.panels.diagnosis import render_diagnosis
from mnist_demo.ui.panels.drawing import read_drawing, render_reading
from mnist_demo.ui.panels.explanation import render_explanation
from mnist_demo.ui.panels.export import render_export
from mnist_demo.ui.panels.neighbours import render_neighbours
from mnist_demo.ui.panels.opened_models import render_opened_models
from mnist_demo.ui.panels.picture import render_picture
from mnist_demo.ui.panels.preparation import render_preparation
from mnist_demo.ui.panels.reasons import render_reasons
from mnist_demo.ui.panels.samples import render_samples
from mnist_demo.ui.panels.slow_motion import render_speed, render_step_detail
from mnist_demo.ui.panels.training import render_training
from mnist_demo.ui.readers import Reading, looks_like_a_digit, read_image

REFRESH_SECONDS = 0.5


def render_laboratory() -> None:
    """Draw the whole page."""
    with st.container(key="bench"):  # placed side by side by style.css
        with st.container(key="watch"):
            render_training(beside_axis=render_speed, beneath=_render_beneath_charts)
            render_export()
            render_explanation()
        with st.container(key="draw"):
            job = state.current_job()
            st.fragment(_render_drawing_side, run_every=REFRESH_SECONDS if job and job.is_active else None)(job)
        with st.container(key="samples"):
            render_samples()


def _render_beneath_charts(job: Job) -> None:
    render_diagnosis(job)
    render_step_detail(job)


def _render_drawing_side(shown: Job | None) -> None:
    """Draw the canvas and all that depends on what is on it: one fragment, so that a stroke reruns only this."""
    if state.current_job() is not shown:
        st.rerun()  # training on the drawings was started here: the rest of the page shows that run
    strokes = read_drawing()
    inspected = state.inspected_image()
    if inspected is not None:
        _render_inspected(inspected)
        return
    image = image_from_strokes(strokes)
    stages: list[Stage] = []
    is_digit = True
    if image.any():
        is_digit = looks_like_a_digit(image)
        if off := state.stages_off():
            stages = prepare_in_stages(strokes, CANVAS_SIZE, PEN_WIDTH, off=off)
            image = stages[-1].image
    readings = read_image(image)
    render_reading(image, readings[0] if readings else None, is_digit)
    # A container even when it is empty: what stands below it would otherwise be a new element, and fold itself up.
    with st.container():
        render_comparison(readings)
        if readings:
            render_correction(strokes, readings[0])
            render_preparation(lambda: stages or prepare_in_stages(strokes, CANVAS_SIZE, PEN_WIDTH))
            _render_explanations(image, readings[0])
    render_my_drawings()
    render_picture()
    render_opened_models()


def _render_inspected(inspected: state.InspectedImage) -> None:
    """Draw what the models make of an image of the data set, in the place of the drawing."""
    with st.container(horizontal=True, vertical_alignment="center", key=keys.INSPECTED):
        st.markdown(inspected.title)
        st.button(
            _("Back to my drawing"),
            key=keys.FORGET_INSPECTED,
            icon=":material/undo:",
            on_click=state.inspect_image,
            args=(None,),
        )
    readings = read_image(inspected.image)
    render_reading(inspected.image, readings[0] if readings else None, is_digit=True)
    render_comparison(readings)
    if readings:
        _render_explanations(inspected.image, readings[0])


def _render_explanations(image: np.ndarray, reading: Reading) -> None:
    render_reasons(image, reading)
    render_activations(image, reading)
    render_neighbours(image, state.current_dataset())
