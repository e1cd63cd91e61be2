"""A filter that slides over an image: for any place of any map, patch × filter = value."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.drawing import sliding_filter_state
from mnist_demo.ui.drawing.sliding_filter_pictures import framed_html, maps_html, patch_html, places_html, short_number
from mnist_demo.ui.widgets.choices import read_choice
from mnist_demo.ui.widgets.clickable import render_clickable
from mnist_demo.ui.widgets.mosaics import full_colour

if TYPE_CHECKING:
    from mnist_demo.insight.convolutions import Convolution
    from mnist_demo.models.checkpoints import TrainedClassifier


def render_sliding_filter(image: np.ndarray, classifier: "TrainedClassifier") -> None:
    """Draw how the convolutions of `classifier` come to their maps of `image`, float32 (28, 28) in [0, 1].

    Nothing is drawn for a model without convolutions.
    """
    # Here, not above: it brings torch, which the first page need not wait for.
    from mnist_demo.insight.convolutions import convolutions_of

    convolutions = convolutions_of(classifier, image)
    if not convolutions:
        return
    with st.container(key=keys.SLIDING_FILTER):
        st.markdown(_("### A filter slides over the image"))
        st.markdown(
            _(
                "Every number of a map is made in the same way. Lay the filter over a patch, multiply each number of "
                "the patch by the number of the filter on it, and add up the products. Click any map, then any place."
            )
        )
        titles = {
            str(number): _("Convolution {number}").format(number=number + 1) for number in range(len(convolutions))
        }
        depth = int(read_choice(_("Which convolution"), titles, keys.SLIDING_LAYER))
        _render_convolution(convolutions[depth], image if depth == 0 else None)


def _render_convolution(convolution: "Convolution", image: np.ndarray | None) -> None:
    """Draw one convolution; `image` is what the first one sees, before it is shifted and scaled."""
    answers = convolution.answers
    strongest = full_colour(answers)
    number = sliding_filter_state.chosen_map(len(answers), int(answers.max(axis=(1, 2)).argmax()))
    height, width = answers.shape[1:]
    row_of_best, column_of_best = divmod(int(answers[number].argmax()), width)
    row, column = sliding_filter_state.chosen_place(height, width, (row_of_best, column_of_best))
    products = convolution.products(number, row, column)
    parts = products.sum(axis=(1, 2))
    channel = int(np.abs(parts).argmax())
    render_clickable(maps_html(answers, strongest, number), keys.SLIDING_MAPS, sliding_filter_state.choose_map)
    side = convolution.filters.shape[-1]
    frame = (row * convolution.stride, column * convolution.stride, side)
    seen, of_map = st.columns(2, gap="medium")
    with seen:
        if image is None:
            st.caption(
                _("What it sees: map {number} of the convolution before it").format(number=channel + 1),
            )
            picture = convolution.seen[channel]
        else:
            st.caption(
                _("What it sees: the image, with a margin") if convolution.margin else _("What it sees: the image")
            )
            picture = np.pad(image, convolution.margin)
        words = _("The filter lies on the patch that starts at row {top}, column {left}.").format(
            top=frame[0] + 1, left=frame[1] + 1
        )
        st.html(framed_html(picture, image is not None, frame, words))
    with of_map:
        st.caption(
            _("The map of filter {number}, {height} × {width} places").format(
                number=number + 1, height=height, width=width
            )
        )
        render_clickable(
            places_html(answers[number], strongest, (row, column)),
            keys.SLIDING_PLACES,
            sliding_filter_state.choose_place,
        )
    st.html(patch_html(convolution.patch(row, column)[channel], convolution.filters[number, channel]))
    total = short_number(float(convolution.sums[number, row, column]))
    answer = short_number(float(answers[number, row, column]))
    if image is None:
        st.markdown(
            _(
                "These products add up to {part}. The filter has such numbers for each of the {count} maps that it "
                "sees, and all together give **{total}**. Shown is the map that counts most."
            ).format(part=short_number(float(parts[channel])), count=len(parts), total=total)
        )
    else:
        paper, ink = float(convolution.seen[0].min()), float(convolution.seen[0].max())
        st.markdown(_("These {count} products add up to **{total}**.").format(count=side * side, total=total))
        sentence = (
            _(
                "The network first shifts and scales the pixels: here paper is {paper} and the darkest ink is {ink}. "
                "Around the image is a margin of zeros."
            )
            if convolution.margin
            else _(
                "The network first shifts and scales the pixels: here paper is {paper} and the darkest ink is {ink}."
            )
        )
        st.caption(sentence.format(paper=short_number(paper), ink=short_number(ink)))
    st.caption(
        _(
            "Batch normalisation then scales and shifts the sum, and ReLU turns what is below zero into 0. The "
            "number on the map: {answer}."
        ).format(answer=answer)
    )
