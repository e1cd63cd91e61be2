"""Session state of the page “Compare”: the runs to compare, their letters, and forks of them."""

from collections.abc import Mapping, Set
from typing import Any

import streamlit as st

from mnist_demo.insight.comparison import ComparedRun, distinguishing_settings
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import STATE_WORDS
from mnist_demo.saved_runs.records import DatasetFacts
from mnist_demo.settings.changes import changeable_names
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.variations import parse_values, vary
from mnist_demo.translation import _, translated
from mnist_demo.ui import state, visitor
from mnist_demo.ui.form import state as form_state
from mnist_demo.ui.ownership import attempt, owns, run_commands
from mnist_demo.ui.resources import job_registry, run_store

_SAVED = "saved-runs-compared"
_OF_OTHER_TABS = "runs-of-other-tabs"
_LETTERS = "letters-of-runs"
_FORK_PROBLEM = "fork-problem"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def session_jobs() -> list[Job]:
    """Return the runs of this session that are still kept, the oldest first; before them those of other tabs."""
    current = state.current_job()
    mine = [*reversed(state.earlier_jobs()), *([current] if current is not None else [])]
    return [*_jobs_of_other_tabs({job.id for job in mine}), *mine]


def _jobs_of_other_tabs(mine: Set[str]) -> list[Job]:
    """Return the runs that trained in other tabs while this session looked; they stay when they have ended.

    All are in the server's memory, so that this can be asked every second.
    """
    seen: dict[str, None] = st.session_state.setdefault(_OF_OTHER_TABS, {})
    jobs = [job for job in job_registry().jobs() if job.id not in mine]
    seen |= {job.id: None for job in jobs if job.id not in seen and job.is_active and owns(job.id)}
    return [job for job in jobs if job.id in seen]


def comparable_runs() -> list[ComparedRun]:
    """Return the `session_jobs`, by their letters, which they keep, and then the saved runs chosen."""
    jobs = session_jobs()
    runs = [
        ComparedRun(
            key=job.id,
            letter=_letter_of(job.id),
            hyperparameters=job.hyperparameters,
            history=job.history,
            digits=_digits_title(DatasetFacts.of(job.dataset)),
            state=_(STATE_WORDS[job.state]),
        )
        for job in jobs
    ]
    shown = {job.id for job in jobs}
    runs.sort(key=lambda run: (len(run.letter), run.letter))
    return [*runs, *(run for run in _loaded_runs().values() if run.key not in shown)]


def saved_titles() -> dict[str, str]:
    """Return this visitor's saved runs that are not among those of the session: title by id, the newest first.

    Raises
    ------
    RunError
        When the saved runs cannot be read.
    """
    shown = {job.id for job in session_jobs()}
    titles = {}
    for record in run_store().runs(visitor.owner()):
        if record.id not in shown:
            title = " · ".join([record.title, *distinguishing_settings(record.hyperparameters)])
            titles[record.id] = _("{title}, {day}").format(title=title, day=f"{record.created:%Y-%m-%d %H:%M}")
    return titles


def compare_saved(run_ids: list[str]) -> None:
    """Let these saved runs, and no other ones, be among the compared runs.

    Raises
    ------
    RunError
        When one of them is damaged or gone; the others are there.
    """
    loaded = _loaded_runs()
    for gone in [run_id for run_id in loaded if run_id not in run_ids]:
        del loaded[gone]
    for run_id in run_ids:
        if run_id not in loaded:
            record, content = run_store().load(run_id)
            loaded[run_id] = ComparedRun(
                key=run_id,
                letter=_letter_of(run_id),
                hyperparameters=record.hyperparameters,
                history=content.history,
                digits=_digits_title(record.dataset),
                state=_(STATE_WORDS.get(record.state, record.state)),  # type: ignore[call-overload]
                name=record.name,
            )


def _loaded_runs() -> dict[str, ComparedRun]:
    loaded: dict[str, ComparedRun] = st.session_state.setdefault(_SAVED, {})
    return loaded


def _digits_title(dataset: DatasetFacts) -> str:
    if dataset.name == "folder":
        return _("digits from “{folder}”").format(folder=dataset.source)
    return _("built-in digits") if dataset.name == "builtin" else _("MNIST")


def _letter_of(key: str) -> str:
    letters: dict[str, str] = st.session_state.setdefault(_LETTERS, {})
    if key not in letters:
        round_, place = divmod(len(letters), len(LETTERS))
        letters[key] = LETTERS[round_ - 1] * bool(round_) + LETTERS[place]
    return letters[key]


def planned_forks(job: Job, values: Mapping[str, Any]) -> list[Hyperparameters]:
    """Return the settings of the runs that try `values` instead of those of `job`: lists, or texts that list them.

    Raises
    ------
    HyperparameterError
        When a value cannot be or is missing, nothing would be different, or the runs are too many.
    """
    lists = {name: parse_values(name, value) if isinstance(value, str) else value for name, value in values.items()}
    return vary(job.hyperparameters, lists)


def start_forks(job: Job, values: Mapping[str, Any]) -> None:
    """Start the `planned_forks` beside `job`: all of them, or none.

    A single one is shown on “Train and draw”, and its settings are filled into the form there.

    Raises
    ------
    MnistDemoError
        As `planned_forks` does, and when they cannot be started.
    """
    forks = planned_forks(job, values)
    # The digits and the beginning of that run too, and what was changed on its way: only what was chosen is to differ.
    possible = set(changeable_names(forks[0])).intersection(*map(changeable_names, forks)) - set(values)
    changes = tuple(event.change for event in job.history.changes if event.change.name in possible)
    if len(forks) == 1:
        state.start_training(forks[0], job.initial_weights, job.extra, beside=job, changes=changes)
        form_state.choose_settings(forks[0])
    else:
        state.start_beside(job, forks, changes)


def running_jobs() -> list[Job]:
    """Return the runs of this visitor that compute or wait for it."""
    return [job for job in session_jobs() if job.is_active and owns(job.id)]


def stop_all() -> None:
    for job in reversed(running_jobs()):  # those that wait first, so that none of them is begun
        attempt(run_commands().stop, job.id)


def note_fork_problem(sentence: str) -> None:
    """Remember why the last press of the fork's button started nothing; an empty text when it did."""
    st.session_state[_FORK_PROBLEM] = sentence


def fork_problem() -> str:
    problem: str = st.session_state.get(_FORK_PROBLEM, "")
    return translated(problem)
