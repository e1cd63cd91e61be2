"""``python -m mnist_demo runs``: the command line sees the runs that are kept, and touches no other file."""

import json
import re
from pathlib import Path

import pytest

from mnist_demo.models.checkpoints import load_checkpoint
from mnist_demo.saved_runs.records import RunContent
from mnist_demo.saved_runs.store import RunStore
from tests.cli.conftest import Run
from tests.saved_runs.records import record, short_history


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("MNIST_DEMO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def train(run: Run, *flags: object) -> str:
    """Train in this process; return the id of the run that was kept."""
    before = {found.id for found in RunStore().runs()}
    assert run("train", "--data", "builtin", "--epochs", 1, *flags)[0] == 0
    (new,) = {found.id for found in RunStore().runs()} - before
    return new


def test_train_keeps_its_run_and_list_and_show_tell_of_it(run: Run) -> None:
    run_id = train(run, "--seed", 3)
    status, out, err = run("runs", "list", "--json")
    (line,) = [json.loads(text) for text in out.splitlines()]
    assert (status, err) == (0, "")
    assert (line["id"], line["model"], line["data"], line["state"]) == (run_id, "linear", "builtin", "finished")
    assert 0.5 < line["test_accuracy"] < 1
    assert run_id in run("runs", "list")[1]
    about = json.loads(run("runs", "show", run_id[:6], "--json")[1])
    assert about["hyperparameters"]["seed"] == 3
    assert about["dataset"]["digest"] == line["data_digest"]
    assert f"?run={run_id}" in run("runs", "show", run_id)[1]


def test_list_stands_in_columns_and_says_the_states_in_korean_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = train(run)
    monkeypatch.setenv("MNIST_DEMO_LANGUAGE", "ko")
    heads, row = (
        # Two characters for each letter that takes two columns, as they all do here.
        re.sub("[가-힣]", "..", line)
        for line in run("runs", "list")[1].replace("모델", "MMMM").replace("상태", "SSSS").splitlines()
    )
    assert row.startswith(run_id)
    assert row.index("linear") == heads.index("MMMM")
    assert run("runs", "list")[1].splitlines()[1].split()[-1] == "완료"
    assert row.rindex("....") == heads.index("SSSS")
    assert "finished" in run("runs", "list", "--json")[1]


def test_run_with_changes_is_repeated_with_what_show_tells_of_them(run: Run) -> None:
    flags = ("--change", "20:batch-size=50", "--change", "3:learning-rate=0.05")
    status, out, err = run("train", "--data", "builtin", "--epochs", 2, "--json", *flags)
    epochs = [json.loads(line) for line in out.splitlines()]
    assert (status, len(epochs)) == (0, 2)
    assert err.splitlines() == [
        "From here on: Learning rate 0.05 after step 3.",
        "From here on: Batch size 50 after step 20.",
    ]
    assert [change["setting"] for epoch in epochs for change in epoch.get("changes", [])] == [
        "learning_rate",
        "batch_size",
    ]
    (kept,) = RunStore().runs()
    assert kept.hyperparameters.batch_size == 100
    shown = run("runs", "show", kept.id)[1]
    assert "3:learning-rate=0.05" in shown
    assert json.loads(run("runs", "show", kept.id, "--json")[1])["changes"] == [
        [3, "learning_rate", 0.05],
        [20, "batch_size", 50],
    ]
    again = [flag for change in kept.changes for flag in ("--change", str(change))]
    repeated = run("train", "--data", "builtin", "--epochs", 2, "--json", *again)[1]
    assert [json.loads(line)["test_loss"] for line in repeated.splitlines()] == [epoch["test_loss"] for epoch in epochs]


def test_change_that_cannot_be_made_is_one_line_of_error(run: Run) -> None:
    for change, words in (("5:dropout=0.5", "“dropout” cannot be changed"), ("5:seed=1", "must be STEP:SETTING=VALUE")):
        status, out, err = run("train", "--data", "builtin", "--change", change)
        assert (status, out, len(err.splitlines())) == (2, "", 1)
        assert words in err


def test_train_without_keeping_writes_nothing(run: Run, home: Path) -> None:
    assert run("train", "--data", "builtin", "--epochs", 1, "--no-keep")[0] == 0
    assert not home.exists()


def test_train_in_an_unwritable_home_trains_and_says_so(run: Run, home: Path) -> None:
    home.write_text("not a folder")
    status, out, err = run("train", "--data", "builtin", "--epochs", 1, "--json")
    assert (status, len(out.splitlines()), len(err.splitlines())) == (0, 1, 1)
    assert "The run cannot be saved in" in err


def test_deleted_run_is_gone_and_restore_brings_it_back(run: Run) -> None:
    run_id = train(run)
    assert run("runs", "delete", run_id) == (0, "", "")
    assert run("runs", "list")[1] == ""
    assert run("runs", "restore", run_id) == (0, "", "")
    assert [found.id for found in RunStore().runs()] == [run_id]


def test_export_writes_files_of_the_formats_that_are_named(run: Run, tmp_path: Path) -> None:
    run_id = train(run)
    RunStore().rename(run_id, "../../mine & yours")
    _status, out, err = run("runs", "export", run_id, "history-csv", "safetensors", "--output", tmp_path / "out")
    files = [Path(line) for line in out.splitlines()]
    assert err == ""
    assert [file.parent for file in files] == [tmp_path / "out"] * 2
    assert all(file.name.startswith("mine-yours-linear-") for file in files)
    assert files[0].read_text().startswith("event,step,epoch")
    assert load_checkpoint(files[1]).hyperparameters.model == "linear"
    assert "onnx" in run("runs", "export", run_id)[1]  # without a format: which there are


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("show nothing-there", "There is no saved run “nothing-there”"),
        ("show ../../etc/passwd", "There is no saved run “../../etc/passwd”"),
        ("show run-0000", "2 runs have an id that begins with “run-0000”"),
        ("delete run-0000000000000001 nothing-there", "There is no saved run “nothing-there”"),
        ("restore run-0000000000000001", "There is no deleted run"),
        ("export run-0000000000000001 pickle", "There is no format “pickle”; choose from safetensors"),
        ("export run-0000000000000001 history-csv --output {file}/x", "cannot be written"),
        ("show run-0000000000000002", "There is no saved run"),
        ("", "required: ACTION"),
        ("show", "required: ID"),
    ],
)
def test_bad_input_is_one_line_and_status_two(run: Run, tmp_path: Path, arguments: str, message: str) -> None:
    store = RunStore()
    for number in (0, 1):
        store.save(record(number), RunContent(short_history()))
    (tmp_path / "file").write_text("")
    status, out, err = run("runs", *arguments.format(file=tmp_path / "file").split())
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert message in err
    assert len(store.runs()) == 2


def test_run_that_nobody_trains_any_more_is_listed_as_stopped(run: Run) -> None:
    RunStore().save(record(state="running"), RunContent(short_history()))
    assert json.loads(run("runs", "list", "--json")[1])["state"] == "stopped"
    claim = RunStore().claim(record().id)
    assert claim is not None
    assert json.loads(run("runs", "list", "--json")[1])["state"] == "running"
    claim.release()
