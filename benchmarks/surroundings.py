"""Where measurements are made: the digits, a home of their own for our programs, and the machine in words."""

import contextlib
import os
import platform
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mnist_demo.data.cache import store_mnist
from mnist_demo.data.dataset import MNIST, DigitDataset
from mnist_demo.data.loading import load_dataset
from mnist_demo.processes import core_count
from tests.browser.server import APP, PageServer, own_environment, serve


@dataclass(frozen=True)
class Surroundings:
    """What every measurement needs to know.

    Attributes
    ----------
    dataset, digits_file
        The digits, and the same as an ``.npz`` file for programs that know nothing of this project.
    environment
        Environment variables for our programs: these digits, and a home that is deleted afterwards.
    runs
        How often each side is measured, in turn.
    quick
        Whether a few steps will do: to see that the benchmark works, not what it measures.
    budget
        The seconds after which a program that needs minutes is ended.
    folder, home
        For anything else that is to be gone afterwards, and in it where our programs keep what they save.
    kept, servers
        Servers that run until the end, by their scripts: those of a quick try, which has one of each for all.
    """

    dataset: DigitDataset
    digits_file: Path
    environment: dict[str, str]
    runs: int
    quick: bool
    budget: float
    folder: Path
    kept: contextlib.ExitStack
    servers: dict[Path, PageServer] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return Path(self.environment["MNIST_DEMO_HOME"])

    def serve(self, script: Path = APP) -> contextlib.AbstractContextManager[PageServer]:
        """Run our page, or another `script`, on these digits until the context ends."""
        started = serve(self.folder, self.environment, script)
        if not self.quick:
            return started
        if script not in self.servers:
            self.servers[script] = self.kept.enter_context(started)
        return contextlib.nullcontext(self.servers[script])


@contextlib.contextmanager
def open_surroundings(source: str | None, runs: int, quick: bool, budget: float) -> Iterator[Surroundings]:
    """Load the digits of `source` (quick: the built-in ones), and give what measurements need; cleans up at the end."""
    dataset = load_dataset("builtin" if quick else source)
    with (
        tempfile.TemporaryDirectory(prefix="mnist-demo-benchmark-", ignore_cleanup_errors=True) as name,
        contextlib.ExitStack() as kept,
    ):
        folder = Path(name)
        home = folder / "home"
        is_mnist = dataset.digest == MNIST.train_sha256
        if is_mnist:
            store_mnist(dataset, home)  # found there at once, as on a machine that has fetched it before
        elsewhere = "builtin" if dataset.name == "builtin" else dataset.source
        environment = own_environment(home, None if is_mnist else elsewhere)
        digits_file = folder / "digits.npz"
        np.savez(
            digits_file,
            train_pixels=dataset.train_pixels,
            train_labels=dataset.train_labels,
            test_pixels=dataset.test_pixels,
            test_labels=dataset.test_labels,
        )
        yield Surroundings(dataset, digits_file, environment, runs, quick, budget, folder, kept)


def describe_machine() -> dict[str, str | int | float | None]:
    """Return what the figures depend on: processor, cores, versions, and how busy the machine is with other things."""
    import torch

    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "processor": _processor(),
        "cores": core_count(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "load_average": busy,
    }


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
