"""Sample digits of the test set with their labels and, for a trained model, its prediction beside each.

A click on one has it read and explained in the place of the drawing.
"""

from functools import partial

import numpy as np
import streamlit as st

from mnist_demo.data.dataset import scale_pixels
from mnist_demo.jobs.job import Job
from mnist_demo.translation import _, pgettext
from mnist_demo.ui import keys, state
from mnist_demo.ui.drawing import dataset_images
from mnist_demo.ui.drawing import state as drawing_state
from mnist_demo.ui.server.models import newest_classifier
from mnist_demo.ui.widgets.choices import read_digit
from mnist_demo.ui.widgets.clickable import render_clickable
from mnist_demo.ui.widgets.pictures import samples_html

SAMPLE_COUNT = 24


def render_samples() -> None:
    """Draw a handful of test images, by class or mixed, and what the model reads at this moment."""
    st.fragment(_render)(state.current_job(), drawing_state.inspected_image())


def _render(job: Job | None, inspected: drawing_state.InspectedImage | None) -> None:
    if drawing_state.inspected_image() is not inspected:
        st.rerun()  # an image was clicked: it takes the place of the drawing
    dataset = state.current_dataset()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        st.markdown(_("## Sample digits"), width="content")
        st.button(
            _("Other digits"), key=keys.OTHER_SAMPLES, icon=":material/shuffle:", on_click=state.choose_other_samples
        )
    digit = read_digit(keys.SAMPLE_CLASS, otherwise=pgettext("of all digits", "mixed"))
    indices = pick_samples(dataset.test_labels, digit, state.sample_seed())
    images, labels = scale_pixels(dataset.test_pixels[indices]), dataset.test_labels[indices]
    classifier = newest_classifier(job) if job else None
    predicted = classifier.predict_probabilities(images).argmax(axis=1) if classifier else None
    with st.container(key=keys.SAMPLE_DIGITS):
        values = [dataset_images.image_value("test", int(index)) for index in indices]
        render_clickable(
            samples_html(images, labels, predicted, values),
            f"{keys.SAMPLE_DIGITS}-images",
            partial(dataset_images.choose_image, dataset),
            shown_in=keys.INSPECTED,
        )
    if predicted is None:
        st.caption(_("From the test images, which no model is trained on. The number is the label that people gave."))
    else:
        mistakes = int((predicted != labels).sum())
        st.caption(
            _(
                "In bold the label, then what the model reads now. Misread (✗, dashed frame): {count} of {shown}."
            ).format(count=mistakes, shown=len(labels))
        )


def pick_samples(labels: np.ndarray, digit: int | None, seed: int) -> np.ndarray:
    """Return the indices of at most ``SAMPLE_COUNT`` images, of one class or of any; the same seed, the same ones."""
    candidates = np.arange(len(labels)) if digit is None else np.flatnonzero(labels == digit)
    count = min(SAMPLE_COUNT, len(candidates))
    return np.random.default_rng(seed).choice(candidates, count, replace=False)
