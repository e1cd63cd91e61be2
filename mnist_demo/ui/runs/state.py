"""Session state of the page “Runs”: the length of the list, what is open below a run, the run deleted last."""

import streamlit as st

from mnist_demo.saved_runs.records import RunRecord

RUNS_AT_ONCE = 10
_SHOWN, _ACTION, _LEAVING, _DELETED = "runs-shown", "action-on-saved-run", "leaving-the-runs", "run-deleted-last"
_PLACES = "places-of-deleted-runs"


def shown_count() -> int:
    """Return how many runs the list may show."""
    return int(st.session_state.get(_SHOWN, RUNS_AT_ONCE))


def show_more() -> None:
    st.session_state[_SHOWN] = shown_count() + RUNS_AT_ONCE


def open_action(run_id: str) -> str:
    """Return the key of the button that opened something below that run; an empty text where nothing is open."""
    action, of_run = st.session_state.get(_ACTION, ("", ""))
    return str(action) if of_run == run_id else ""


def toggle_action(action: str, run_id: str) -> None:
    """Open below a run what a button asks for, instead of what is open, or close it again."""
    st.session_state[_ACTION] = ("", "") if open_action(run_id) == action else (action, run_id)


def close_action() -> None:
    st.session_state[_ACTION] = ("", "")


def leave_if(is_opened: bool) -> None:
    """Remember whether a run has just been opened, which is shown on another page."""
    st.session_state[_LEAVING] = is_opened


def wants_to_leave() -> bool:
    """Tell, once, whether a run has just been opened."""
    return bool(st.session_state.pop(_LEAVING, False))


def note_deleted(record: RunRecord | None) -> None:
    """Remember the run that was deleted last; None when that is undone."""
    st.session_state[_DELETED] = record
    if record is not None:
        st.session_state[_PLACES] = [*_places(), record]


def with_places(records: list[RunRecord]) -> list[RunRecord | None]:
    """Return `records`, the newest first, with None where a run stood that was deleted in this session.

    Drawn with nothing in its place, the runs below would each move up, and be there twice until all have.
    """
    left = {record.id for record in records}
    gone = {deleted.id: deleted for deleted in _places() if deleted.id not in left}  # deleted again, it is there twice
    places: list[RunRecord | None] = list(records)
    for deleted in sorted(gone.values(), key=lambda record: record.created, reverse=True):
        older = (place for place, record in enumerate(places) if record and record.created < deleted.created)
        places.insert(next(older, len(places)), None)
    return places


def _places() -> list[RunRecord]:
    places: list[RunRecord] = st.session_state.get(_PLACES, [])
    return places


def last_deleted() -> RunRecord | None:
    """Return the run that was deleted last, as long as that can be undone."""
    deleted: RunRecord | None = st.session_state.get(_DELETED)
    return deleted
