"""The estimate beneath Start: how long the run would take on this machine."""

import streamlit as st

from mnist_demo.devices import choose_device, known_devices
from mnist_demo.errors import MnistDemoError
from mnist_demo.jobs.estimate import planned_steps
from mnist_demo.jobs.estimator import CostEstimate
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.speed import Speed, seconds_at_speed
from mnist_demo.translation import _, ngettext
from mnist_demo.ui import keys, state
from mnist_demo.ui.form import state as form_state
from mnist_demo.ui.ownership import wanted_device
from mnist_demo.ui.resources import cost_estimator, job_registry
from mnist_demo.ui.widgets.durations import format_duration
from mnist_demo.ui.widgets.markdown import escape_markdown
from mnist_demo.ui.widgets.pulse import render_pulse

# A measurement takes half a second once its process is there.
ASK_AGAIN_SECONDS = 0.7


@st.fragment
def render_cost() -> None:
    """Draw one line, which says more as soon as more is known. Nobody waits for that."""
    asked = _ask()
    with st.container(key=keys.COST):
        # The line keeps its place also when there is nothing to say, so that nothing below it moves.
        st.caption(escape_markdown(describe_cost(*asked)) if asked else "&nbsp;")
        if asked and asked[1].is_coming:
            render_pulse(ASK_AGAIN_SECONDS, keys.COST_PULSE)


def _ask() -> tuple[Hyperparameters, CostEstimate] | None:
    """Return the settings and what is known of them; None when a run with them could not be started."""
    # A measurement beside a run would slow that down, and be wrong.
    may_measure = not any(job.is_active for job in job_registry().jobs())
    try:
        hyperparameters = form_state.read_settings()
        device = choose_device(wanted_device(), hyperparameters.architecture.gains_by_accelerator, known_devices())
        return hyperparameters, cost_estimator().ask(hyperparameters, state.current_dataset(), may_measure, device)
    except MnistDemoError:
        return None


def known_seconds(speed: Speed) -> float | None:
    """Return about how many seconds a run with the settings would take at `speed`, as far as that is known by now."""
    asked = _ask()
    if asked is None:
        return None
    hyperparameters, estimate = asked
    spread = seconds_at_speed(speed, planned_steps(hyperparameters, state.current_dataset()))
    return max(spread, estimate.seconds or 0.0) or None


def describe_cost(hyperparameters: Hyperparameters, estimate: CostEstimate) -> str:
    """Return the sentence. It names model and epochs: the form above may hold changes that nobody has sent yet."""
    if estimate.seconds is not None:
        sentence = ngettext(
            "{model}, {epochs} epoch: {duration} here, at full speed.",
            "{model}, {epochs} epochs: {duration} here, at full speed.",
            hyperparameters.epochs,
        )
        duration = format_duration(estimate.seconds)
        return sentence.format(model=hyperparameters.model_title, epochs=hyperparameters.epochs, duration=duration)
    if estimate.is_coming:
        return _("Measuring how long this takes here …")
    return _("The time this takes is measured when no run is training.")
