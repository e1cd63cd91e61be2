"""Watch: the state of the run, its buttons, its figures, its charts."""

from collections.abc import Callable

import streamlit as st

from mnist_demo.errors import MnistDemoError
from mnist_demo.history import History
from mnist_demo.jobs import Job, State
from mnist_demo.presets import PRESETS
from mnist_demo.translation import _, ngettext
from mnist_demo.ui import keys, state
from mnist_demo.ui.charts import Axis, build_chart, describe_chart
from mnist_demo.ui.choices import read_choice
from mnist_demo.ui.kept_runs import can_go_on, go_on, save_now
from mnist_demo.ui.markdown import escape
from mnist_demo.ui.ownership import owns
from mnist_demo.ui.pictures import format_percent
from mnist_demo.ui.resources import job_registry, run_keeper
from mnist_demo.ui.state_words import STATE_WORDS

REFRESH_SECONDS = 0.5
FIRST_FIGURES_SECONDS = 0.3
CHART_HEIGHT = 200

STATE_COLOURS: dict[State, str] = {"diverged": "red", "failed": "red", "running": "primary", "finished": "primary"}


def render_training(beside_axis: Callable[[Job], None], beneath: Callable[[Job], None]) -> None:
    """Draw the run that this page shows, refreshed twice a second while it runs; or an invitation to start one.

    `beside_axis` and `beneath` draw more of the run, beside the choice of the charts' axis and beneath the charts.
    """
    job = state.current_job()
    if job is not None:
        # A warm worker has its first figures sooner: the chart begins with them, not half a second later.
        job.wait_for_first_figures(FIRST_FIGURES_SECONDS)
    refreshing = job is not None and job.is_active
    st.fragment(_render, run_every=REFRESH_SECONDS if refreshing else None)(job, refreshing, beside_axis, beneath)


def _render(
    shown: Job | None, refreshing: bool, beside_axis: Callable[[Job], None], beneath: Callable[[Job], None]
) -> None:
    job = state.current_job()
    if job is not shown or (job is not None and job.is_active != refreshing) or state.has_notices():
        st.rerun()  # starts or stops the timer, and tells the other panels
    # The first element in either case: what stays in its place on the page does not flicker.
    _render_status(job)
    if job is None:
        _render_invitation()
        return
    if job.detail:
        st.error(escape(job.detail), icon=":material/error:")
    _render_keeping(job)
    _render_progress(job)
    _render_figures(job)
    with st.container(horizontal=True, vertical_alignment="center", key="chart-row"):
        axis = _read_axis()
        beside_axis(job)
    _render_charts(job.history, axis)
    beneath(job)


def _render_invitation() -> None:
    preset = PRESETS.get(st.session_state[keys.PRESET])
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.markdown(_("## Watch a model learn to read"), text_alignment="center")
        st.markdown(
            _(
                "Press **Start training**: the loss falls, the accuracy rises, and what you draw is read by the model "
                "as it learns."
            ),
            text_alignment="center",
        )
        st.button(
            _("Start with “{preset}”").format(preset=_(preset.title)) if preset else _("Start with these settings"),
            key=keys.QUICK_START,
            type="primary",
            icon=":material/play_arrow:",
            on_click=_start,
        )


def _start() -> None:
    try:
        state.start_training(state.read_settings())
    except MnistDemoError as error:
        state.notify(str(error))


def _go_on() -> None:
    job = state.current_job()
    try:
        if job is not None:
            go_on(job.id)
    except MnistDemoError as error:
        state.notify(str(error))


def _render_status(job: Job | None) -> None:
    status = job.state if job else None
    paused = status == "paused"
    # Who only has the link to somebody's run looks on.
    mine = job is not None and owns(job.id)
    goes_on = job is not None and can_go_on(job)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="status-row"):
        with st.container(key=keys.TRAINING_STATUS, width="content"):
            st.badge(
                _(STATE_WORDS[status]) if status else _("not started"),
                color=STATE_COLOURS.get(status, "gray") if status else "gray",  # type: ignore[arg-type]
            )
        _button(
            keys.PAUSE,
            _("Go on") if goes_on else _("Resume") if paused else _("Pause"),
            "play_arrow" if paused or goes_on else "pause",
            enabled=goes_on or (mine and status in ("running", "paused")),
            on_click=_go_on if goes_on else (job.resume if paused else job.pause) if job else None,
        )
        _button(
            keys.STEP,
            _("Step"),
            "skip_next",
            enabled=mine and paused,
            on_click=job.step if job else None,
        )
        _button(
            keys.STOP,
            _("Stop"),
            "stop",
            enabled=mine and job is not None and not job.has_ended,
            on_click=job.stop if job else None,
        )
        _button(
            keys.RESET,
            _("Reset"),
            "restart_alt",
            enabled=job is not None,
            on_click=state.reset_training,
        )


