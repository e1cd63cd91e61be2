import os
from pathlib import Path

import pytest

from mnist_demo.datasets import DigitDataset
from mnist_demo.hyperparameter_fields import FIELDS
from mnist_demo.hyperparameters import Hyperparameters
from mnist_demo.jobs import JobRegistry
from mnist_demo.processes import core_count, let_threads_sleep, thread_count
from tests.waiting import wait_until


def test_threads_sleep_unless_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    let_threads_sleep()
    assert os.environ["GOMP_SPINCOUNT"] == "30000"
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    let_threads_sleep()
    assert os.environ["GOMP_SPINCOUNT"] == "7"


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="asks the system for a process's environment")
def test_worker_is_born_with_threads_that_sleep(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    job = registry.start(endless, builtin)
    wait_until(lambda: job.pid is not None and job.history.step_count > 0)
    assert b"GOMP_SPINCOUNT=" in Path(f"/proc/{job.pid}/environ").read_bytes()


@pytest.mark.parametrize("model", FIELDS["model"].choice_names)
def test_thread_count_follows_from_the_settings_and_the_machine(model: str) -> None:
    expected = min(2, core_count()) if model in ("convnet", "deep-convnet") else 1
    assert thread_count(Hyperparameters(model=model)) == expected
