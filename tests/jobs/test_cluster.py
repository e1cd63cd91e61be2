"""Runs on a real Dask scheduler with two real worker processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.settings.hyperparameters import Hyperparameters
from tests.waiting import wait_until

cluster_module = pytest.importorskip("mnist_demo.jobs.cluster", reason="needs Dask: pip install distributed")


@contextmanager
def dask_processes(port: int, workers: int = 2) -> Iterator[list[subprocess.Popen[bytes]]]:
    address = f"tcp://127.0.0.1:{port}"
    programs = [["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]]
    programs += [["worker", address, "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"]] * workers
    running = [subprocess.Popen([sys.executable, "-m", "distributed.cli.dask_" + program[0], *program[1:]]) for program in programs]
    try:
        yield running
    finally:
        for process in reversed(running):
            process.terminate()
        for process in running:
            process.wait(10)
