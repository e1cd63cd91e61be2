"""Saved runs in the formats of other programs: what `mnist_demo.exports` wants to know of one."""

import dataclasses
import re

from mnist_demo.exports.exported_run import ExportedRun
from mnist_demo.exports.formats import Export
from mnist_demo.jobs.job import Job
from mnist_demo.saved_runs.records import RunRecord
from mnist_demo.saved_runs.store import RunContent


def exported_run(record: RunRecord, content: RunContent) -> ExportedRun:
    """Return a saved run as the exports see it."""
    return ExportedRun(
        hyperparameters=record.hyperparameters,
        history=content.history,
        weights=content.model,
        dataset_name=record.dataset.name,
        dataset_digest=record.dataset.digest,
        threads=_threads(record),
        name=record.name,
        is_repeatable=record.is_repeatable,
    )


def exported_job(job: Job, record: RunRecord | None) -> ExportedRun:
    """Return `job` as it is at this moment; `record` is what was saved of it, if anything.

    The record knows what a job that was reopened does not: its name, the digits it was trained with where others are in
    use now, and whether it began as a run of its own.
    """
    run = ExportedRun.of_job(job)
    if record is None:
        return run
    return dataclasses.replace(
        run,
        name=record.name,
        dataset_name=record.dataset.name,
        dataset_digest=record.dataset.digest,
        threads=_threads(record),
        is_repeatable=run.is_repeatable and record.is_repeatable,
    )


def _threads(record: RunRecord) -> int:
    threads = record.machine.get("threads", "1")
    return int(threads) if threads.isdecimal() else 1


def file_name_of(record: RunRecord, export: Export) -> str:
    """Return a name for the file: that of the format, with what tells this run from others before it.

    Of the run's name only letters and digits are taken: whatever a visitor typed, it cannot reach another folder.
    """
    words = re.findall(r"[A-Za-z0-9]+", record.name)[:6]
    return f"{'-'.join([*words, record.hyperparameters.model, record.id[:6]])}-{export.file_name}".lower()
