"""Runs of this session overlaid on one chart, with a table of what differs between them."""

import streamlit as st

from mnist_demo.comparison import compared_figures, differing_settings, short_title
from mnist_demo.translation import _
from mnist_demo.ui import keys
from mnist_demo.ui.comparison_charts import (
    Axis,
    Figure,
    Measured,
    build_comparison,
    comparison_html,
    describe_comparison,
    losses_off_chart,
)
from mnist_demo.ui.comparison_state import comparable_runs

CHART_HEIGHT = 340


def render_overlay() -> None:
    """Draw the choice of runs, the chart and the table."""
    runs = comparable_runs()
    titles = {run.key: f"**{run.letter}** {short_title(run, runs)}" for run in runs}
    chosen_keys = st.pills(
        _("Runs to compare"),
        [run.key for run in runs],
        selection_mode="multi",
        default=[run.key for run in runs],
        format_func=lambda key: titles.get(key, key),
        # A new run comes chosen: the widget begins anew with it.
        key=f"{keys.COMPARED_RUNS}-{runs[-1].key}",
    )
    chosen = [run for run in runs if run.key in chosen_keys]
    with st.container(horizontal=True, key="comparison-row"):
        figure: Figure = st.segmented_control(
            _("Figure"),
            ["loss", "log-loss", "accuracy"],
            default="loss",
            required=True,
            format_func={"loss": _("loss"), "log-loss": _("loss, logarithmic"), "accuracy": _("accuracy")}.__getitem__,
            key=keys.COMPARED_FIGURE,
            label_visibility="collapsed",
        )
        images: list[Measured] = ["test", "train"]
        if any(run.hyperparameters.validation_size for run in runs):
            images.append("validation")
        measured: Measured = st.segmented_control(
            _("Measured on"),
            images,
            default="test",
            required=True,
            format_func={"test": _("test"), "train": _("train"), "validation": _("validation")}.__getitem__,
            key=keys.COMPARED_IMAGES,
            label_visibility="collapsed",
        )
        axis: Axis = st.segmented_control(
            _("Horizontal axis of the chart"),
            ["step", "epoch", "seconds"],
            default="step",
            required=True,
            format_func={"step": _("by step"), "epoch": _("by epoch"), "seconds": _("by seconds")}.__getitem__,
            key=keys.COMPARED_AXIS,
            label_visibility="collapsed",
        )
    if not chosen:
        st.info(_("Choose at least one run above."), icon=":material/info:")
        return
    with st.container(key=keys.COMPARISON):
        st.echarts_chart(
            build_comparison(chosen, figure, measured, axis),
            key=keys.COMPARISON_CHART,
            height=CHART_HEIGHT,
            alt=describe_comparison(chosen, figure, measured),
        )
        off_chart = losses_off_chart(chosen, measured) if figure == "loss" else []
        if off_chart:
            sentence = _("The loss of {letters} rises above what is shown here; the logarithmic axis shows it whole.")
            st.caption(sentence.format(letters=", ".join(off_chart)))
        st.html(comparison_html(chosen, differing_settings(chosen), compared_figures(chosen)))
