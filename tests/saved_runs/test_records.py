"""The metadata of a saved run, written and read."""

import dataclasses
import json
import re

import pytest

from mnist_demo.errors import RunError
from mnist_demo.saved_runs.records import RunRecord
from mnist_demo.settings.changes import Change
from mnist_demo.translation import _, translated
from tests.exports.exported_runs import in_korean
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


def test_what_is_saved_holds_no_language_and_is_read_in_the_readers() -> None:
    def saved() -> bytes:
        sentence = _("The training process could not be started: {error}.")
        return record(
            state="failed",
            detail=sentence.format(
                error=RunError(_("Others are saving large files here: try again in a few minutes."))
            ),
        ).to_json()

    def read(content: bytes) -> str:
        return translated(RunRecord.from_json(content).detail)

    content = in_korean(saved)
    assert not re.search("[가-힣]", content.decode())
    assert content == saved()
    assert read(content).startswith("The training process could not be started")
    assert re.search("[가-힣]", in_korean(read, content))
