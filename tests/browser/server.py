"""A Streamlit server in a process of its own, on a free port."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mnist_demo.errors import MnistDemoError
from mnist_demo.translation import _
from tests import ROOT

APP = ROOT / "app.py"
PATIENCE_SECONDS = 90.0
COMPLAINTS = ("Traceback", "Error", "Exception", "WARNING", "Warning")


class ServerError(MnistDemoError):
    """A server did not answer, or ended by itself; the sentence quotes the last line of its log, a note the rest."""


@dataclass(frozen=True)
class PageServer:
    """A running server: its address, its log file, its process, and when it was started (``time.perf_counter``)."""

    url: str
    log: Path
    process: "subprocess.Popen[bytes]"
    started: float

    def complaints(self) -> list[str]:
        """Return the lines of the log that look like an error or a warning."""
        return [line for line in self.log.read_text().splitlines() if any(sign in line for sign in COMPLAINTS)]


def own_environment(home: Path, data: str | None, **variables: str) -> dict[str, str]:
    """Return this process's environment with that ``MNIST_DEMO_HOME``, that ``MNIST_DEMO_DATA`` if any, and more."""
    environment = {**os.environ, "MNIST_DEMO_HOME": str(home), **variables}
    environment.pop("MNIST_DEMO_DATA", None)
    return environment if data is None else {**environment, "MNIST_DEMO_DATA": data}


@contextlib.contextmanager
def serve(
    folder: Path, environment: Mapping[str, str], script: Path = APP, port: int | None = None
) -> Iterator[PageServer]:
    """Run `script` with Streamlit until the context ends; its log is written to `folder`. Waits until it answers.

    Raises
    ------
    ServerError
        When it does not answer within ``PATIENCE_SECONDS``, or ends before it does.
    """
    port = port or free_port()
    below = environment.get("STREAMLIT_SERVER_BASE_URL_PATH", "")
    url, log = f"http://127.0.0.1:{port}/{below}".rstrip("/"), folder / f"server-{port}.log"
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}"]
    command += ["--server.headless=true", "--server.address=127.0.0.1"]
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env=dict(environment), stdout=output, stderr=subprocess.STDOUT)
    try:
        while not _answers(url):
            if process.poll() is not None or time.perf_counter() - started > PATIENCE_SECONDS:
                lines = log.read_text(errors="replace").strip().splitlines() or [""]
                sentence = _("The page {script} could not be started: {problem}")
                error = ServerError(sentence.format(script=script.name, problem=lines[-1]))
                error.add_note("\n".join(lines))
                raise error
            time.sleep(0.05)
        yield PageServer(url, log, process, started)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


@contextlib.contextmanager
def serve_builtin_digits(folder: Path, script: Path = APP, **variables: str) -> Iterator[PageServer]:
    """Run the page on the built-in digits, with a home in `folder`, as `serve` does; it may not complain."""
    with serve(folder, own_environment(folder / "home", "builtin", **variables), script) as running:
        yield running
        complaints = running.complaints()
        assert not complaints, "\n".join(complaints)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:
        return bool(answer.status == 200)
    return False


def descendants(pid: int) -> list[int]:
    """Return the processes that `pid` started, and those that they started, the oldest first; needs Linux's /proc."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name of the program, in parentheses, may hold spaces.
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has just ended
        children.setdefault(parent, []).append(int(stat.parent.name))
    found, open_pids = list[int](), [pid]
    while open_pids:
        begun = sorted(children.get(open_pids.pop(0), []))
        found += begun
        open_pids += begun
    return found
