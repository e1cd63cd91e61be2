"""Session state of all pages: the runs, the digits, the seed of the samples.

Only modules called ``state`` or ``*_state``, each for its own part, and widgets write to ``st.session_state``.
"""

from collections.abc import Sequence

import streamlit as st

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import RunError
from mnist_demo.files import Content
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment
from mnist_demo.saved_runs.following import FollowedJob
from mnist_demo.settings.changes import Change
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.links import settings_from_address
from mnist_demo.training.fine_tuning import ExtraImages
from mnist_demo.training.speed import FULL, RISING, Speed
from mnist_demo.translation import translated
from mnist_demo.ui import keys, link_state, visitor, visitor_state
from mnist_demo.ui.form import state as form_state
from mnist_demo.ui.ownership import attempt, find_job, owns, run_commands, start_job, why_not_found
from mnist_demo.ui.resources import job_registry
from mnist_demo.ui.streamlit_internals import session_id

RUN_PARAMETER = "run"
_RUN = "current-run"
_DATASET = "dataset"
_PREPARED = "prepared"
_DATA_PROBLEM = "data-problem"
_START_PROBLEM = "start-problem"
_EARLIER_RUNS = "earlier-runs"
MAX_EARLIER_RUNS = 7
_TOGETHER = "runs-started-together"
_SAMPLE_SEED = "sample-seed"


def prepare_session() -> None:
    """Fill the session's state on its first run: the settings of the run in the address, or those of the address."""
    if _PREPARED not in st.session_state and RUN_PARAMETER in st.query_params:
        # Only then: later the browser may still send the address from before the newest run was put into it.
        st.session_state[_RUN] = st.query_params[RUN_PARAMETER]
    form_state.keep_settings()
    _reopen_shown_run()
    job = current_job()
    if job is None and (shown := st.session_state.pop(_RUN, None)) is not None:
        visitor_state.notify(why_not_found(shown))
    write_address()
    asked = st.query_params.to_dict()
    link_state.keep_link(st.query_params)
    of_class = link_state.settings_to_fill_in()
    if _PREPARED in st.session_state:
        if of_class is not None:
            form_state.write_settings(of_class)
        return
    st.session_state[_PREPARED] = True
    hyperparameters, sentences = settings_from_address(st.query_params.to_dict(), job.hyperparameters if job else None)
    # A first run is to be watched.
    speed, complaints = link_state.speed_from_address(st.query_params.to_dict(), RISING if job is None else FULL)
    for sentence in sentences + complaints + link_state.overruled(asked):
        visitor_state.notify(sentence)
    form_state.write_settings(hyperparameters)
    st.session_state[keys.START_SPEED] = speed


def shows_bench_only() -> bool:
    """Tell whether the address asks for the bench alone (``?only=draw``): to draw and leave, or to embed."""
    return st.query_params.get(link_state.ONLY_PARAMETER) == link_state.ONLY_BENCH


def _reopen_shown_run() -> None:
    """Take the run that this page shows from the disk, if the server does not have it: after a restart, or a lease."""
    shown = st.session_state.get(_RUN)
    if shown is not None and job_registry().get(shown) is None:
        try:
            find_job(shown, current_dataset())
        except RunError as error:
            visitor_state.notify(str(error))


def current_job() -> Job | None:
    """Return the run that this page shows, if this server still knows it."""
    job_id = st.session_state.get(_RUN)
    job = job_registry().get(job_id) if job_id else None
    if isinstance(job, FollowedJob):
        job.look()
    if job is not None:
        job.watch(session_id())
    return job


def start_training(
    hyperparameters: Hyperparameters,
    initial_weights: Content | None = None,
    extra: ExtraImages | None = None,
    beside: Job | None = None,
    speed: Speed = None,
    changes: tuple[Change, ...] = (),
) -> Job:
    """Start a run with this session's dataset; the runs until now, if any, are stopped and kept for comparison.

    It begins with `initial_weights` instead of random ones, mixes `extra` images into its batches, and makes `changes`
    of its settings on the way, where given. A run `beside` another has the digits of that one, and stops none.

    Raises
    ------
    MnistDemoError
        When it cannot be started; then the run shown until now goes on.
    """
    dataset = beside.dataset if beside else current_dataset()
    assignment = Assignment(hyperparameters, dataset, initial_weights, extra, changes=changes)
    job = start_job(assignment, speed=speed)
    show_run_next(job, stop_others=beside is None)
    return job


