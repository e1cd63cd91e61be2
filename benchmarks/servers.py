"""Pages to measure: our own, and the small ones that it is compared with, each on a server of its own."""

import contextlib
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.surroundings import Surroundings
from mnist_demo.errors import BenchmarkError
from mnist_demo.translation import _

OUR_PAGE, SMALL_PAGES = Path(__file__).parents[1] / "app.py", Path(__file__).with_name("pages")
HELLO_PAGE, TEN_LINE_PAGE = SMALL_PAGES / "hello_app.py", SMALL_PAGES / "ten_line_app.py"
PATIENCE_SECONDS = 90.0


@dataclass(frozen=True)
class PageServer:
    """A running Streamlit server: its address, its process, and when it was started (of ``time.perf_counter``)."""

    url: str
    pid: int
    started: float


@contextlib.contextmanager
def serve(script: Path, surroundings: Surroundings, ready: bool = True) -> Iterator[PageServer]:
    """Run a page; wait until its server answers, if `ready`, else return at once. It is ended with the context.

    Raises
    ------
    BenchmarkError
        When it does not answer, or ends by itself; the sentence quotes the last line of its log.
    """
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}"]
    command += ["--server.headless=true", "--server.address=127.0.0.1", "--server.fileWatcherType=none"]
    command += ["--browser.gatherUsageStats=false"]
    log = surroundings.folder / f"server-{port}.log"
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=OUR_PAGE.parent, env=surroundings.environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        while ready and not _answers(url):
            if process.poll() is not None or time.perf_counter() - started > PATIENCE_SECONDS:
                last = (log.read_text(errors="replace").strip().splitlines() or [""])[-1]
                sentence = _("The page {script} could not be started: {problem}")
                raise BenchmarkError(sentence.format(script=script.name, problem=last))
            time.sleep(0.05)
        yield PageServer(url, process.pid, started)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:
        return bool(answer.status == 200)
    return False
