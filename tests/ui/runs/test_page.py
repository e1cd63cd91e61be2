"""The page of saved runs, through AppTest."""

import contextlib
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from mnist_demo.exports.exported_run import ExportedRun
from mnist_demo.jobs.errand import core
from mnist_demo.ui.resources import errand_queue, job_registry, run_keeper, run_store
from tests.ui.actions import (
    open_page,
    open_runs,
    restart_server,
    texts,
    train,
    wait_until_made,
    wait_until_saved,
)
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("_own_server")


def test_runs_of_a_new_visitor_are_none(browser: Any) -> None:
    assert "No runs yet" in texts(open_runs())


def test_run_is_named_found_deleted_and_brought_back(browser: Any) -> None:
    page = open_page()
    ids = [train(page, epochs=1, seed=seed) for seed in range(4)]
    page = open_runs(page)
    page.button(key=f"rename-run-{ids[0]}").click().run()
    page.text_input(key="run-name").set_value("../../the <b>first</b>")
    page.button(key="save-name").click().run()
    assert run_store().get(ids[0]).name == "../../the <b>first</b>"
    assert "../../the &lt;b&gt;first&lt;/b&gt;" in texts(page)

    for search, found in (("seed", ids[:0:-1]), ("first", ids[:1])):  # all but the first have another than the preset
        page.text_input(key="search-runs").set_value(search).run()
        shown = [button.key for button in page.button if (button.key or "").startswith("open-run")]
        assert shown == [f"open-run-{run_id}" for run_id in found]
    page.button(key=f"delete-run-{ids[0]}").click().run()
    assert run_store().find(ids[0]) is None
    assert "can bring it back for a day" in texts(page)
    page.button(key="undo-delete").click().run()
    assert run_store().get(ids[0]).name == "../../the <b>first</b>"
    assert "can bring it back" not in texts(page)


def place_of(block: Any, key: str) -> list[int]:
    """Return where in `block` the widget of that key is: the numbers of the elements around it."""
    for number, child in getattr(block, "children", {}).items():
        if getattr(child, "key", None) == key:
            return [number]
        if found := place_of(child, key):
            return [number, *found]
    return []


def test_runs_stay_where_they_are_when_others_are_deleted_and_brought_back(browser: Any) -> None:
    page = open_page()
    ids = [train(page, epochs=1, seed=seed) for seed in range(3)]
    page = open_runs(page)
    before = {run_id: place_of(page.main, f"open-run-{run_id}") for run_id in ids}
    assert all(before.values())
    for run_id in ids[:0:-1]:  # the newest stand first
        page.button(key=f"delete-run-{run_id}").click().run()
        assert not place_of(page.main, f"open-run-{run_id}")
        assert place_of(page.main, f"open-run-{ids[0]}") == before[ids[0]]
    page.button(key="undo-delete").click().run()
    assert [place_of(page.main, f"open-run-{run_id}") for run_id in ids[:2]] == [before[ids[0]], before[ids[1]]]


def test_saved_run_is_exported_in_a_format_that_is_chosen(browser: Any) -> None:
    run_id = train(open_page(), epochs=1)
    restart_server()
    page = open_runs()
    page.button(key=f"export-run-{run_id}").click().run()
    page.radio(key="run-format").set_value("history-csv").run()
    wait_until_made(page)
    assert not page.error
    (button,) = page.get("download_button")
    assert button.proto.label.startswith(f"Save linear-{run_id[:6]}-history.csv, ")
    assert "The run as it was after step 15." in texts(page)


def test_page_goes_on_while_the_file_of_a_saved_run_is_made_and_offers_it_then(
    browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = threading.Event()

    def build_when_told(run: ExportedRun, name: str) -> bytes:
        assert may_go_on.wait(60)
        return b"made"

    monkeypatch.setattr("mnist_demo.ui.export.state.build_export", build_when_told)
    run_id = train(open_page(), epochs=1)
    page = open_runs(open_page(lang="en"))
    page.button(key=f"export-run-{run_id}").click().run()
    page.radio(key="run-format").set_value("history-csv").run()
    assert "Making" in texts(page)
    assert not page.get("download_button")
    page.button(key=f"link-run-{run_id}").click().run()  # the page answers
    assert f"run={run_id}&lang=en" in page.code[-1].value  # her link had chosen the language
    page.button(key=f"export-run-{run_id}").click().run()
    page.radio(key="run-format").set_value("history-csv").run()
    may_go_on.set()
    wait_until_made(page)
    assert page.get("download_button")


def test_file_that_takes_long_to_make_waits_for_a_core(browser: Any) -> None:
    run_id = train(open_page(), epochs=1)
    page = open_runs()
    with contextlib.ExitStack() as others:
        for number in range(errand_queue().slots):
            others.enter_context(core(errand_queue(), f"another {number}"))
        page.button(key=f"export-run-{run_id}").click().run()
        page.radio(key="run-format").set_value("chart-svg").run()
        wait_until(lambda: [errand.state for errand in errand_queue()._queue()] == ["queued"])
        assert "Making" in texts(page.run())
    wait_until_made(page)
    assert page.get("download_button")


def test_saved_run_that_is_damaged_is_not_exported_and_that_is_said(browser: Any) -> None:
    run_id = train(open_page(), epochs=1)
    (run_store().folder / run_id / "history.csv").write_bytes(b"no history")
    page = open_runs()
    page.button(key=f"export-run-{run_id}").click().run()
    page.radio(key="run-format").set_value("history-csv").run()
    wait_until_made(page)
    assert "is damaged" in page.error[0].value
    assert not page.get("download_button")


def test_home_that_cannot_be_written_is_said_and_the_run_goes_on(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("not a folder")
    page = open_page()
    page.number_input(key="epochs").set_value(1)
    page.button(key="start-training").click().run()
    job = job_registry().jobs()[-1]
    assert job.wait(60) == "finished"
    deadline = time.monotonic() + 30
    while not run_keeper().problem(job.id):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    page.run()
    assert any("cannot be saved in" in warning.value for warning in page.warning)
    (tmp_path / "runs").unlink()
    page.button(key="try-saving").click().run()
    wait_until_saved(job.id, "finished")
