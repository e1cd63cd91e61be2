"""Saved runs: round trips, detection of damage, and removal of old runs to make room."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import mnist_demo
from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.errors import RunError
from mnist_demo.models.checkpoints import checkpoint_to_bytes, load_checkpoint
from mnist_demo.models.classifiers import build_model
from mnist_demo.saved_runs.places import LIMIT_VARIABLE, runs_folder
from mnist_demo.saved_runs.records import (
    CURVE_POINTS,
    DatasetFacts,
    RunContent,
    curve_of,
    metrics_of,
    now,
)
from mnist_demo.saved_runs.store import HISTORY, MODEL, RECORD, RunStore
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.events import Epoch
from mnist_demo.training.history import History
from mnist_demo.training.loop import train
from tests import ROOT
from tests.saved_runs.records import record, short_history


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs", limit_bytes=10**9)


def test_saved_run_is_loaded_with_its_history_model_and_training_state(
    store: RunStore, builtin: DigitDataset, quick: Hyperparameters
) -> None:
    model, history = build_model(quick), History()
    for event in train(model, quick, builtin):
        history.append(event)
    metrics = metrics_of(history)
    content = RunContent(history, checkpoint_to_bytes(model, quick, "builtin", builtin.digest, metrics), b"state")
    written = record(hyperparameters=quick, dataset=DatasetFacts.of(builtin), metrics=metrics, curve=curve_of(history))
    assert store.save(written, content) == []

    (listed,) = RunStore(store.folder).runs()
    found, read = store.load(listed.id)
    assert found == listed
    assert listed.hyperparameters == quick
    assert listed.dataset.digest == builtin.digest
    assert listed.metrics["test_accuracy"] == history.test_accuracy
    assert listed.metrics["step"] == history.step_count
    assert read.history.steps == history.steps
    assert read.history.epochs == history.epochs
    assert read.training_state == b"state"
    classifier = load_checkpoint(store.folder / listed.id)  # evaluate and classify accept the run's folder
    assert classifier.metrics["test_accuracy"] == history.test_accuracy
    images = scale_pixels(builtin.test_pixels[:20])
    assert (classifier.predict_probabilities(images).argmax(axis=1) == builtin.test_labels[:20]).mean() > 0.8


def test_history_file_can_be_read_by_pandas(store: RunStore) -> None:
    store.save(record(), RunContent(short_history()))
    frame = pd.read_csv(store.folder / record().id / HISTORY)
    steps = frame[frame["event"] == "step"]
    assert list(steps["step"]) == [1, 2, 3]
    assert steps["train_loss"].iloc[1] == 0.5


def test_run_file_names_versions_and_machine(store: RunStore) -> None:
    store.save(record(), RunContent(short_history()))
    about = json.loads((store.folder / record().id / RECORD).read_text())
    assert about["hyperparameters"]["seed"] == 0
    assert about["versions"]["mnist-demo"] == mnist_demo.__version__
    assert set(about["versions"]) >= {"python", "torch", "numpy"}
    assert set(about["machine"]) >= {"system", "processor", "cores"}


def test_runs_are_listed_newest_first_and_by_owner(store: RunStore) -> None:
    for number, owner in enumerate(["me", "you", "me"]):
        store.save(record(number, owner=owner), RunContent(short_history()))
    assert [found.hyperparameters.seed for found in store.runs()] == [2, 1, 0]
    assert [found.hyperparameters.seed for found in store.runs("me")] == [2, 0]
    assert store.runs("nobody") == []
    assert store.find(record(1).id) is not None  # by its id, whoever owns it


def test_saving_again_keeps_name_owner_and_time_of_creation(store: RunStore) -> None:
    store.save(record(), RunContent(short_history()))
    assert store.rename(record().id, "  my  best\nrun ") == "my best run"
    later = record(owner="someone else", created=now(), state="stopped")
    store.save(later, RunContent(short_history(7)))
    found, content = store.load(record().id)
    assert (found.name, found.owner, found.created, found.state) == ("my best run", "me", record().created, "stopped")
    assert content.history.step_count == 7


@pytest.mark.parametrize("name", ["../../etc", "C:\\Windows", "<b>bold</b>", "数字", "x" * 500, "\x00\x1b[31m", "🙂"])
def test_name_of_a_run_never_becomes_a_path(store: RunStore, name: str) -> None:
    store.save(record(), RunContent(short_history()))
    before = sorted(path.name for path in store.folder.parent.rglob("*"))
    kept = store.rename(record().id, name)
    assert sorted(path.name for path in store.folder.parent.rglob("*")) == before
    assert store.get(record().id).name == kept
    assert len(kept) <= 80
    assert kept.isprintable()


def test_invalid_id_is_an_unknown_run(store: RunStore) -> None:
    (store.folder.parent / "secret-folder").mkdir()
    store.save(record(), RunContent(short_history()))
    for run_id in ("../secret-folder", "..", "", "/etc", ".lock", "run-0000000000000009"):
        assert store.find(run_id) is None
        for action in (store.get, store.load, store.delete):
            with pytest.raises(RunError, match="There is no saved run"):
                action(run_id)
        store.destroy([run_id])
        assert store.undelete(run_id) is False
    assert (store.folder.parent / "secret-folder").is_dir()


def test_deleted_run_is_gone_and_can_be_restored(store: RunStore) -> None:
    store.save(record(), RunContent(short_history()))
    store.delete(record().id)
    assert store.runs() == []
    store.save(record(), RunContent(short_history()))  # by a worker still running: must not restore the run
    assert store.find(record().id) is None
    assert store.undelete(record().id)
    assert [found.id for found in store.runs()] == [record().id]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        (RECORD, b""),
        (RECORD, b"{"),
        (RECORD, b"[]"),
        (RECORD, b"[" * 100_000),
        (RECORD, b'{"format": "mnist-demo-run", "version": 2}'),
        (RECORD, b" " * 300_000),
        (RECORD, None),
        (HISTORY, b"event\n"),
        (HISTORY, None),
    ],
)
def test_damaged_run_is_skipped_with_a_sentence_in_the_log(
    store: RunStore, file: str, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    store.save(record(1), RunContent(short_history()))
    store.save(record(2), RunContent(short_history()))
    path = store.folder / record(1).id / file
    path.unlink() if content is None else path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert [found.id for found in RunStore(store.folder).runs()] == [record(2).id]
    (entry,) = caplog.records
    assert record(1).id in entry.getMessage()
    assert "damaged" in entry.getMessage()


@pytest.mark.parametrize(
    "change",
    [
        {"hyperparameters": {"model": "linear", "epochs": -1}},
        {"hyperparameters": {"code": "import os"}},
        {"figures": {"test_accuracy": "high"}},
        {"figures": []},
        {"curve": [0.5] * 1000},
        {"files": {"../../outside.txt": [1, "0"]}},
        {"files": {"history.csv": 3}},
        {"created": "yesterday"},
        {"created": "2026-01-01"},
        {"state": "excellent"},
        {"owner": None},
        {"dataset": {"name": "builtin"}},
        {"surprise": 1},
        {"id": "run-0000000000000777"},
    ],
)
def test_run_file_with_invalid_values_is_skipped(store: RunStore, change: dict[str, Any]) -> None:
    store.save(record(), RunContent(short_history()))
    path = store.folder / record().id / RECORD
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert RunStore(store.folder).runs() == []


def test_file_changed_without_changing_its_size_is_rejected_when_opened(store: RunStore) -> None:
    store.save(record(), RunContent(short_history(), model=b"weights"))
    (store.folder / record().id / MODEL).write_bytes(b"WEIGHTS")
    with pytest.raises(RunError, match="is damaged and cannot be opened"):
        store.load(record().id)


def test_full_store_removes_the_oldest_runs_without_a_name(store: RunStore) -> None:
    for number in range(4):
        store.save(record(number), RunContent(short_history(), model=b"x" * 100_000))
        time.sleep(0.005)  # the age of a run counts from its last save, to the millisecond
    store.rename(record(0).id, "the first")
    small = RunStore(store.folder, limit_bytes=store.used_bytes() + 50_000)
    removed = small.save(record(4), RunContent(short_history(), model=b"x" * 200_000))
    assert [gone.id for gone in removed] == [record(1).id, record(2).id]
    assert {found.hyperparameters.seed for found in small.runs()} == {0, 3, 4}
    assert small.used_bytes() <= small.limit_bytes


def test_deleted_runs_are_removed_before_others(store: RunStore) -> None:
    for number in range(3):
        store.save(record(number), RunContent(short_history(), model=b"x" * 100_000))
    store.delete(record(2).id)
    small = RunStore(store.folder, limit_bytes=store.used_bytes() + 120_000)
    assert small.save(record(4), RunContent(short_history(), model=b"x" * 100_000)) == []
    assert not small.undelete(record(2).id)


def test_store_full_of_named_runs_raises_a_sentence_and_removes_nothing(store: RunStore) -> None:
    store.save(record(0), RunContent(short_history(), model=b"x" * 100_000))
    store.save(record(1), RunContent(short_history(), model=b"x" * 1_000))
    store.rename(record(0).id, "mine")
    small = RunStore(store.folder, limit_bytes=120_000)
    with pytest.raises(RunError, match=r"leave less of the .* MB for all; delete some"):
        small.save(record(2), RunContent(short_history(), model=b"x" * 100_000))
    assert len(small.runs()) == 2


@pytest.mark.parametrize("text", ["many", "0", "-5", "nan", "1e30"])
def test_limit_that_is_not_a_positive_number_raises(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, text)
    with pytest.raises(RunError, match="MNIST_DEMO_RUNS_MB must be a number of megabytes above 0"):
        RunStore()


def test_folder_that_cannot_be_written_raises_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file, not a folder")
    store = RunStore(tmp_path / "home" / "runs")
    with pytest.raises(RunError, match=r"^The run cannot be saved in .* \(.*\); free some room there.*\.$"):
        store.save(record(), RunContent(short_history()))


def test_runs_are_saved_in_the_home_that_the_environment_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MNIST_DEMO_HOME", str(tmp_path))
    assert runs_folder() == tmp_path / "runs"
    monkeypatch.delenv("MNIST_DEMO_HOME")
    assert "mnist-demo" in str(runs_folder())


def test_curve_of_a_long_run_is_short_and_ends_with_the_newest() -> None:
    history = short_history()
    for epoch in range(2, 500):
        history.append(Epoch(epoch, 3 * epoch, 0.5, 0.8, 0.4, epoch / 1000, None, None, 1.0))
    assert len(curve_of(history)) <= CURVE_POINTS + 1
    assert curve_of(history)[-1] == 0.499


SAVER = """
import sys
from pathlib import Path
from tests.saved_runs.records import record, short_history
from mnist_demo.saved_runs.records import RunContent
from mnist_demo.saved_runs.store import RunStore

store = RunStore(Path(sys.argv[1]), limit_bytes=10**9)
for number in range(1, 10_000):
    steps = number % 90 + 1
    store.save(record(metrics={"step": steps}), RunContent(short_history(steps), bytes(steps), bytes(steps)))
    if number == 1:  # by now everything is imported
        print("begun", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_run_whose_process_is_killed_while_saving_is_complete(store: RunStore) -> None:
    for attempt in range(4):
        command = [sys.executable, "-c", SAVER, str(store.folder)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.05 + 0.03 * attempt)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        found, content = store.load(record().id)
        assert content.history.step_count == len(content.model or b"") == len(content.training_state or b"")
        assert found.step == content.history.step_count
