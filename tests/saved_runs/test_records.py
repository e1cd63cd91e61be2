"""The metadata of a saved run, written and read."""

import dataclasses
import json

import pytest

from mnist_demo.saved_runs.records import RunRecord
from mnist_demo.settings.changes import Change
from tests.saved_runs.records import record


def test_run_from_before_settings_could_be_changed_has_no_changes() -> None:
    saved = record(changes=(Change(3, "learning_rate", 0.05), Change(9, "batch_size", 50)))
    assert RunRecord.from_json(saved.to_json()) == saved
    before = json.loads(saved.to_json())
    del before["changes"]
    assert RunRecord.from_json(json.dumps(before).encode()) == dataclasses.replace(saved, changes=())
    for changes in ([[3, "seed", 1]], [[-3, "dropout", 0.1]], [[3, "dropout", 7]], [[3]], 5):
        with pytest.raises(ValueError, match=r"run\.json"):
            RunRecord.from_json(json.dumps(before | {"changes": changes}).encode())