def start_beside(shown: Job, settings: Sequence[Hyperparameters], changes: tuple[Change, ...] = ()) -> None:
    """Start several runs with these settings, and the digits and beginning of `shown`, which goes on: all or none.

    They are kept for comparison until as many others are started together.

    Raises
    ------
    MnistDemoError
        When one of them cannot be started.
    """
    for hyperparameters in settings:
        hyperparameters.split_sizes(len(shown.dataset.train_labels))
    job_registry().require_room(len(settings), visitor.owner())
    started = [
        start_job(Assignment(hyperparameters, shown.dataset, shown.initial_weights, shown.extra, changes=changes))
        for hyperparameters in settings
    ]
    st.session_state[_TOGETHER] = [job.id for job in started]
    st.session_state[_EARLIER_RUNS] = [*reversed(st.session_state[_TOGETHER]), *_earlier_ids()]
    _forget_oldest()


def _forget_oldest() -> None:
    """Keep as many earlier runs of this visitor as are compared, besides those that were started together last."""
    together = st.session_state.get(_TOGETHER, ())
    mine = [job for job in earlier_jobs() if owns(job.id) and job.id not in together]
    for forgotten in mine[MAX_EARLIER_RUNS:]:
        attempt(run_commands().forget, forgotten.id)


def show_run_next(job: Job, stop_others: bool = True) -> None:
    """Show `job` instead of the run shown until now, which is kept to compare; this visitor's other runs are stopped.

    A run of somebody else, which she saw through its link, goes on.
    """
    previous = current_job()
    if previous is not None and previous.id != job.id:
        st.session_state[_EARLIER_RUNS] = [previous.id, *_earlier_ids()]
    st.session_state[_EARLIER_RUNS] = [other for other in dict.fromkeys(_earlier_ids()) if other != job.id]
    for other in earlier_jobs() if stop_others else ():
        if owns(other.id) and not other.is_elsewhere:
            attempt(run_commands().stop, other.id)
    _forget_oldest()
    show_run(job)


def show_run(job: Job) -> None:
    """Let this page show `job` from here on, and its address name it."""
    st.session_state[_RUN] = job.id
    write_address()


def write_address() -> None:
    """Let the address name the run that is shown: a reload finds it by that. A change of page empties the address."""
    shown = st.session_state.get(_RUN)
    if shown is None:
        st.query_params.pop(RUN_PARAMETER, None)
    elif st.query_params.get(RUN_PARAMETER) != shown:
        st.query_params[RUN_PARAMETER] = shown


def earlier_jobs() -> list[Job]:
    """Return the runs of this session before the one shown, the newest first."""
    jobs = (job_registry().get(job_id) for job_id in _earlier_ids())
    return [job for job in jobs if job is not None]


def _earlier_ids() -> list[str]:
    ids: list[str] = st.session_state.setdefault(_EARLIER_RUNS, [])
    return ids


def reset_training() -> None:
    """Stop and drop the run that this page shows, and start from an empty chart."""
    job = current_job()
    if job is not None and owns(job.id):
        run_commands().forget(job.id)
    leave_run(st.session_state.get(_RUN))


def leave_run(run_id: str | None) -> None:
    """Show that run no more, if it is the one that this page shows."""
    if st.session_state.get(_RUN) == run_id:
        st.session_state.pop(_RUN, None)
        write_address()


def current_dataset() -> DigitDataset:
    dataset: DigitDataset = st.session_state[_DATASET]
    return dataset


def choose_dataset(dataset: DigitDataset) -> None:
    """Use `dataset` in this session from here on; a run goes on with the one that it was started with."""
    st.session_state[_DATASET] = dataset


def note_start_problem(sentence: str) -> None:
    """Remember why the last press of Start started nothing; an empty text when it did."""
    st.session_state[_START_PROBLEM] = sentence


def start_problem() -> str:
    return translated(st.session_state.get(_START_PROBLEM, ""))


def note_data_problem(sentence: str) -> None:
    """Remember why the digits that were asked for are not those in use."""
    st.session_state[_DATA_PROBLEM] = sentence


def data_problem() -> str:
    return translated(st.session_state.get(_DATA_PROBLEM, ""))


def has_dataset() -> bool:
    return _DATASET in st.session_state


def sample_seed() -> int:
    return int(st.session_state.setdefault(_SAMPLE_SEED, 0))


def choose_other_samples() -> None:
    st.session_state[_SAMPLE_SEED] = sample_seed() + 1