def _render_keeping(job: Job) -> None:
    """Say what is unusual about the run: it is somebody else's, or cannot be saved."""
    if not owns(job.id):
        st.caption(_("You look at a run of somebody else, through its link. **Go on** would give you a copy of it."))
    problem = run_keeper().problem(job.id)
    if problem:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(escape(problem), icon=":material/save:")
            st.button(_("Try again"), key=keys.TRY_SAVING, icon=":material/refresh:", on_click=save_now, args=(job.id,))


def _button(key: str, label: str, icon: str, enabled: bool, on_click: Callable[[], None] | None) -> None:
    # No help=: a button with a tooltip stands twice in the document, and who looks for it by its key finds both.
    st.button(label, key=key, icon=f":material/{icon}:", disabled=not enabled, on_click=on_click)


def _render_progress(job: Job) -> None:
    history, chosen = job.history, job.hyperparameters
    title = chosen.model_title
    if history.started is None:
        before = job_registry().jobs_before(job)
        waiting = ngettext(
            "{model}: waits until a processor is free, after {count} other run.",
            "{model}: waits until a processor is free, after {count} other runs.",
            before,
        )
        text = waiting if job.state == "queued" else _("{model}: starting …")
        st.progress(0.0, text=text.format(model=title, count=before))
        return
    done = _("{model}: epoch {epoch} of {epochs}, step {step} of {steps}").format(
        model=title,
        epoch=min(chosen.epochs, history.step_count // history.started.steps_per_epoch + 1),
        epochs=chosen.epochs,
        step=f"{history.step_count:,}",
        steps=f"{history.started.total_steps:,}",
    )
    st.progress(history.progress, text=done)


def _render_figures(job: Job) -> None:
    """Draw the figures in force: of the last epoch where there is one, of the untrained model before."""
    unknown, history = "–", job.history
    last = history.epochs[-1] if history.epochs else None
    accuracy, test_loss = history.test_accuracy, history.test_loss
    pace, left = history.images_per_second, history.seconds_left
    if left is not None and job.speed is not None and history.started is not None:
        left += (history.started.total_steps - history.step_count) / job.speed
    train_loss = last.train_loss if last else None
    with st.container(horizontal=True, gap="medium", key="figures"):
        with st.container(key=keys.TEST_ACCURACY, width="content"):
            st.metric(_("Test accuracy"), unknown if accuracy is None else format_percent(accuracy, digits=2))
        st.metric(_("Test loss"), unknown if test_loss is None else f"{test_loss:.4f}", width="content")
        st.metric(_("Train loss"), unknown if train_loss is None else f"{train_loss:.4f}", width="content")
        st.metric(_("Images a second"), unknown if pace is None else f"{pace:,.0f}", width="content")
        if left and not job.has_ended:
            st.metric(_("Time left"), _format_seconds(left), width="content")
        else:
            st.metric(_("Training time"), _format_seconds(history.seconds), width="content")


def _read_axis() -> Axis:
    axes: dict[Axis, str] = {"step": _("by step"), "epoch": _("by epoch")}
    return read_choice(_("Horizontal axis of the charts"), axes, keys.CHART_AXIS)


def _render_charts(history: History, axis: Axis) -> None:
    with st.container(key=keys.LIVE_CHARTS):
        for figure, key in (("loss", keys.LOSS_CHART), ("accuracy", keys.ACCURACY_CHART)):
            st.echarts_chart(
                build_chart(history, figure, axis),  # type: ignore[arg-type]
                key=key,
                height=CHART_HEIGHT,
                alt=describe_chart(history, figure),  # type: ignore[arg-type]
            )


def _format_seconds(seconds: float) -> str:
    if seconds < 10:
        return _("{seconds} s").format(seconds=f"{seconds:.1f}")
    if seconds < 100:
        return _("{seconds} s").format(seconds=f"{seconds:.0f}")
    return _("{minutes} min").format(minutes=f"{seconds / 60:.0f}")
