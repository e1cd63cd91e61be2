"""Fixtures of several test files. Nothing here needs a network, or a folder outside the project."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from mnist_demo.data.builtin_digits import load_builtin
from mnist_demo.data.dataset import DigitDataset
from mnist_demo.data.folder import load_folder
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.settings.hyperparameters import Hyperparameters
from tests import ROOT
from tests.data.fake_mnist_servers import FakeMnistServers, small_digits
from tests.marked_language import write_marked_catalogue

# What takes longest, by the beginnings of paths.
LONG = ("e2e/test_lesson", "e2e/test_axe", "test_style", "e2e/", "benchmarks/", "test_wheel", "ui/")


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Compute as a worker does with a small model: another number of threads rounds sums differently."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what tests save away from the runs of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_DEMO_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture
def _nothing_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let no test see the environment's digits, or write to the user's folder."""
    monkeypatch.delenv("MNIST_DEMO_DATA", raising=False)
    monkeypatch.setenv("MNIST_DEMO_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="session")
def builtin() -> DigitDataset:
    return load_builtin()


@pytest.fixture(scope="session")
def mnist() -> DigitDataset:
    """The real MNIST, where ``MNIST_DEMO_DATA`` names a folder that has it."""
    folder = os.environ.get("MNIST_DEMO_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs the real MNIST: set MNIST_DEMO_DATA to a folder with its four IDX files")
    return load_folder(folder)


@pytest.fixture(scope="session")
def marked_locale(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of languages with the made-up one."""
    folder = tmp_path_factory.mktemp("marked") / "locale"
    write_marked_catalogue(folder)
    return folder


@pytest.fixture
def quick() -> Hyperparameters:
    """Settings that train on the built-in digits within a second."""
    return Hyperparameters(batch_size=50, epochs=2)


@pytest.fixture
def endless() -> Hyperparameters:
    """Settings of a run that does not end by itself while a test looks at it."""
    return Hyperparameters(batch_size=10, epochs=1000, learning_rate=0.01)


@pytest.fixture
def registry() -> Iterator[JobRegistry]:
    jobs = JobRegistry(slots=2)
    yield jobs
    jobs.close()


def pytest_configure(config: pytest.Config) -> None:
    """Have xdist take files in the order of `pytest_collection_modifyitems`: it takes those of few tests last."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: one of them as the last leaves a core idle."""

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(ROOT / "tests").as_posix()
        return next((number for number, start in enumerate(LONG) if path.startswith(start)), len(LONG))

    items.sort(key=place)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything that tests need is there, as in CI, a skipped test is a failed one."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("MNIST_DEMO_FAIL_ON_SKIP") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--keep-screenshot", action="store_true", help="write the README's picture anew")
    parser.addoption("--tries", type=int, default=1, help="how often each fault is tried, at random moments")
    parser.addoption("--cases", type=int, default=9, help="how many bad inputs of each kind tests/faults tries")


@pytest.fixture
def tries(pytestconfig: pytest.Config) -> int:
    """How often a fault is tried: once, or as often as ``--tries`` says."""
    return int(pytestconfig.getoption("--tries"))


@pytest.fixture
def servers() -> Iterator[FakeMnistServers]:
    """Servers that have MNIST's files, with small digits in them."""
    with FakeMnistServers(small_digits()) as running:
        yield running
