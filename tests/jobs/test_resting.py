"""Training rests while a stroke is answered: which runs are asked to, and how long they do."""

import contextlib
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

ELSEWHERE = "192.0.2.7"


@pytest.mark.parametrize(
    ("address", "slots", "rested"),
    [
        (None, 2, [resources.REST_HERE]),
        (ELSEWHERE, 2, []),
        (ELSEWHERE, 1, [resources.REST_ELSEWHERE]),
        ("2001:db8::7", 1, [resources.REST_ELSEWHERE]),
    ],
)
def test_training_rests_for_a_stroke_where_it_has_all_cores_or_shares_them_with_the_browser(
    address: str | None,
    slots: int,
    rested: list[float],
    endless: Hyperparameters,
    builtin: DigitDataset,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[float] = []
    monkeypatch.setattr(Job, "rest", lambda job, seconds: asked.append(seconds))
    monkeypatch.setattr(st, "context", SimpleNamespace(ip_address=address))
    with contextlib.closing(JobRegistry(slots)) as registry:
        monkeypatch.setattr(resources, "job_registry", lambda: registry)
        job = registry.start(Assignment(endless, builtin))
        wait_until(lambda: job.history.step_count > 0)
        resources.let_training_rest()
    assert asked == rested


def test_worker_rests_once_however_many_ask_and_not_again_before_it_has_worked(
    endless: Hyperparameters, builtin: DigitDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = Pipe()
    running = worker.Worker(theirs, Assignment(endless, builtin, threads=1))
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    for _request in range(5):
        ours.send(Rest(0.1))
    running._obey()
    assert slept == [0.1]
    monkeypatch.setattr(worker, "WORK_SECONDS", 0.0)
    running.next_rest = 0.0
    ours.send(Rest(0.1))
    running._obey()
    assert slept == [0.1] * 2


def test_run_that_is_asked_to_rest_goes_on_by_itself(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    job = registry.start(Assignment(endless, builtin))
    wait_until(lambda: job.history.step_count > 0)
    for _request in range(20):
        job.rest(0.1)
    before = job.history.step_count
    wait_until(lambda: job.history.step_count > before)
    job.pause()
    job.rest(0.1)  # it rests already
    assert job.state == "paused"
