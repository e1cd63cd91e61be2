"""The short runs of the lesson, in processes of their own: how they are started, and what is told of them."""

from collections.abc import Mapping

import streamlit as st

from mnist_demo.errors import MnistDemoError
from mnist_demo.jobs.job import Job
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.translation import _, format_decimal, format_list, format_percent
from mnist_demo.ui import keys
from mnist_demo.ui.lesson import state as lesson_state
from mnist_demo.ui.lesson.charts import build_losses
from mnist_demo.ui.lesson.pictures import outcomes_html
from mnist_demo.ui.server.waiting import describe_wait
from mnist_demo.ui.widgets.markdown import escape_markdown

CHART_HEIGHT = 320


def start_or_say(part: str, wanted: Mapping[str, Hyperparameters]) -> dict[str, Job] | None:
    """Return the runs of `part`, started unless they have been; None, and the page says why, where that cannot be."""
    try:
        return lesson_state.start_runs(part, wanted)
    except MnistDemoError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return None


def say_progress(part: str, runs: Mapping[str, Job]) -> bool:
    """Draw how far the runs are, or that one did not end by itself; return whether the answer has to wait."""
    waiting = next((job for job in runs.values() if not job.has_ended), None)
    if waiting is not None:
        done = sum(1.0 if job.has_ended else job.history.progress for job in runs.values()) / len(runs)
        st.progress(min(done, 1.0), text=describe_wait(waiting) if waiting.state == "queued" else _("Training …"))
        return True
    broken = [job for job in runs.values() if job.state in ("failed", "stopped")]
    if broken:
        st.error(escape_markdown(broken[0].detail) or _("A run was stopped before its end."), icon=":material/error:")
        st.button(
            _("Run it again"),
            key=keys.RUN_AGAIN + part,
            icon=":material/replay:",
            on_click=lesson_state.drop_runs,
            args=(part,),
        )
    return bool(broken)


def render_losses(runs: Mapping[str, Job], key: str) -> None:
    """Draw the losses of every step, in a chart called `key`."""
    st.echarts_chart(
        build_losses({name: list(job.history.steps["train_loss"]) for name, job in runs.items()}),
        key=key,
        height=CHART_HEIGHT,
        alt=_("The training losses of {names} by step.").format(names=format_list(runs)),
    )


def render_runs(runs: Mapping[str, Job], misread_title: str | None = None) -> None:
    """Draw a table of how the runs ended; with `misread_title`, a column of how many test digits are misread."""
    rows = []
    for name, job in runs.items():
        history = job.history
        cells = [loss_of(job), accuracy_of(job)]
        if misread_title:
            n_test = len(job.dataset.test_labels)
            known = history.test_accuracy
            cells.append("–" if known is None else format_decimal(round((1 - known) * n_test)))
        rows.append((name, cells))
    titles = [_("test loss"), _("test accuracy"), *([misread_title] if misread_title else [])]
    st.html(outcomes_html(_("Results"), titles, rows))


def final_loss(job: Job) -> float | None:
    """Return the test loss, None where the run diverged or has none yet."""
    return None if job.state == "diverged" else job.history.test_loss


def loss_of(job: Job) -> str:
    """Return the final test loss in words."""
    loss = final_loss(job)
    return "–" if loss is None else format_decimal(loss, ",.3f")


def accuracy_of(job: Job) -> str:
    """Return the test accuracy in words."""
    known = job.history.test_accuracy
    return "–" if known is None else format_percent(known, digits=1)
