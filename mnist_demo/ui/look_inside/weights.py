"""The weights of a model's first layer as pictures."""

import numpy as np
import streamlit as st

from mnist_demo.translation import _, format_decimal, ngettext
from mnist_demo.ui import keys
from mnist_demo.ui.look_inside.subjects import LookedAt
from mnist_demo.ui.widgets.mosaics import digit_images_html, diverging_png, full_colour, mosaic_html

MAX_FILTERS = 48
COLUMNS = 12


def render_weights(looked_at: LookedAt) -> None:
    """Draw the ten weight images of a linear model, or the first-layer filters of a network."""
    # Here, not above: it brings torch, which the first page need not wait for.
    from mnist_demo.insight.activations import first_layer_weights

    weights = first_layer_weights(looked_at.classifier)
    strongest = full_colour(weights)
    with st.container(key=keys.WEIGHTS):
        if looked_at.classifier.hyperparameters.architecture.is_linear:
            st.html(
                digit_images_html(
                    [
                        (
                            diverging_png(image, strongest),
                            str(digit),
                            _("Weights for {digit}: blue above zero, orange below.").format(digit=digit),
                        )
                        for digit, image in enumerate(weights)
                    ]
                )
            )
        else:
            shown = weights[:MAX_FILTERS]
            words = ngettext(
                "The weights of {count} filter of the first layer: blue above zero, orange below.",
                "The weights of {count} filters of the first layer: blue above zero, orange below.",
                len(shown),
            ).format(count=len(shown))
            st.html(mosaic_html(shown, strongest, COLUMNS, words))
    st.caption(_explain(looked_at, weights, strongest))


def _explain(looked_at: LookedAt, weights: np.ndarray, strongest: float) -> str:
    scale = _("Full colour is a weight of ±{strongest} or more.").format(strongest=format_decimal(strongest, ".2g"))
    architecture = looked_at.classifier.hyperparameters.architecture
    if architecture.is_linear:
        sentence = _(
            "Ink on **blue** speaks for the digit, ink on **orange** against it; white does not count. Look for the "
            "shape of each digit in blue, and for orange where *another* digit would have its ink: the hole of the 0."
        )
        if architecture.is_from_scratch:
            sentence += " " + _(
                "The speckle at the edges is how this model began, at random: no digit has ink there, so no gradient "
                "ever changes it."
            )
    elif not architecture.is_convolutional:
        sentence = (
            _("Each picture is what one hidden unit looks for.")
            if len(weights) <= MAX_FILTERS
            else _("Each picture is what one hidden unit looks for: the first {shown} of {count}.")
        ).format(count=len(weights), shown=MAX_FILTERS)
        sentence += " " + _("Look for pieces of strokes: not whole digits any more, but parts that several share.")
    else:
        height, width = weights.shape[1:]
        sentence = _(
            "Each picture is a filter of {height} × {width} weights that slides over the whole image. Look for edges: "
            "blue beside orange answers where ink begins or ends in that direction."
        ).format(height=height, width=width)
    return sentence + " " + scale
