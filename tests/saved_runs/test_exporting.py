"""Saved runs and saved jobs as input for the exports."""

import dataclasses

import pytest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import ExportError
from mnist_demo.exports.formats import build_export
from mnist_demo.exports.script import build_script
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.saved_runs.exporting import exported_job, exported_run
from mnist_demo.saved_runs.records import DatasetFacts, now
from mnist_demo.saved_runs.snapshots import Snapshot
from mnist_demo.settings.hyperparameters import Hyperparameters


def test_saved_run_and_its_job_are_exported_alike(
    builtin: DigitDataset, registry: JobRegistry, quick: Hyperparameters
) -> None:
    job = registry.start(Assignment(quick, builtin))
    assert job.wait(60) == "finished"
    record, content = Snapshot.of(job).saved("", now())

    saved, running = exported_run(record, content), exported_job(job, record)

    assert build_script(saved) == build_script(running)
    for name in ("history-csv", "chart-svg"):
        assert build_export(saved, name) == build_export(running, name)


def test_reopened_job_is_exported_with_its_saved_metadata(
    builtin: DigitDataset, registry: JobRegistry, quick: Hyperparameters
) -> None:
    job = registry.start(Assignment(quick, builtin))
    job.wait(60)
    record, _content = Snapshot.of(job).saved("", now())
    other = DatasetFacts("folder", "digits", "0" * 64)
    named = dataclasses.replace(record, name="Mine", dataset=other)

    run = exported_job(job, named)

    assert (run.name, run.dataset_name, run.dataset_digest) == ("Mine", "folder", "0" * 64)
    with pytest.raises(ExportError, match="cannot be repeated"):
        build_script(exported_job(job, dataclasses.replace(record, is_repeatable=False)))
