"""The activations that one image causes, layer by layer."""

import numpy as np
import streamlit as st
from markupsafe import Markup

from mnist_demo.translation import _, format_decimal, ngettext
from mnist_demo.ui import keys
from mnist_demo.ui.drawing.readers import Reading
from mnist_demo.ui.widgets.mosaics import digit_images_html, diverging_png, full_colour, mosaic_html
from mnist_demo.ui.widgets.pictures import logits_html

LAYER_TITLE = Markup('<p class="layer-title">{}{}</p>')


def render_activations(image: np.ndarray, reading: Reading, folded: bool = True) -> None:
    """Draw the activations that `image`, float32 (28, 28), causes in the model of `reading`, layer by layer."""
    if folded:
        expander = st.expander(_("Layer by layer"), key=keys.ACTIVATIONS, on_change="rerun")
        if not expander.open:
            return
        with expander:
            _render(image, reading)
    else:
        _render(image, reading)


def _render(image: np.ndarray, reading: Reading) -> None:
    # Here, not above: it brings torch, which the first page need not wait for.
    from mnist_demo.insight.activations import LAYER_KINDS, layer_activations

    layers = layer_activations(reading.reader.classifier, image)
    with st.container(key=keys.LAYERS):
        for layer in layers:
            title = _(LAYER_KINDS[layer.kind])
            strongest = full_colour(layer.maps)
            if layer.kind == "logits":
                st.html(LAYER_TITLE.format(title, "") + logits_html(layer.maps.ravel()))
            elif layer.kind == "contribution":
                sums = [format_decimal(picture.sum(), "+.1f").replace("-", "−") for picture in layer.maps]
                words = _("Weight × input for {digit}: blue speaks for it, orange against it; sum {sum}.")
                pictures = [
                    (
                        diverging_png(picture, strongest),
                        f"{digit}: {sums[digit]}",
                        words.format(digit=digit, sum=sums[digit]),
                    )
                    for digit, picture in enumerate(layer.maps)
                ]
                st.html(LAYER_TITLE.format(title, "") + digit_images_html(pictures))
            else:
                n, height, width = layer.maps.shape
                size = (
                    ngettext("{count} unit", "{count} units", n)
                    if height == 1
                    else ngettext(
                        "{count} map of {height} × {width} pixels", "{count} maps of {height} × {width} pixels", n
                    )
                ).format(count=n, height=height, width=width)
                words = _("{title}; {size}; the stronger the answer, the bluer.")
                if layer.maps.min() < 0:
                    words = _("{title}; {size}; blue is above zero, orange below, and the stronger the deeper.")
                words = words.format(title=title, size=size)
                columns = (32 if n > 32 else 16) if height == 1 else 8 if n <= 24 else 12
                heading = LAYER_TITLE.format(title, Markup(" <span>{}</span>").format(size))
                st.html(heading + mosaic_html(layer.maps, strongest, columns, words))
    if layers[0].kind == "contribution":
        st.caption(
            _(
                "A linear model adds up weight × input over all pixels; with the bias, that sum is the logit. Look for "
                "what tips the scales between the two highest."
            )
        )
    else:
        st.caption(
            _(
                "From top to bottom, as the image goes through the network; white means no answer. See how the digit "
                "dissolves: the first layer still draws it, the last only says which features are there."
            )
        )
