"""Session state of the lesson: the part shown, the guesses and their answers, and its short runs."""

import functools
from collections.abc import Mapping

import streamlit as st

from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment
from mnist_demo.lesson.parts import PAGE_COUNT, PARTS, parse_page
from mnist_demo.processes import core_count
from mnist_demo.settings.hyperparameters import Hyperparameters, thread_count
from mnist_demo.translation import _
from mnist_demo.ui import keys, state, visitor
from mnist_demo.ui.ownership import run_commands
from mnist_demo.ui.resources import job_registry, orders
from mnist_demo.ui.streamlit_internals import session_id
from mnist_demo.ui.widgets.markdown import escape_markdown

PAGE_PARAMETER = "part"
_PAGE = "lesson-page-shown"
_GUESS, _ANSWER = "lesson-guess-", "lesson-answer-"  # of the kept values, with the part behind them
_VALUES = "lesson"
_UNKEPT = "lesson-unkept"  # of the values, those that the server could not keep: they are here while the page is open
_RUNS = "lesson-runs"
_DIGIT = "lesson-digit"
_MOVES = "lesson-moves"
_JUST_REVEALED = "lesson-just-revealed"


def prepare_lesson_page() -> int:
    """Return the page to show, 1 to ``PAGE_COUNT``, and let the address and the row of numbers name it."""
    st.session_state.pop(_JUST_REVEALED, None)  # a guess has its part drawn anew, and not the page
    if _PAGE not in st.session_state:
        # Only then: later the browser may still send the address from before the last click.
        asked = st.query_params.get(PAGE_PARAMETER)
        page = parse_page(asked) if asked is not None else _kept_page()
        if page is None:
            sentence = _("The address asks for part “{part}” of the lesson, which has {count}: here is the first.")
            st.warning(
                sentence.format(part=escape_markdown((asked or "")[:20]), count=len(PARTS)), icon=":material/info:"
            )
            page = 1
        _keep_page(page)
    shown: int = st.session_state[_PAGE]
    if st.query_params.get(PAGE_PARAMETER) != str(shown):
        st.query_params[PAGE_PARAMETER] = str(shown)
    st.session_state[keys.LESSON_PAGE] = shown
    return shown


def _kept_page() -> int:
    """Return the page where this visitor was last, in whatever session."""
    page = visitor.read_values(_VALUES).get(_PAGE)
    return page if isinstance(page, int) and 1 <= page <= PAGE_COUNT else 1


def _keep_page(page: int) -> None:
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        if page != _kept_page():
            visitor.keep_values(_VALUES, {_PAGE: page})


def go_to(page: int) -> None:
    """Go to a page, and have its heading focused: the button that led there is gone, or far from what is new."""
    _keep_page(min(max(page, 1), PAGE_COUNT))
    st.session_state[_MOVES] = moves() + 1


def moves() -> int:
    """Return how often a button led to another page."""
    return int(st.session_state.get(_MOVES, 0))


def go_to_chosen() -> None:
    """Go to the page that was pressed in the row of numbers, where the focus stays."""
    _keep_page(st.session_state[keys.LESSON_PAGE])


def guesses() -> dict[str, str | None]:
    """Return what was guessed, by part; None where the answer was shown without a guess."""
    return _chosen(_GUESS)


def answers() -> dict[str, str | None]:
    """Return what the real runs gave, by part, as far as they were shown."""
    return _chosen(_ANSWER)


def _chosen(kind: str) -> dict[str, str | None]:
    """Return which option of each part is the visitor's guess, or the answer: in any of her tabs, now or before."""
    known = {**visitor.read_values(_VALUES), **st.session_state.get(_UNKEPT, {})}
    return {
        part.name: known[kind + part.name]
        for part in PARTS
        if kind + part.name in known and known[kind + part.name] in (None, *part.options)
    }


def _choose(kind: str, part: str, option: str | None) -> None:
    chosen = _chosen(kind)
    if part not in chosen or chosen[part] != option:
        unkept = {name: value for name, value in st.session_state.get(_UNKEPT, {}).items() if name != kind + part}
        if not visitor.keep_values(_VALUES, {kind + part: option}):
            unkept[kind + part] = option
        st.session_state[_UNKEPT] = unkept


def reveal(part: str, guess: str | None) -> None:
    """Remember the guess, and that the answer may be shown."""
    _choose(_GUESS, part, guess)
    note_revealed(part)


def note_revealed(name: str) -> None:
    """Remember that a button led to what is called `name`, and is gone."""
    st.session_state[_JUST_REVEALED] = name


def is_just_revealed(part: str) -> bool:
    """Return whether the button that led to `part` was the last that was pressed and is gone."""
    return bool(st.session_state.get(_JUST_REVEALED) == part)


def note_answer(part: str, answer: str) -> None:
    """Remember what the real runs gave."""
    _choose(_ANSWER, part, answer)


def reveal_chosen(part: str) -> None:
    """Take the option that is chosen as the guess."""
    reveal(part, st.session_state[keys.GUESS + part])


def begin_again() -> None:
    """Forget guesses, answers and runs, and go to the first part."""
    for part in list(st.session_state.get(_RUNS, {})):
        drop_runs(part)
    visitor.forget_values(_VALUES)
    st.session_state.pop(_UNKEPT, None)
    go_to(1)


def digit_index(count: int) -> int:
    """Return which of `count` digits is looked at."""
    return int(st.session_state.setdefault(_DIGIT, 0)) % count


def choose_other_digit() -> None:
    st.session_state[_DIGIT] = st.session_state.get(_DIGIT, 0) + 1


def start_runs(part: str, wanted: Mapping[str, Hyperparameters]) -> dict[str, Job]:
    """Return the runs of `part` by name; start them with this session's digits unless that has been done.

    Raises
    ------
    JobError
        When the server has too many of them at the moment; then none is started.
    """
    dataset = state.current_dataset()
    kept = runs(part)
    if kept and all(job.dataset.digest == dataset.digest for job in kept.values()):
        return kept
    drop_runs(part)
    started: dict[str, Job] = {}
    half = max(1, core_count() // 2)
    st.session_state.setdefault(_RUNS, {})[part] = started
    try:
        for name, hyperparameters in wanted.items():
            threads = min(thread_count(hyperparameters), half)
            assignment = Assignment(hyperparameters, dataset, threads=threads)
            start = functools.partial(run_commands().start_brief, assignment, session_id())
            started[name], _is_new = orders().start(f"{session_id()} {part} {name}", assignment, start)
    except Exception:
        drop_runs(part)
        raise
    return started


def runs(part: str) -> dict[str, Job]:
    """Return the runs of `part` by name, none before they are started; the server forgets those that have ended."""
    kept: dict[str, Job] = st.session_state.get(_RUNS, {}).get(part, {})
    for job in kept.values():
        if not job.has_ended:
            job.watch(session_id())
        elif job_registry().get(job.id) is not None:
            run_commands().forget_brief(job)
    return kept


def has_active_runs(*parts: str) -> bool:
    """Return whether a run of one of `parts` is going on."""
    return any(job.is_active for part in parts for job in runs(part).values())


def drop_runs(part: str) -> None:
    """Stop and forget the runs of `part`: the next look at it starts new ones."""
    for job in st.session_state.get(_RUNS, {}).pop(part, {}).values():
        run_commands().forget_brief(job)
