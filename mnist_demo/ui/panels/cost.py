"""Beneath Start: how long the run would take on this machine."""

import time

import streamlit as st

from mnist_demo.cost import CostEstimate
from mnist_demo.errors import MnistDemoError
from mnist_demo.hyperparameters import Hyperparameters
from mnist_demo.translation import _, ngettext
from mnist_demo.ui import keys, state
from mnist_demo.ui.markdown import escape
from mnist_demo.ui.resources import cost_estimator, job_registry

# A measurement takes a third of a second once its process is there.
PATIENCE_SECONDS, ASK_AGAIN_SECONDS = 0.8, 0.05


def render_cost(wait: bool) -> None:
    """Draw one line. With `wait`, settings that are new are measured first, for a moment at most; else it stays empty.

    Nothing here refreshes the page by itself: a refresh that comes at the moment of a click on Start takes its place.
    """
    asked = _ask()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while wait and asked and asked[1].is_coming and time.monotonic() < deadline:
        time.sleep(ASK_AGAIN_SECONDS)
        asked = _ask()
    if asked and asked[1].is_coming and not wait:
        asked = None  # said at the next refresh, which may be long in coming: nothing is better than an old "measuring"
    with st.container(key=keys.COST):
        # The line keeps its place also when there is nothing to say, so that nothing below it moves.
        st.caption(escape(describe_cost(*asked)) if asked else "&nbsp;")


def _ask() -> tuple[Hyperparameters, CostEstimate] | None:
    """Return the settings and what is known of them; None when a run with them could not be started."""
    # A measurement beside a run would slow that down, and be wrong.
    may_measure = not any(job.is_active for job in job_registry().jobs())
    try:
        chosen = state.read_settings()
        return chosen, cost_estimator().ask(chosen, state.current_dataset(), may_measure)
    except MnistDemoError:
        return None


def describe_cost(chosen: Hyperparameters, estimate: CostEstimate) -> str:
    """Return the sentence. It names model and epochs: the form above may hold changes that nobody has sent yet."""
    if estimate.seconds is not None:
        sentence = ngettext(
            "{model}, {epochs} epoch: {duration} here.", "{model}, {epochs} epochs: {duration} here.", chosen.epochs
        )
        duration = format_duration(estimate.seconds)
        return sentence.format(model=chosen.model_title, epochs=chosen.epochs, duration=duration)
    if estimate.is_coming:
        return _("Measuring how long this takes here …")
    return _("How long this takes here is measured when no run is computing.")


def format_duration(seconds: float) -> str:
    """Return `seconds` as a measurement of half a second can tell them: in at most two digits."""
    if seconds < 1:
        return _("less than a second")
    if seconds < 90:
        return _("about {seconds} s").format(seconds=f"{float(f'{seconds:.2g}'):.0f}")
    if seconds < 90 * 60:
        return _("about {minutes} min").format(minutes=f"{seconds / 60:.0f}")
    return _("about {hours} h").format(hours=f"{seconds / 3600:.0f}")
