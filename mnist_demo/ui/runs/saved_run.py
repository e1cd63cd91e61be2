"""One run of the list, and the buttons for what can be done with it."""

import zoneinfo
from collections.abc import Callable
from datetime import UTC, tzinfo

import streamlit as st

from mnist_demo.jobs.messages import STATE_WORDS
from mnist_demo.saved_runs.records import RunRecord
from mnist_demo.saved_runs.store import MAX_NAME
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.links import build_link
from mnist_demo.translation import _
from mnist_demo.ui import kept_runs, keys, state
from mnist_demo.ui.language.state import link_parameters
from mnist_demo.ui.link_state import page_address
from mnist_demo.ui.ownership import attempt, run_commands
from mnist_demo.ui.resources import run_store
from mnist_demo.ui.runs import state as runs_state
from mnist_demo.ui.runs.cards import run_card_html
from mnist_demo.ui.runs.export import render_export
from mnist_demo.ui.widgets.copied import render_copied


def render_saved_run(record: RunRecord) -> None:
    """Draw one run and its buttons, and below them what a button asked for."""
    word = _(STATE_WORDS[record.state])  # type: ignore[index]
    with st.container(border=True, gap="small"):
        st.html(run_card_html(record, word, _zone(), run_store().size(record.id)))
        with st.container(horizontal=True, gap="small"):
            _button(keys.OPEN_RUN, record, _("Open"), "open_in_full", _open)
            if not record.files:
                return  # it is saved within seconds, and the rest can be done with it then
            if record.state in ("stopped", "failed", "finished"):
                is_through = record.metrics.get("epochs", 0) >= record.hyperparameters.epochs
                _button(keys.GO_ON, record, _("Train further"), "play_arrow", _toggle if is_through else _go_on)
            _button(keys.RENAME_RUN, record, _("Rename"), "edit", _toggle)
            _button(keys.EXPORT_RUN, record, _("Export"), "download", _toggle)
            _button(keys.LINK_RUN, record, _("Link"), "link", _toggle)
            _button(keys.DELETE_RUN, record, _("Delete"), "delete", _delete)
        action = runs_state.open_action(record.id)
        if action in _BELOW:
            _BELOW[action](record)


def _button(key: str, record: RunRecord, label: str, icon: str, act: Callable[[str, RunRecord], None]) -> None:
    st.button(
        label,
        key=f"{key}-{record.id}",
        icon=f":material/{icon}:",
        type="tertiary",
        # In callbacks: the form beside the page is filled in anew, which must be before it is drawn.
        on_click=act,
        args=(key, record),
    )


def _open(_action: str, record: RunRecord) -> None:
    runs_state.leave_if(attempt(kept_runs.open_run, record.id))


def _go_on(_action: str, record: RunRecord) -> None:
    runs_state.leave_if(attempt(kept_runs.go_on, record.id))


def _train_more(record: RunRecord) -> None:
    runs_state.close_action()
    runs_state.leave_if(attempt(kept_runs.go_on, record.id, int(st.session_state[keys.MORE_EPOCHS])))


def _toggle(action: str, record: RunRecord) -> None:
    runs_state.toggle_action(action, record.id)


def _delete(_action: str, record: RunRecord) -> None:
    if attempt(kept_runs.delete, record.id):
        runs_state.note_deleted(record)


def _render_more_epochs(record: RunRecord) -> None:
    done = record.hyperparameters.epochs
    st.markdown(
        _("It has finished all its {count} epochs, and will go on exactly where it stopped.").format(count=done)
    )
    if record.hyperparameters.one_cycle:
        st.caption(_("The one-cycle schedule is stretched over the longer run."))
    most = max(1, FIELDS["epochs"].maximum - done)
    st.number_input(_("More epochs"), 1, int(most), int(min(done, most)), key=keys.MORE_EPOCHS, width=160)
    st.button(
        _("Train further"),
        key=keys.START_MORE,
        type="primary",
        icon=":material/play_arrow:",
        on_click=_train_more,
        args=(record,),
    )


def _render_naming(record: RunRecord) -> None:
    with st.form("name-run", border=False):
        st.text_input(_("Name"), record.name, max_chars=MAX_NAME, key=keys.RUN_NAME)
        st.caption(_("A run with a name is never removed to make room. Leave the field empty to remove the name."))
        st.form_submit_button(_("Save"), key=keys.SAVE_NAME, type="primary", on_click=_save_name, args=(record,))


def _save_name(record: RunRecord) -> None:
    if attempt(run_commands().rename, record.id, st.session_state[keys.RUN_NAME]):
        runs_state.close_action()


def _render_link(record: RunRecord) -> None:
    st.markdown(
        _(
            "Anyone who opens this link sees the run, its name, its charts and its model, but cannot change them. If "
            "the run stopped before its end, they can train a copy of it further."
        )
    )
    link = build_link(page_address(), {state.RUN_PARAMETER: record.id, **link_parameters()})
    render_copied(link)


# What a button opens below its run, by the button's key.
_BELOW: dict[str, Callable[[RunRecord], None]] = {
    keys.RENAME_RUN: _render_naming,
    keys.EXPORT_RUN: render_export,
    keys.LINK_RUN: _render_link,
    keys.GO_ON: _render_more_epochs,
}


def _zone() -> tzinfo:
    """Return the visitor's time zone, where her browser tells it."""
    name = st.context.timezone
    try:
        return zoneinfo.ZoneInfo(name) if isinstance(name, str) else UTC
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return UTC
