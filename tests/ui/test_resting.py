from types import SimpleNamespace

import pytest
import streamlit as st

from mnist_demo.datasets import DigitDataset
from mnist_demo.hyperparameters import Hyperparameters
from mnist_demo.jobs import Job, JobRegistry
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
    job = registry.start(endless, builtin)
    wait_until(lambda: job.history.step_count > 0)
    asked: list[Job] = []
    monkeypatch.setattr(Job, "rest", lambda job: asked.append(job))
    monkeypatch.setattr(resources, "job_registry", lambda: registry)
    monkeypatch.setattr(st, "context", SimpleNamespace(ip_address=address))
    resources.let_training_rest()
    assert asked == [job] * rested
