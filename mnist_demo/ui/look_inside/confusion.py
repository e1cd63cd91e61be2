"""The confusion matrix of the test images, and the images behind each of its cells."""

from functools import partial

import streamlit as st

from mnist_demo.insight.analysis import Analysis
from mnist_demo.translation import _, format_decimal, ngettext, pgettext
from mnist_demo.ui import keys
from mnist_demo.ui.drawing import dataset_images
from mnist_demo.ui.look_inside import state as insight_state
from mnist_demo.ui.look_inside.galleries import MAX_IMAGES, gallery_of
from mnist_demo.ui.look_inside.pictures import class_metrics_html, confusion_html
from mnist_demo.ui.look_inside.subjects import LookedAt
from mnist_demo.ui.widgets.choices import read_choice
from mnist_demo.ui.widgets.clickable import render_clickable

SHARES = "shares"


def render_confusion(analysis: Analysis, looked_at: LookedAt) -> None:
    """Draw the matrix; beneath it the images of the cell that was clicked, and the figures of each digit."""
    units = {"counts": pgettext("number of", "images"), SHARES: _("percent of each digit")}
    unit = read_choice(_("What the cells show"), units, keys.CONFUSION_UNIT)
    cell = insight_state.chosen_cell()
    render_clickable(
        confusion_html(analysis.confusion, unit == SHARES, cell),
        keys.CONFUSION,
        insight_state.choose_cell,
        shown_in=keys.CONFUSION_CELL,
    )
    st.caption(
        _(
            "Blue cells, on the diagonal, are read correctly; orange cells are misread. Look for the darkest orange: "
            "a pair of digits that this model confuses. **Click a cell** to see its images, and an image to see why."
        )
    )
    with st.container(key=keys.CONFUSION_CELL):
        if cell is not None:
            _render_cell(analysis, looked_at, *cell)
    st.markdown(_("### Digit by digit"))
    st.html(
        class_metrics_html(analysis.precision, analysis.recall, analysis.f1, analysis.confusion.sum(axis=1)),
    )
    st.caption(
        _(
            "**Precision**: of the images read as this digit, how many are. **Recall**: of the images of this digit, "
            "how many are found. **F1** is high only if both are; ▼ marks the lowest."
        )
    )


def _render_cell(analysis: Analysis, looked_at: LookedAt, label: int, predicted: int) -> None:
    indices = analysis.in_cell(label, predicted)
    title = ngettext(
        "{label} read as {predicted}: {count} image", "{label} read as {predicted}: {count} images", len(indices)
    ).format(label=label, predicted=predicted, count=format_decimal(len(indices)))
    st.markdown(f"### {title}")
    if not len(indices):
        st.caption(
            _("No test image with the label {label} is read as {predicted}.").format(label=label, predicted=predicted)
        )
        return
    render_clickable(
        gallery_of(analysis, looked_at.dataset, "test", indices[:MAX_IMAGES], title),
        f"{keys.CONFUSION_CELL}-images",
        partial(dataset_images.choose_image, looked_at.dataset),
        shown_in=keys.EXPLAINED,
    )
    if len(indices) > MAX_IMAGES:
        st.caption(_("The {count} that the model is most sure of.").format(count=MAX_IMAGES))
