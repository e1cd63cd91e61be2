"""Converts saved runs to the input of `mnist_demo.exports`, and names the exported files."""

import dataclasses
import re

from mnist_demo.exports.exported_run import ExportedRun
from mnist_demo.exports.formats import Export
from mnist_demo.jobs.job import Job
from mnist_demo.saved_runs.records import RunContent, RunRecord


def exported_run(record: RunRecord, content: RunContent) -> ExportedRun:
    """Return a saved run as input for the exports."""
    return ExportedRun(
        hyperparameters=record.hyperparameters,
        history=content.history,
        weights=content.model,
        dataset_name=record.dataset.name,
        dataset_digest=record.dataset.digest,
        name=record.name,
        is_repeatable=record.is_repeatable,
    )


def exported_job(job: Job, record: RunRecord | None) -> ExportedRun:
    """Return the current state of `job` as input for the exports; `record` is its saved record, if there is one.

    The record has what a reopened job lacks: its name, the data set that it was trained on, which may differ from the
    current one, and whether its settings alone reproduce it.
    """
    run = ExportedRun.of_job(job)
    if record is None:
        return run
    return dataclasses.replace(
        run,
        name=record.name,
        dataset_name=record.dataset.name,
        dataset_digest=record.dataset.digest,
        is_repeatable=run.is_repeatable and record.is_repeatable,
    )


def file_name_of(record: RunRecord, export: Export) -> str:
    """Return a file name for an export: that of the format, prefixed with the run's name, model and id.

    Only letters and digits of the run's name are used, so whatever a visitor typed cannot lead to another folder.
    """
    words = re.findall(r"[A-Za-z0-9]+", record.name)[:6]
    return f"{'-'.join([*words, record.hyperparameters.model, record.id[:6]])}-{export.file_name}".lower()
