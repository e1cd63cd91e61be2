"""Galleries of the images that a model finds hard."""

from functools import partial

import numpy as np
import streamlit as st

from mnist_demo.insight.analysis import Analysis
from mnist_demo.translation import N_, _, format_decimal, ngettext
from mnist_demo.ui import keys
from mnist_demo.ui.drawing import dataset_images
from mnist_demo.ui.look_inside.galleries import MAX_IMAGES, gallery_of
from mnist_demo.ui.look_inside.subjects import LookedAt
from mnist_demo.ui.widgets.choices import read_choice, read_digit
from mnist_demo.ui.widgets.clickable import render_clickable

CONFIDENT, UNCERTAIN, HARDEST, TRAINING = "confident", "uncertain", "hardest", "training"
KINDS = {
    CONFIDENT: N_("confidently wrong"),
    UNCERTAIN: N_("least certain"),
    HARDEST: N_("hardest by digit"),
    TRAINING: N_("in the training set"),
}
EXPLANATIONS = {
    CONFIDENT: N_(
        "Test images that the model misreads with the most confidence. Ask yourself what you would have read: some "
        "are sloppy, some are hardly a digit, and some show what the model has not understood."
    ),
    UNCERTAIN: N_(
        "Test images whose two most probable digits are the closest, whether read correctly or not. Look for the one "
        "stroke that would settle it."
    ),
    HARDEST: N_(
        "The test images of one digit with the largest loss: those to whose label the model gives the lowest "
        "probability. Look for rare ways of writing that digit."
    ),
    TRAINING: N_(
        "The training images with the largest loss, although the model was trained on them. Look at the labels: "
        "some are wrong, and a good model contradicts them."
    ),
}


def read_mistake_kind() -> str:
    """Draw the choice of gallery and return which one is wanted."""
    return read_choice(_("Which images"), {name: _(title) for name, title in KINDS.items()}, keys.MISTAKE_KIND)


def render_mistakes(analysis: Analysis, looked_at: LookedAt, kind: str) -> None:
    """Draw the gallery of that `kind`; for ``TRAINING`` the analysis is of the training images."""
    digit = read_digit(keys.MISTAKE_CLASS) if kind == HARDEST else None
    indices = _pick(analysis, kind, digit)
    st.caption(_(EXPLANATIONS[kind]))
    if kind == CONFIDENT:
        count = len(indices)
        st.markdown(
            ngettext("{count} of {total} is misread.", "{count} of {total} are misread.", count).format(
                count=format_decimal(count), total=format_decimal(len(analysis.labels))
            )
        )
    if not len(indices):
        st.success(_("There are none: every image is read correctly."), icon=":material/check:")
        return
    with st.container(key=keys.MISTAKES):
        render_clickable(
            gallery_of(
                analysis,
                looked_at.dataset,
                "train" if kind == TRAINING else "test",
                indices[:MAX_IMAGES],
                _(KINDS[kind]),
            ),
            f"{keys.MISTAKES}-images",
            partial(dataset_images.choose_image, looked_at.dataset),
            shown_in=keys.EXPLAINED,
        )
    st.caption(_("Under each: its label, what the model reads, and how sure it is. A dashed frame: misread."))


def _pick(analysis: Analysis, kind: str, digit: int | None) -> np.ndarray:
    if kind == CONFIDENT:
        return analysis.mistakes()
    if kind == UNCERTAIN:
        return analysis.least_certain(MAX_IMAGES)
    return analysis.hardest(MAX_IMAGES, digit)
