"""The gain by training on the visitor's drawings so far: above the charts, where she looks while it trains."""

import streamlit as st

from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Weights
from mnist_demo.training.fine_tuning import accuracy_on_extra
from mnist_demo.translation import _, format_percent
from mnist_demo.ui import keys
from mnist_demo.ui.server.models import classifier_with


def render_gain(job: Job) -> None:
    """Say how many of the drawings that `job` is trained on are read correctly, and what that costs on test images."""
    started, newest = job.history.started, job.weights
    if job.extra is None or job.initial_weights is None or started is None or newest is None:
        return
    before = classifier_with(Weights(0, job.initial_weights), job)
    after = classifier_with(newest, job)
    if before is None or after is None:
        return
    with st.container(key=keys.DRAWINGS_GAIN):
        st.markdown(
            _(
                "**My drawings read correctly: {before} before, {after} now.** Test images: {test_before} before, "
                "{test_after} now."
            ).format(
                before=format_percent(accuracy_on_extra(before, job.extra), digits=0),
                after=format_percent(accuracy_on_extra(after, job.extra), digits=0),
                test_before=format_percent(started.test_accuracy, digits=2),
                test_after=format_percent(job.history.test_accuracy or 0.0, digits=2),
            )
        )
