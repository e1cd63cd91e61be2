"""Runs of this session overlaid on one chart, with a table of what differs between them."""

import streamlit as st

from mnist_demo.errors import RunError
from mnist_demo.insight.comparison import compared_metrics, differing_settings, short_title
from mnist_demo.translation import _, format_list, pgettext
from mnist_demo.ui import keys
from mnist_demo.ui.compare.charts import (
    Axis,
    Figure,
    Measured,
    build_comparison,
    comparison_html,
    describe_comparison,
    losses_off_chart,
)
from mnist_demo.ui.compare.state import comparable_runs, compare_saved, saved_titles
from mnist_demo.ui.widgets.choices import read_choice
from mnist_demo.ui.widgets.markdown import escape_markdown

CHART_HEIGHT = 340
# As many as there are runs of a session: more lines would be more than one can tell apart.
MAX_SAVED = 8


def render_saved_choice() -> None:
    """Draw the choice of saved runs that are to be compared too, where there are any."""
    try:
        titles = saved_titles()
        if not titles:
            return
        chosen = st.multiselect(
            _("Saved runs to compare too"),
            list(titles),
            format_func=lambda run_id: titles.get(run_id, run_id),
            key=keys.COMPARED_SAVED,
            placeholder=_("None"),
            max_selections=MAX_SAVED,
        )
        compare_saved(chosen)
    except RunError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")


def render_overlay() -> None:
    """Draw the choice of runs, the chart and the table."""
    runs = comparable_runs()
    titles = {run.key: f"**{run.letter}** {escape_markdown(short_title(run, runs))}" for run in runs}
    chosen_keys = st.pills(
        _("Runs to compare"),
        [run.key for run in runs],
        selection_mode="multi",
        default=[run.key for run in runs],
        format_func=lambda key: titles.get(key, key),
        # A new run comes chosen: the widget begins anew with it.
        key=f"{keys.COMPARED_RUNS}-{'-'.join(run.letter for run in runs)}",
    )
    chosen = [run for run in runs if run.key in chosen_keys]
    with st.container(horizontal=True, key="comparison-row"):
        metrics: dict[Figure, str] = {
            "loss": _("loss"),
            "log-loss": _("loss, logarithmic"),
            "accuracy": _("accuracy"),
        }
        metric = read_choice(pgettext("loss or accuracy", "Figure"), metrics, keys.COMPARED_METRIC)
        images: dict[Measured, str] = {"test": _("test"), "train": _("train")}
        if any(run.hyperparameters.validation_size for run in runs):
            images["validation"] = _("validation")
        measured = read_choice(_("Measured on"), images, keys.COMPARED_IMAGES)
        axes: dict[Axis, str] = {"step": _("by step"), "epoch": _("by epoch"), "seconds": _("by seconds")}
        axis = read_choice(_("Horizontal axis of the chart"), axes, keys.COMPARED_AXIS)
    if not chosen:
        st.info(_("Choose at least one run above."), icon=":material/info:")
        return
    with st.container(key=keys.COMPARISON):
        st.echarts_chart(
            build_comparison(chosen, metric, measured, axis),
            key=keys.COMPARISON_CHART,
            height=CHART_HEIGHT,
            alt=describe_comparison(chosen, metric, measured),
        )
        off_chart = losses_off_chart(chosen, measured) if metric == "loss" else []
        if off_chart:
            sentence = _("The loss of {letters} rises above what is shown here; the logarithmic axis shows it whole.")
            st.caption(sentence.format(letters=format_list(off_chart)))
        st.html(comparison_html(chosen, differing_settings(chosen), compared_metrics(chosen)))
