"""The page “Runs”: the runs that this visitor has trained, found, opened, continued, named, exported, deleted."""

import streamlit as st

from mnist_demo.errors import RunError
from mnist_demo.saved_runs.records import RunRecord
from mnist_demo.translation import _, format_decimal, ngettext
from mnist_demo.ui import kept_runs, keys, visitor
from mnist_demo.ui.ownership import perform, run_commands
from mnist_demo.ui.resources import run_keeper, run_store
from mnist_demo.ui.runs import state as runs_state
from mnist_demo.ui.runs.everything import render_everything
from mnist_demo.ui.runs.saved_run import render_saved_run
from mnist_demo.ui.widgets.markdown import escape_markdown
from mnist_demo.ui.widgets.pulse import render_pulse

REFRESH_SECONDS = 1.0


def render_runs(train_and_draw: st.Page) -> None:
    """Draw the runs, the newest first, and what can be done with each; one is opened on the page `train_and_draw`."""
    if runs_state.wants_to_leave():
        st.switch_page(train_and_draw)
    st.markdown(_("## My runs"))
    with st.container():  # when there is neither too: the list below would be there twice for a moment as they come
        _render_removed()
        _render_deleted()
    try:
        records = kept_runs.my_runs()
        used = run_store().used_bytes()
    except RunError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    if records:
        with st.container(key=keys.RUN_LIST):
            _render_list(records)
        st.caption(
            _(
                "All runs on this server take {used} of {limit} MB. When there is no room left, the oldest runs "
                "without a name are removed: name those that you want to keep."
            ).format(
                used=format_decimal(used / 1e6, ",.1f"), limit=format_decimal(run_store().limit_bytes / 1e6, ",.0f")
            )
        )
    else:
        st.info(
            _(
                "No runs yet. Every run that you train is saved automatically, and you can open it or train it "
                "further from here."
            ),
            icon=":material/history:",
        )
    render_everything()
    _watch(_states(records))


@st.fragment
def _watch(shown: list[tuple[str, str, bool]]) -> None:
    """Have the page drawn anew when a run has begun, ended or gone since, in whatever tab."""
    try:
        if _states(kept_runs.my_runs()) != shown:
            st.rerun()
    except RunError:
        return
    render_pulse(REFRESH_SECONDS, keys.RUNS_PULSE)


def _states(records: list[RunRecord]) -> list[tuple[str, str, bool]]:
    return [(record.id, record.state, bool(record.files)) for record in records]


def _render_list(records: list[RunRecord]) -> None:
    search = ""
    if len(records) > 3:
        search = st.text_input(
            _("Search"),
            key=keys.SEARCH_RUNS,
            placeholder=_("Name, model, digits, state or day"),
            icon=":material/search:",
            max_chars=100,
        )
    found = [record for record in records if kept_runs.matches(record, search)]
    if not found:
        st.caption(_("No run matches; there are {count} in all.").format(count=len(records)))
    shown = runs_state.shown_count()
    for record in runs_state.with_places(found[:shown]):
        if record is None:
            st.container()
        else:
            render_saved_run(record)
    if len(found) > shown:
        label = _("Show more ({count})").format(count=len(found) - shown)
        st.button(label, key=keys.MORE_RUNS, icon=":material/expand_more:", on_click=runs_state.show_more)


def _render_removed() -> None:
    count = run_keeper().take_removed(visitor.owner())
    if count:
        sentence = ngettext(
            "{count} old run without a name was removed to make room for newer ones.",
            "{count} old runs without a name were removed to make room for newer ones.",
            count,
        )
        st.warning(sentence.format(count=count), icon=":material/delete_sweep:")


def _render_deleted() -> None:
    deleted = runs_state.last_deleted()
    if deleted is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(
            _("“{name}” is deleted. You can bring it back for a day, unless its space is needed.").format(
                name=escape_markdown(deleted.title)
            )
        )
        st.button(_("Undo"), key=keys.UNDO_DELETE, icon=":material/undo:", on_click=_undo, args=(deleted,))


def _undo(deleted: RunRecord) -> None:
    if runs_state.last_deleted() is None:
        return  # a second click
    runs_state.note_deleted(None)
    perform(run_commands().undelete, deleted.id)
