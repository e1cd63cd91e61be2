"""Training rests while a stroke is answered: which runs are asked to, and how long they do."""

import time
from multiprocessing import Pipe
from types import SimpleNamespace

import pytest
import streamlit as st

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.jobs import worker
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment, Rest
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.ui import resources
from tests.waiting import wait_until


@pytest.mark.parametrize(("address", "rested"), [(None, 1), ("192.0.2.7", 0), ("2001:db8::7", 0)])
def test_training_rests_for_a_stroke_only_where_the_browser_shares_its_cores(
    address: str | None,
    rested: int,
    registry: JobRegistry,
    endless: Hyperparameters,
    builtin: DigitDataset,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = registry.start(Assignment(endless, builtin))
    wait_until(lambda: job.history.step_count > 0)
    asked: list[Job] = []
    monkeypatch.setattr(Job, "rest", lambda job: asked.append(job))
    monkeypatch.setattr(resources, "job_registry", lambda: registry)
    monkeypatch.setattr(st, "context", SimpleNamespace(ip_address=address))
    resources.let_training_rest()
    assert asked == [job] * rested


def test_worker_rests_once_however_many_ask_and_not_again_before_it_has_worked(
    endless: Hyperparameters, builtin: DigitDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = Pipe()
    running = worker.Worker(theirs, Assignment(endless, builtin, threads=1))
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    for _request in range(5):
        ours.send(Rest())
    running._obey()
    assert slept == [worker.REST_SECONDS]
    monkeypatch.setattr(worker, "WORK_SECONDS", 0.0)
    running.next_rest = 0.0
    ours.send(Rest())
    running._obey()
    assert slept == [worker.REST_SECONDS] * 2


def test_run_that_is_asked_to_rest_goes_on_by_itself(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    job = registry.start(Assignment(endless, builtin))
    wait_until(lambda: job.history.step_count > 0)
    for _request in range(20):
        job.rest()
    before = job.history.step_count
    wait_until(lambda: job.history.step_count > before)
    job.pause()
    job.rest()  # it rests already
    assert job.state == "paused"
