import time
import urllib.request
from pathlib import Path

import pytest

from mnist_demo.data.cache import CACHE_FILE, store_mnist
from mnist_demo.data.download import SERVERS, DownloadProgress, download_mnist
from mnist_demo.data.openml import OpenMl
from mnist_demo.data.servers import MNIST_SHA256, Mirror, explain
from mnist_demo.errors import DownloadError
from tests.data.fake_mnist_servers import (
    FakeMnistServers,
    Fault,
    FullDisk,
    Killed,
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
from tests.data.small_digits import assert_same_digits, names_in

DIGITS = small_digits()
EXPECTED = expected_of(DIGITS)
NO_SERVER = Mirror("http://127.0.0.1:9/")  # the port "discard", where nobody listens
IMPATIENT = 0.6  # seconds


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
        "(the download from a hungry server ended unexpectedly, perhaps for lack of memory; "
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
    assert explain(caught.value, openml, tmp_path).reason == reason


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


# The disk


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
    assert explain(PermissionError(13, "Permission denied"), NO_SERVER, Path("home")).is_final
    assert not explain(ConnectionResetError(104, "reset"), NO_SERVER, Path("home")).is_final
