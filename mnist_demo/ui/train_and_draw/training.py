"""The run: its progress, its metrics, its charts."""

import streamlit as st

from mnist_demo.jobs.job import Job
from mnist_demo.training.history import History, format_loss
from mnist_demo.training.speed import seconds_at_speed
from mnist_demo.translation import _, format_decimal, format_percent, format_unit
from mnist_demo.ui import kept_runs, keys
from mnist_demo.ui.ownership import owns, perform, run_commands
from mnist_demo.ui.resources import run_keeper, run_store
from mnist_demo.ui.server.models import has_unusable_model
from mnist_demo.ui.server.waiting import describe_wait
from mnist_demo.ui.train_and_draw.own_drawings import render_gain
from mnist_demo.ui.widgets.charts import AccuracyRange, Axis, build_chart, describe_chart
from mnist_demo.ui.widgets.markdown import escape_markdown
from mnist_demo.ui.widgets.pictures import metrics_html

CHART_HEIGHT = 180


def render_training(job: Job, axis: Axis, accuracy_range: AccuracyRange) -> None:
    """Draw the run, which may be going on, and its charts over `axis`."""
    if job.detail:
        st.error(escape_markdown(job.detail), icon=":material/error:")
    with st.container():
        _render_keeping(job)
    render_gain(job)
    _render_progress(job)
    _render_metrics(job)
    _render_charts(job.history, axis, accuracy_range)


def _render_keeping(job: Job) -> None:
    """Say what is unusual about the run: it is somebody else's, or cannot be saved."""
    is_mine = owns(job.id)
    if not is_mine:
        _render_looker(job)
    if job.is_elsewhere:
        st.caption(_("Another server trains this run. You see it up to its newest saved point, a few seconds ago."))
    if job.has_ended and has_unusable_model(job):
        st.warning(_(kept_runs.UNUSABLE_MODEL), icon=":material/history:")
    problem = run_keeper().problem(job.id)
    if problem and is_mine:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(escape_markdown(problem), icon=":material/save:")
            st.button(
                _("Try again"),
                key=keys.TRY_SAVING,
                icon=":material/refresh:",
                on_click=perform,
                args=(run_commands().save_now, job.id),
            )


def _render_looker(job: Job) -> None:
    """Say whose run it is, how it is called, and what may be done with it."""
    record = run_store().find(job.id)
    if record is not None and record.name:
        sentence = _("You are watching someone else’s run, “{name}”.")
        st.caption(sentence.format(name=escape_markdown(record.name)))
    else:
        st.caption(_("You are watching someone else’s run."))
    if job.has_ended and kept_runs.has_copy(job):
        st.caption(_("**Train a copy further** makes a copy of your own that continues where this run ended."))


def _render_progress(job: Job) -> None:
    history, hyperparameters = job.history, job.hyperparameters
    title = hyperparameters.model_title
    if job.state == "queued":
        st.progress(history.progress, text=describe_wait(job))
        return
    if history.started is None:
        st.progress(0.0, text=_("{model}: starting …").format(model=title))
        return
    done = _("{model}: epoch {epoch} of {epochs}, step {step} of {steps}").format(
        model=title,
        epoch=min(hyperparameters.epochs, len(history.epochs) + 1),
        epochs=hyperparameters.epochs,
        step=format_decimal(history.step_count),
        steps=format_decimal(history.total_steps),
    )
    st.progress(history.progress, text=done)


def _render_metrics(job: Job) -> None:
    """Draw the figures in force: those that were measured last, at first of the untrained model."""
    unknown, history = "–", job.history
    last = history.epochs[-1] if history.epochs else None
    accuracy, test_loss = history.test_accuracy, history.test_loss
    pace, left = history.images_per_second, history.seconds_left
    if left is not None:
        left += seconds_at_speed(job.speed, history.total_steps - history.step_count)
    train_loss = last.train_loss if last else None
    if left and not job.has_ended:
        time = _("Time left"), _format_seconds(left)
    else:
        time = _("Training time"), _format_seconds(history.seconds)
    # Not st.metric: of six of them, each in a box of its own, the browser renews all at every refresh.
    with st.container(horizontal=True, gap="medium", key="figures"):
        with st.container(key=keys.TEST_ACCURACY, width="content"):
            shown = unknown if accuracy is None else format_percent(accuracy, digits=2)
            step = (
                _("after step {step}").format(step=format_decimal(history.tested_step)) if history.tested_step else ""
            )
            st.html(metrics_html([(_("Test accuracy"), shown)], step))
        st.html(
            metrics_html(
                [
                    (_("Test loss"), unknown if test_loss is None else format_loss(test_loss)),
                    (_("Train loss"), unknown if train_loss is None else format_loss(train_loss)),
                    (_("Images per second"), unknown if pace is None else format_decimal(pace, ",.0f")),
                    time,
                ]
            )
        )


def _render_charts(history: History, axis: Axis, accuracy_range: AccuracyRange) -> None:
    with st.container(key=keys.LIVE_CHARTS):
        for metric, key in (("loss", keys.LOSS_CHART), ("accuracy", keys.ACCURACY_CHART)):
            st.echarts_chart(
                build_chart(history, metric, axis, accuracy_range),  # type: ignore[arg-type]
                key=key,
                height=CHART_HEIGHT,
                alt=describe_chart(history, metric),  # type: ignore[arg-type]
            )


def _format_seconds(seconds: float) -> str:
    if seconds < 100:
        return format_unit(seconds, "second", ".1f" if seconds < 10 else ".0f")
    return format_unit(seconds / 60, "minute")
