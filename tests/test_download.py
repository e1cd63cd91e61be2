import gzip
import multiprocessing
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from mnist_demo.datasets import CACHE_FILE, load_cached_mnist, store_mnist
from mnist_demo.digits.download import DownloadProgress, MnistDownload, download_mnist
from mnist_demo.digits.mnist_servers import MNIST_SHA256, SERVERS, GiveUp, Mirror, OpenMl, explain
from mnist_demo.digits.record_files import UNFINISHED_PREFIX
from mnist_demo.errors import DownloadError
from tests.fake_mnist_servers import (
    FakeMnistServers,
    Fault,
    FullDisk,
    Killed,
    Waiting,
    dripping,
    dripping_headers,
    expected_of,
    html,
    not_found,
    other_content,
    silent,
    small_digits,
    truncated,
    unavailable,
)
from tests.small_digits import assert_same_digits, names_in
from tests.waiting import wait_until

DIGITS = small_digits()
EXPECTED = expected_of(DIGITS)
NO_SERVER = Mirror("http://127.0.0.1:9/")  # the port "discard", where nobody listens
IMPATIENT = 0.6  # seconds


@pytest.fixture
def servers() -> Iterator[FakeMnistServers]:
    with FakeMnistServers(DIGITS) as running:
        yield running


def final_state(download: MnistDownload) -> str:
    """Wait for the end of `download` and return its state then."""
    wait_until(lambda: download.state != "running")
    return download.state


# From a mirror


def test_a_mirror_gives_mnist_and_says_how_far_it_is(servers: FakeMnistServers, tmp_path: Path) -> None:
    steps: list[DownloadProgress] = []
    dataset = download_mnist(steps.append, tmp_path / "new" / "home", servers=[servers.mirror()], expected=EXPECTED)
    assert_same_digits(dataset, DIGITS)
    assert (dataset.name, dataset.source) == ("mnist", "127.0.0.1")
    assert names_in(tmp_path / "new" / "home") == [CACHE_FILE]
    assert all(step.fraction is None or 0 <= step.fraction <= 1 for step in steps)
    stages = list(dict.fromkeys(step.stage for step in steps))
    assert stages == [
        *(f"Downloading {file} from 127.0.0.1" for file in MNIST_SHA256),
        "Reading what 127.0.0.1 sent",
        "Storing MNIST",
    ]
    assert max(step.fraction or 0 for step in steps) == 1


def test_a_second_download_finds_mnist_and_asks_nobody(servers: FakeMnistServers, tmp_path: Path) -> None:
    store_mnist(DIGITS, tmp_path, EXPECTED)
    assert_same_digits(download_mnist(home=tmp_path, servers=[servers.mirror()], expected=EXPECTED), DIGITS)
    assert servers.requests == []


@pytest.mark.parametrize("fault", [unavailable, html, truncated])
def test_a_mirror_that_fails_once_is_asked_again(servers: FakeMnistServers, tmp_path: Path, fault: Fault) -> None:
    servers.faults["train-images"] = [fault]
    assert_same_digits(download_mnist(home=tmp_path, servers=[servers.mirror()], expected=EXPECTED), DIGITS)
    assert len(servers.requests) == 5


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (not_found, "127.0.0.1 answered with the HTTP status 404"),
        (other_content, "what 127.0.0.1 sent is not MNIST"),
        (truncated, "127.0.0.1 cannot be reached, or breaks off"),
        (silent, "127.0.0.1 does not answer"),
        (dripping, "127.0.0.1 does not answer"),
        (dripping_headers, "127.0.0.1 does not answer"),
    ],
)
def test_a_mirror_that_keeps_failing_is_given_up_soon_with_a_reason(
    servers: FakeMnistServers, tmp_path: Path, fault: Fault, reason: str
) -> None:
    servers.faults["t10k-images"] = [fault] * 10
    (tmp_path / CACHE_FILE).write_bytes(b"an older file, damaged")
    patience = IMPATIENT if fault in (silent, dripping, dripping_headers) else 10
    begin = time.monotonic()
    with pytest.raises(DownloadError) as caught:
        download_mnist(home=tmp_path, servers=[servers.mirror(patience)], expected=EXPECTED)
    assert time.monotonic() - begin < 5
    assert str(caught.value).startswith(f"MNIST could not be downloaded ({reason}); check the network connection")
    assert names_in(tmp_path) == [CACHE_FILE]
    assert (tmp_path / CACHE_FILE).read_bytes() == b"an older file, damaged"


def test_a_mirror_with_other_digits_is_refused_although_its_files_are_whole(tmp_path: Path) -> None:
    with FakeMnistServers(small_digits(seed=1)) as servers, pytest.raises(DownloadError, match="is not MNIST"):
        download_mnist(home=tmp_path, servers=[servers.mirror()], expected=EXPECTED)
    assert names_in(tmp_path) == []


def test_all_servers_are_named_when_none_has_mnist(servers: FakeMnistServers, tmp_path: Path) -> None:
    nowhere = Mirror(f"{servers.address}/nowhere/")
    with pytest.raises(DownloadError) as caught:
        download_mnist(home=tmp_path, servers=[Killed(), nowhere], expected=EXPECTED)
    assert (
        "(the download from a hungry server was ended, perhaps for lack of memory; "
        "127.0.0.1 answered with the HTTP status 404)"
    ) in str(caught.value)


