"""A page's server that is ended while runs go on leaves whole runs, and nothing else."""

import contextlib
import random
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlencode

import pytest

from benchmarks.drivers.visitors import Visitor
from mnist_demo.data.dataset import DigitDataset
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.processes import SOCKETS_LOCK
from mnist_demo.saved_runs.folders import CLAIM_PREFIX
from mnist_demo.saved_runs.store import RunStore
from mnist_demo.settings.links import address_of_settings
from mnist_demo.ui import keys
from mnist_demo.ui.visitor_state import COOKIE
from tests import ROOT
from tests.browser.server import PageServer, descendants, own_environment, serve
from tests.faults.runs import SETTINGS, assert_whole_or_absent, train_undisturbed
from tests.jobs.test_job import exists
from tests.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux’s signals and /proc")
# Says that it has a process, which is started through a socket among the temporary files, and waits.
PROGRAM = (
    "import sys\n"
    "from mnist_demo.processes import ChildProcess\n"
    "from tests.test_processes import say_hello\n"
    "with ChildProcess(say_hello) as child: print(child.connection.recv(), flush=True); sys.stdin.read()"
)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """An empty folder with a name so short that sockets are kept in it, unlike that of `tmp_path`."""
    with tempfile.TemporaryDirectory(prefix="short-") as name:
        yield Path(name)


def begin_run(server: PageServer, stack: contextlib.ExitStack) -> str:
    """Have somebody begin a run that lasts for some seconds and has a saved point; return its id."""
    query = urlencode({"speed": "20", **address_of_settings(SETTINGS)})
    cookies = f"{COOKIE}={secrets.token_urlsafe(24)}"
    visitor = stack.enter_context(contextlib.closing(Visitor(f"{server.url}/?{query}", cookies)))
    visitor.open_page()
    visitor.press(keys.START)
    wait_until(lambda: visitor.has(keys.PAUSE) or not visitor.rerun().messages)
    for _press in range(2):  # a pause is a saved point
        visitor.press(keys.PAUSE)
    found = re.search(r"run=(\w+)", visitor.query)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("fault", [signal.SIGTERM, signal.SIGKILL], ids=lambda fault: fault.name)
def test_page_server_that_is_ended_leaves_whole_runs_and_no_process_claim_or_temporary_file(
    fault: signal.Signals, tries: int, tmp_path: Path, short_folder: Path, builtin: DigitDataset
) -> None:
    rng, registry = random.Random(0), JobRegistry(slots=2)
    undisturbed = train_undisturbed(registry, builtin)
    for attempt in range(tries):
        folder = tmp_path / str(attempt)
        home, temporary = folder / "home", short_folder / str(attempt)
        folder.mkdir()
        temporary.mkdir()
        environment = own_environment(home, "builtin", TMPDIR=str(temporary))
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(serve(folder, environment))
            runs = [begin_run(server, stack) for _run in range(2)]
            wait_until(lambda home=home: len(RunStore(home / "runs").runs()) == 2)  # type: ignore[misc]
            started = descendants(server.process.pid)
            time.sleep(rng.uniform(0, 0.5))
            server.process.send_signal(fault)
            server.process.wait(PATIENCE)
            wait_until(lambda started=started: not any(map(exists, started)))  # type: ignore[misc]
        if fault is signal.SIGKILL:
            with program(environment):
                pass
        assert list(temporary.iterdir()) == []
        for run_id in runs:
            assert assert_whole_or_absent(home, run_id, registry, builtin, undisturbed, may_leave_unfinished=True)
        assert not [path for path in (home / "runs").iterdir() if path.name.startswith(CLAIM_PREFIX)]
    registry.close()


@contextlib.contextmanager
def program(environment: Mapping[str, str]) -> Iterator[None]:
    """Run another program that starts processes, until the context ends."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"hello\n"
        yield
        running.communicate()


def test_folders_of_sockets_are_removed_for_killed_programs_of_this_project_alone(
    short_folder: Path, tmp_path: Path
) -> None:
    environment = own_environment(tmp_path / "home", "builtin", TMPDIR=str(short_folder))
    foreign, planted, victim = short_folder / "pymp-foreign", short_folder / "pymp-planted", tmp_path / "victim"
    foreign.mkdir()
    victim.mkdir()
    (victim / SOCKETS_LOCK).write_text("not to be emptied")
    planted.symlink_to(victim)
    with program(environment):
        living = set(short_folder.glob("pymp-*"))
        with program(environment):
            assert len(set(short_folder.glob("pymp-*")) - living) == 1
        assert set(short_folder.glob("pymp-*")) == living
    assert set(short_folder.glob("pymp-*")) == {foreign, planted}
    assert (victim / SOCKETS_LOCK).read_text() == "not to be emptied"
