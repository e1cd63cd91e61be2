"""The explanation of the from-scratch model's log-softmax, with the code that really runs."""

import inspect

import streamlit as st

from mnist_demo.translation import _, translate_comments
from mnist_demo.ui import keys, state
from mnist_demo.ui.widgets.copied import render_copied


def render_explanation() -> None:
    """Draw the explanation, folded, beneath a run of the from-scratch model."""
    job = state.current_job()
    if job is None or not job.hyperparameters.architecture.is_from_scratch:
        return
    # Here, not above: it brings torch, which the first page need not wait for.
    from mnist_demo.models.softmax_regression import log_softmax, negative_log_likelihood

    with st.expander(_("Why this model’s own log-softmax does not overflow"), key=keys.EXPLANATION):
        st.markdown(
            _(
                "By definition, log-softmax is $\\log\\left(e^{x_i} / \\sum_j e^{x_j}\\right)$. Computed like that "
                "it breaks: $e^{89}$ is already more than a 32-bit number can hold, so one confident logit would "
                "make the loss “not a number”. Subtracting the largest logit from all ten first changes nothing, "
                "since numerator and denominator are divided by the same factor, and then no exponent is above zero."
            )
        )
        code = inspect.getsource(log_softmax) + "\n\n" + inspect.getsource(negative_log_likelihood)
        render_copied(translate_comments(code), "python")