# From OpenML


def test_openml_gives_mnist_through_scikit_learn(servers: FakeMnistServers, tmp_path: Path) -> None:
    servers.faults["features"] = [unavailable]  # scikit-learn asks again
    steps: list[DownloadProgress] = []
    dataset = download_mnist(steps.append, tmp_path, servers=[servers.openml()], expected=EXPECTED)
    assert_same_digits(dataset, DIGITS)
    assert dataset.source == "OpenML"
    assert names_in(tmp_path) == [CACHE_FILE]
    stages = list(dict.fromkeys(step.stage for step in steps))
    assert stages == ["Asking OpenML for MNIST", "Downloading from OpenML", "Reading what OpenML sent", "Storing MNIST"]
    fractions = [step.fraction for step in steps if step.stage == "Downloading from OpenML" and step.fraction]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")  # scikit-learn's, when it asks again
@pytest.mark.parametrize(
    ("path", "fault", "reason"),
    [
        ("/list/", html, "what OpenML sent is not MNIST"),
        (".arff", truncated, "what OpenML sent is not MNIST"),
        (".arff", other_content, "what OpenML sent is not MNIST"),
        ("/list/", silent, "OpenML does not answer"),
    ],
)
def test_openml_that_keeps_failing_is_given_up_with_a_reason(
    servers: FakeMnistServers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    fault: Fault,
    reason: str,
) -> None:
    monkeypatch.setattr(urllib.request, "_opener", None)  # to be as it was afterwards: here no child process ends
    servers.faults[path] = [fault] * 10
    openml = servers.openml(patience=0.3)
    with pytest.raises((OSError, ValueError, EOFError)) as caught:
        openml.fetch(tmp_path, EXPECTED, lambda _step: None)
    assert str(explain(caught.value, openml, tmp_path)) == reason


def test_a_mirror_is_asked_when_openml_drips(servers: FakeMnistServers, tmp_path: Path) -> None:
    servers.faults[".arff"] = [dripping]
    dataset = download_mnist(home=tmp_path, servers=[servers.openml(IMPATIENT), servers.mirror()], expected=EXPECTED)
    assert_same_digits(dataset, DIGITS)
    assert dataset.source == "127.0.0.1"
    assert names_in(tmp_path) == [CACHE_FILE]


def test_the_real_servers_are_openml_and_then_the_mirrors_of_torchvision_and_tensorflow() -> None:
    openml, *mirrors = SERVERS
    assert isinstance(openml, OpenMl)
    assert [mirror.name for mirror in mirrors] == ["ossci-datasets.s3.amazonaws.com", "storage.googleapis.com"]


# The disk, and processes that are killed


def test_a_full_disk_ends_the_download_with_a_sentence_and_asks_nobody_else(
    servers: FakeMnistServers, tmp_path: Path
) -> None:
    with pytest.raises(
        DownloadError, match=r"MNIST cannot be kept in .* \(No space left on device\); free 100 MB there"
    ):
        download_mnist(home=tmp_path, servers=[FullDisk(), servers.mirror()], expected=EXPECTED)
    assert servers.requests == []
    assert names_in(tmp_path) == []


def test_a_home_that_cannot_be_written_is_found_before_any_server_is_asked(
    servers: FakeMnistServers, tmp_path: Path
) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(DownloadError, match=r"MNIST cannot be kept in .*home \(File exists\)"):
        download_mnist(home=tmp_path / "home", servers=[servers.mirror()], expected=EXPECTED)
    assert servers.requests == []


def test_explain_takes_an_error_of_the_disk_for_what_it_is() -> None:
    assert isinstance(explain(PermissionError(13, "Permission denied"), NO_SERVER, Path("home")), GiveUp)
    assert not isinstance(explain(ConnectionResetError(104, "reset"), NO_SERVER, Path("home")), GiveUp)


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
        "import sys; from pathlib import Path; from mnist_demo.digits.download import download_mnist; "
        "from tests.fake_mnist_servers import Waiting; "
        "from mnist_demo import processes; processes.PRELOADED_MODULES.clear(); "  # torch takes a while
        "download_mnist(home=Path(sys.argv[1]) / 'home', servers=[Waiting(Path(sys.argv[1]) / 'pid')])"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], cwd=Path(__file__).parents[1])
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
from mnist_demo.digits.download import MnistDownload
from tests.fake_mnist_servers import Waiting
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
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


# Beside a page


def test_a_download_beside_a_page_goes_from_idle_to_finished_and_stays_there(
    servers: FakeMnistServers, tmp_path: Path
) -> None:
    download = MnistDownload(tmp_path, servers=[servers.mirror()], expected=EXPECTED)
    assert (download.state, download.progress, download.error) == ("idle", None, None)
    begin = time.monotonic()
    download.start()
    assert time.monotonic() - begin < 0.1
    assert download.state == "running"
    assert final_state(download) == "finished"
    assert (download.progress, download.error) == (None, None)
    found = load_cached_mnist(tmp_path, EXPECTED)
    assert found is not None
    assert_same_digits(found, DIGITS)
    download.start()
    assert final_state(download) == "finished"
    assert len(servers.requests) == 4
    assert multiprocessing.active_children() == []


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
    assert "the download from a slow server was ended, perhaps for lack of memory" in download.error
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
