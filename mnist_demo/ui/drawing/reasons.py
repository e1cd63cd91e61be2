"""The attribution of a reading: each pixel of the drawing in the colour of what it spoke for."""

import numpy as np
import streamlit as st

from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.drawing.readers import Reading
from mnist_demo.ui.widgets.choices import read_digit
from mnist_demo.ui.widgets.pictures import overlay_png, picture_html


def render_reasons(image: np.ndarray, reading: Reading) -> None:
    """Draw the contributions of each pixel of `image`, float32 (28, 28), for the predicted or any other digit."""
    expander = st.expander(_("Why this digit?"), key=keys.LOOK_CLOSER, on_change="rerun")
    if not expander.open:
        return  # integrated gradients take some milliseconds: not while nobody looks
    # Here, not above: it brings torch, which the first page need not wait for.
    from mnist_demo.insight.attribution import contributions

    with expander:
        chosen = read_digit(keys.REASON_DIGIT, otherwise=_("as read"))
        digit = reading.digit if chosen is None else chosen
        shares = contributions(reading.reader.classifier, image, digit)
        with st.container(key=keys.REASONS):
            words = _("The drawing: what speaks for {digit} is blue, what speaks against it is orange.").format(
                digit=digit
            )
            st.html(picture_html(overlay_png(image, shares), 224, words))
        st.caption(
            _(
                "**Blue** speaks for {digit}, **orange** against it; the deeper the colour, the more. For a linear "
                "model this is exact (weight × input), for a network an estimate (integrated gradients)."
            ).format(digit=digit)
        )
