"""Session state of the page “Compare”: the runs to compare, their letters, and forks of them."""

from typing import Any

import streamlit as st

from mnist_demo.errors import HyperparameterError
from mnist_demo.insight.comparison import ComparedRun
from mnist_demo.jobs.job import Job
from mnist_demo.saved_runs.records import DatasetFacts
from mnist_demo.settings.changes import changeable_names
from mnist_demo.settings.fields import FIELDS, parse_value
from mnist_demo.translation import _, translated
from mnist_demo.ui import state, visitor
from mnist_demo.ui.resources import run_store
from mnist_demo.ui.widgets.state_words import STATE_WORDS

_SAVED = "saved-runs-compared"
_LETTERS = "letters-of-runs"
_FORK_PROBLEM = "fork-problem"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def session_jobs() -> list[Job]:
    """Return the runs of this session that are still kept, the oldest first."""
    current = state.current_job()
    return [*reversed(state.earlier_jobs()), *([current] if current is not None else [])]


def comparable_runs() -> list[ComparedRun]:
    """Return the runs of this session, the oldest first, and the saved ones chosen; each keeps its letter."""
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
    return [*runs, *(run for run in _loaded_runs().values() if run.key not in shown)]


def saved_titles() -> dict[str, str]:
    """Return this visitor's saved runs that are not among those of the session: title by id, the newest first.

    Raises
    ------
    RunError
        When the saved runs cannot be read.
    """
    shown = {job.id for job in session_jobs()}
    return {
        record.id: _("{title}, {day}").format(title=record.title, day=f"{record.created:%Y-%m-%d %H:%M}")
        for record in run_store().runs(visitor.owner())
        if record.id not in shown
    }


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


def start_fork(job: Job, name: str, value: Any) -> None:
    """Start a run that is like `job` but for one setting, beside it, and fill in the form with its settings.

    Raises
    ------
    MnistDemoError
        When the value is that of `job` already, or cannot be, or no run can be started.
    """
    if isinstance(value, str) and FIELDS[name].kind != "choice":
        value = parse_value(name, value)
    hyperparameters = job.hyperparameters.replace(**{name: value})
    if hyperparameters == job.hyperparameters:
        sentence = _("Change the value of “{setting}” first: it is the same in that run.")
        raise HyperparameterError(sentence.format(setting=_(FIELDS[name].title)), name)
    # The digits and the beginning of that run too, and what was changed on its way: only one thing is to differ.
    possible = set(changeable_names(hyperparameters)) - {name}
    changes = tuple(event.change for event in job.history.changes if event.change.name in possible)
    state.start_training(hyperparameters, job.initial_weights, job.extra, beside=job, changes=changes)
    state.write_settings(hyperparameters)


def note_fork_problem(sentence: str) -> None:
    """Remember why the last press of the fork's button started nothing; an empty text when it did."""
    st.session_state[_FORK_PROBLEM] = sentence


def fork_problem() -> str:
    problem: str = st.session_state.get(_FORK_PROBLEM, "")
    return translated(problem)
