"""Runs of this session overlaid on one chart, with a table of what differs between them."""

import streamlit as st

from mnist_demo.errors import RunError
from mnist_demo.insight.comparison import ComparedRun, best_of, compared_metrics, differing_settings, short_title
from mnist_demo.translation import _, format_list, format_percent, pgettext
from mnist_demo.ui import keys
from mnist_demo.ui.compare.charts import (
    Axis,
    Measured,
    Metric,
    build_comparison,
    describe_comparison,
    runs_off_chart,
)
from mnist_demo.ui.compare.state import comparable_runs, compare_saved, running_jobs, saved_titles, stop_all
from mnist_demo.ui.compare.table import comparison_html
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
            _("Add saved runs"),
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
        metrics: dict[Metric, str] = {
            "accuracy": _("accuracy"),
            "log-loss": _("loss, logarithmic"),
            "loss": _("loss"),
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
        with st.container():
            _render_off_chart(runs_off_chart(chosen, metric, measured), metric)
        _render_best(chosen)
        st.html(comparison_html(chosen, differing_settings(chosen), compared_metrics(chosen)))


def _render_off_chart(letters: list[str], metric: Metric) -> None:
    """Say which runs are partly outside of what the chart shows, if any are."""
    sentences = {
        "accuracy": _("The axis starts where the other runs can be told apart. Runs that end below it: {letters}."),
        "log-loss": _(
            "Losses over a thousand times that before training are not shown. Runs that reached them: {letters}."
        ),
        "loss": _(
            "Losses far above that before training are shown on the logarithmic axis only. Runs that reached them: "
            "{letters}."
        ),
    }
    if letters:
        st.caption(sentences[metric].format(letters=format_list(letters)))


def _render_best(runs: list[ComparedRun]) -> None:
    """Say which run is the best so far and by what, and offer to stop those that go on."""
    best = best_of(runs)
    with st.container(horizontal=True, vertical_alignment="center"):
        if best is not None:
            sentences = {
                "validation": _("**Best by validation accuracy: {runs}, with {percent}.**"),
                "test": _("**Best by test accuracy: {runs}, with {percent}.**"),
            }
            titles = (f"{run.letter} ({escape_markdown(short_title(run, runs))})" for run in best.runs)
            percent = format_percent(best.accuracy, digits=2)
            st.markdown(sentences[best.measured].format(runs=format_list(titles), percent=percent))
        if len(running_jobs()) > 1:
            st.button(_("Stop all"), key=keys.STOP_ALL, icon=":material/stop:", type="tertiary", on_click=stop_all)
