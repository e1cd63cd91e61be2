"""Downloads whose processes are killed, and downloads beside a page."""

import gzip
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mnist_demo.data.cache import CACHE_FILE, load_cached_mnist
from mnist_demo.data.download import DownloadProgress, MnistDownload, download_mnist
from mnist_demo.files import UNFINISHED_PREFIX
from tests import ROOT
from tests.data.fake_mnist_servers import (
    FakeMnistServers,
    Held,
    Killed,
    Waiting,
    expected_of,
    small_digits,
    unavailable,
)
from tests.data.small_digits import assert_same_digits, names_in
from tests.waiting import wait_until

DIGITS = small_digits()
EXPECTED = expected_of(DIGITS)


def final_state(download: MnistDownload) -> str:
    """Wait for the end of `download` and return its state then."""
    wait_until(lambda: download.state != "running")
    return download.state


# Processes that are killed


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_the_next_server_is_asked_when_a_child_is_killed(servers: FakeMnistServers, tmp_path: Path) -> None:
    dataset = download_mnist(home=tmp_path, servers=[Killed(), servers.mirror()], expected=EXPECTED)
    assert_same_digits(dataset, DIGITS)
    assert names_in(tmp_path) == [CACHE_FILE]


def test_what_killed_processes_left_is_removed_when_it_is_a_day_old(servers: FakeMnistServers, tmp_path: Path) -> None:
    for name, hours in (("old", 25), ("new", 1)):
        folder = tmp_path / f"{UNFINISHED_PREFIX}{name}-folder"
        folder.mkdir()
        (folder / "half.gz").write_bytes(gzip.compress(b""))
        file = tmp_path / f"{UNFINISHED_PREFIX}{name}-file"
        file.touch()
        for path in (folder, file):
            os.utime(path, times=(time.time() - hours * 3600,) * 2)
    download_mnist(home=tmp_path, servers=[servers.mirror()], expected=EXPECTED)
    assert names_in(tmp_path) == [f"{UNFINISHED_PREFIX}new-file", f"{UNFINISHED_PREFIX}new-folder", CACHE_FILE]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(sys.platform == "win32", reason="uses signals")
def test_the_child_ends_and_cleans_up_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from mnist_demo.data.download import download_mnist; "
        "from tests.data.fake_mnist_servers import Waiting; "
        "from mnist_demo import processes; processes.PRELOADED_MODULES.clear(); "  # torch takes a while
        "download_mnist(home=Path(sys.argv[1]) / 'home', servers=[Waiting(Path(sys.argv[1]) / 'pid')])"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT)
    wait_until((tmp_path / "pid").exists)
    child = int((tmp_path / "pid").read_text())
    assert is_alive(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    wait_until(lambda: not is_alive(child))
    assert names_in(tmp_path / "home") == []


@pytest.mark.skipif(sys.platform == "win32", reason="uses signals")
def test_a_program_that_ends_while_it_downloads_and_waits_for_other_children_says_nothing(tmp_path: Path) -> None:
    program = """
import signal, sys, time
from pathlib import Path
from mnist_demo import processes
from mnist_demo.data.download import MnistDownload
from tests.data.fake_mnist_servers import Waiting
from tests.waiting import wait_until

def linger(ready):
    signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.5), sys.exit()))
    ready.touch()
    time.sleep(60)

if __name__ == "__main__":
    processes.PRELOADED_MODULES.clear()  # torch takes a while
    folder = Path(sys.argv[1])
    names = [folder / f"other-{number}" for number in range(8)]
    for name in names:
        processes.start_process(processes.process_context().Process(target=linger, args=(name,), daemon=True))
    MnistDownload(folder / "home", servers=[Waiting(folder / "pid")]).start()
    wait_until(lambda: all(path.exists() for path in (*names, folder / "pid")))
"""
    file = tmp_path / "ends_in_between.py"
    file.write_text(program)
    ended = subprocess.run(
        [sys.executable, str(file), str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


# Beside a page


def test_a_download_beside_a_page_goes_from_idle_to_finished_and_stays_there(
    servers: FakeMnistServers, tmp_path: Path
) -> None:
    held = Held()
    servers.faults["train-images"] = [held]
    download = MnistDownload(tmp_path, servers=[servers.mirror()], expected=EXPECTED)
    assert (download.state, download.progress, download.error) == ("idle", None, None)
    download.start()  # comes back while the server has not answered yet
    assert not held.answer.is_set()
    assert download.state == "running"
    held.answer.set()
    assert final_state(download) == "finished"
    assert (download.progress, download.error) == (None, None)
    found = load_cached_mnist(tmp_path, EXPECTED)
    assert found is not None
    assert_same_digits(found, DIGITS)
    download.start()
    assert final_state(download) == "finished"
    assert len(servers.requests) == 4
    assert "download" not in [child.name for child in multiprocessing.active_children()]


def test_a_download_that_failed_says_why_and_starts_again(servers: FakeMnistServers, tmp_path: Path) -> None:
    servers.faults["t10k-labels"] = [unavailable, unavailable]
    download = MnistDownload(tmp_path, servers=[servers.mirror()], expected=EXPECTED)
    download.start()
    assert final_state(download) == "failed"
    assert download.error is not None
    assert "answered with the HTTP status 503" in download.error
    download.start()
    assert final_state(download) == "finished"


def test_a_download_whose_child_is_killed_fails_with_a_sentence_and_starts_again(tmp_path: Path) -> None:
    download = MnistDownload(tmp_path / "home", servers=[Waiting(tmp_path / "pid")], expected=EXPECTED)
    download.start()
    wait_until((tmp_path / "pid").exists)
    wait_until(lambda: download.progress == DownloadProgress("Waiting for a slow server", 0.25))
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)
    wait_until(lambda: download.state == "failed")
    assert download.error is not None
    assert "the download from a slow server ended unexpectedly, perhaps for lack of memory" in download.error
    (tmp_path / "pid").unlink()
    download.start()
    wait_until((tmp_path / "pid").exists)
    assert download.state == "running"
    download.close()


def test_a_download_that_is_closed_ends_its_child_and_can_begin_anew(tmp_path: Path) -> None:
    download = MnistDownload(tmp_path / "home", servers=[Waiting(tmp_path / "pid")], expected=EXPECTED)
    download.close()
    for _attempt in range(2):
        download.start()
        wait_until((tmp_path / "pid").exists)
        child = int((tmp_path / "pid").read_text())
        download.close()
        assert (download.state, download.progress, download.error) == ("idle", None, None)
        assert not is_alive(child)
        assert names_in(tmp_path / "home") == []
        (tmp_path / "pid").unlink()


def test_two_downloads_at_once_both_finish(servers: FakeMnistServers, tmp_path: Path) -> None:
    downloads = [MnistDownload(tmp_path, servers=[servers.mirror()], expected=EXPECTED) for _each in range(2)]
    for download in downloads:
        download.start()
    assert [final_state(download) for download in downloads] == ["finished", "finished"]
    assert names_in(tmp_path) == [CACHE_FILE]
