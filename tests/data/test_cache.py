"""The cache file of MNIST, and pickles of datasets that are sent to another process."""

import dataclasses
import errno
import hashlib
import os
import pickle
import struct
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

from mnist_demo.data.cache import CACHE_FILE, home_folder, load_cached_mnist, store_mnist
from mnist_demo.data.dataset import MNIST, DigitDataset
from mnist_demo.data.folder import load_folder
from mnist_demo.errors import DatasetError
from mnist_demo.processes import ChildProcess, process_context
from tests.data.fake_mnist_servers import small_digits
from tests.data.small_digits import DIGITS, EXPECTED, assert_same_digits, names_in, write_folder

pytestmark = pytest.mark.usefixtures("_nothing_chosen")
REAL_FOLDER, REAL_HOME = os.environ.get("MNIST_DEMO_DATA"), home_folder()


@pytest.fixture
def real_mnist() -> DigitDataset:
    if REAL_FOLDER is not None and Path(REAL_FOLDER).is_dir():
        return load_folder(REAL_FOLDER)
    cached = load_cached_mnist(REAL_HOME)
    if cached is None:
        pytest.skip(f"needs the real MNIST: MNIST_DEMO_DATA is no folder, and {REAL_HOME} has none")
    return cached


# The cache


def test_stored_mnist_is_mapped_from_one_file_and_found_again(tmp_path: Path) -> None:
    stored = store_mnist(DIGITS, tmp_path, EXPECTED)
    found = load_cached_mnist(tmp_path, EXPECTED)
    assert found is not None
    for dataset in (stored, found):
        assert_same_digits(dataset, DIGITS)
        assert isinstance(dataset.train_pixels, np.memmap)
        assert (dataset.name, dataset.source) == ("mnist", DIGITS.source)
    assert names_in(tmp_path) == [CACHE_FILE]


def test_stored_mnist_can_be_read_by_numpy_alone(tmp_path: Path) -> None:
    store_mnist(DIGITS, tmp_path, EXPECTED)
    record = np.load(tmp_path / CACHE_FILE, allow_pickle=False)[0]
    np.testing.assert_array_equal(record["train_pixels"], DIGITS.train_pixels)
    np.testing.assert_array_equal(record["test_labels"], DIGITS.test_labels)


def test_a_missing_cache_is_not_an_error(tmp_path: Path) -> None:
    assert load_cached_mnist(tmp_path / "nowhere", EXPECTED) is None


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut short": lambda content: content[:-1],
    "cut within its header": lambda content: content[:50],
    "too long": lambda content: content + b"\0",
    "text": lambda content: b"not ours " * 10_000,
    "another version of the format": lambda content: content[:6] + b"\7" + content[7:],
    "a changed pixel": lambda content: content[:5000] + bytes([content[5000] ^ 1]) + content[5001:],
    "a label of 200": lambda content: content[:-150] + bytes([200]) + content[-149:],
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_cache_counts_as_absent(tmp_path: Path, kind: str) -> None:
    store_mnist(DIGITS, tmp_path, EXPECTED)
    path = tmp_path / CACHE_FILE
    path.write_bytes(DAMAGES[kind](path.read_bytes()))
    assert load_cached_mnist(tmp_path, EXPECTED) is None


def test_another_file_with_the_name_of_the_cache_counts_as_absent(tmp_path: Path) -> None:
    np.save(tmp_path / CACHE_FILE, DIGITS.train_pixels)
    assert load_cached_mnist(tmp_path, EXPECTED) is None
    (tmp_path / CACHE_FILE).unlink()
    (tmp_path / CACHE_FILE).mkdir()
    assert load_cached_mnist(tmp_path, EXPECTED) is None


@pytest.mark.parametrize(
    "wrong",
    [
        small_digits(n_train=299),
        small_digits(seed=1),
        dataclasses.replace(DIGITS, test_labels=DIGITS.test_labels + 1),
        dataclasses.replace(DIGITS, train_labels=DIGITS.train_labels[:-1]),
    ],
    ids=["too few", "other pixels", "label 10", "a label missing"],
)
def test_digits_that_are_not_mnist_never_replace_what_is_stored(tmp_path: Path, wrong: DigitDataset) -> None:
    store_mnist(DIGITS, tmp_path, EXPECTED)
    with pytest.raises(DatasetError):
        store_mnist(wrong, tmp_path, EXPECTED)
    found = load_cached_mnist(tmp_path, EXPECTED)
    assert found is not None
    assert_same_digits(found, DIGITS)


def test_a_home_that_cannot_be_a_folder_is_reported_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(
        DatasetError, match=r"cannot be kept in .*home \(.*\); free 100 MB there, or set MNIST_DEMO_HOME"
    ):
        store_mnist(DIGITS, tmp_path / "home", EXPECTED)


def store_with_little_room(connection: Connection, home: Path) -> None:
    """Store with a file size limit of 100,000 bytes, and send the outcome."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    try:
        store_mnist(DIGITS, home, EXPECTED)
    except DatasetError as error:
        connection.send(str(error))
    else:
        connection.send("stored")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limits on the size of files")
def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    with ChildProcess(store_with_little_room, tmp_path) as child:
        message = child.connection.recv()
    assert os.strerror(errno.EFBIG) in message
    assert names_in(tmp_path) == []


def store_again_and_again(home: Path) -> None:
    for _attempt in range(20):
        store_mnist(DIGITS, home, EXPECTED)


def test_two_processes_that_store_at_once_never_leave_an_incomplete_file(tmp_path: Path) -> None:
    store_mnist(DIGITS, tmp_path, EXPECTED)
    children = [
        process_context().Process(target=store_again_and_again, args=(tmp_path,))  # type: ignore[attr-defined]
        for _child in range(2)
    ]
    for child in children:
        child.start()
    while any(child.is_alive() for child in children):
        assert load_cached_mnist(tmp_path, EXPECTED) is not None
    assert [child.exitcode for child in children] == [0, 0]
    assert names_in(tmp_path) == [CACHE_FILE]


# Pickles


def send_back(connection: Connection, dataset: DigitDataset) -> None:
    connection.send(
        (int(dataset.train_pixels.sum()), dataset.test_labels.tolist(), type(dataset.train_pixels).__name__)
    )


@pytest.mark.parametrize("where", ["cache", "folder"])
def test_mapped_digits_go_to_another_process_as_a_file_name(tmp_path: Path, where: str) -> None:
    dataset = store_mnist(DIGITS, tmp_path, EXPECTED) if where == "cache" else load_folder(write_folder(tmp_path / "d"))
    assert len(pickle.dumps(dataset)) < 3_000
    with ChildProcess(send_back, dataset) as child:
        total, labels, kind = child.connection.recv()
    assert total == DIGITS.train_pixels.sum(dtype=int)
    assert labels == DIGITS.test_labels.tolist()
    assert kind == "memmap"


def test_digits_in_memory_go_by_value(tmp_path: Path, builtin: DigitDataset) -> None:
    gzipped = load_folder(write_folder(tmp_path / "digits", gzipped=("ubyte",)))
    for dataset in (builtin, gzipped):
        assert_same_digits(pickle.loads(pickle.dumps(dataset)), dataset)


def test_a_part_of_mapped_digits_goes_by_value(tmp_path: Path) -> None:
    stored = store_mnist(DIGITS, tmp_path, EXPECTED)
    part = dataclasses.replace(stored, train_pixels=stored.train_pixels[10:20], train_labels=stored.train_labels[10:20])
    copy = pickle.loads(pickle.dumps(part))
    assert_same_digits(copy, part)
    assert not isinstance(copy.train_pixels, np.memmap)


def test_digits_whose_file_is_gone_go_by_value(tmp_path: Path) -> None:
    stored = store_mnist(DIGITS, tmp_path, EXPECTED)
    (tmp_path / CACHE_FILE).unlink()
    with ChildProcess(send_back, stored) as child:
        total, labels, kind = child.connection.recv()
    assert (total, labels, kind) == (DIGITS.train_pixels.sum(dtype=int), DIGITS.test_labels.tolist(), "ndarray")


def test_a_pickle_whose_file_is_gone_is_rejected_in_a_sentence(tmp_path: Path) -> None:
    pickled = pickle.dumps(store_mnist(DIGITS, tmp_path, EXPECTED))
    (tmp_path / CACHE_FILE).unlink()
    with pytest.raises(DatasetError, match="was removed or changed while its digits were in use"):
        pickle.loads(pickled)


# The real MNIST


def test_real_mnist_has_the_published_digest_and_opens_with_half_a_second_of_computing(
    tmp_path: Path, real_mnist: DigitDataset
) -> None:
    assert real_mnist.digest == MNIST.train_sha256
    header = struct.pack(">4I", 2051, 60_000, 28, 28)
    assert hashlib.sha256(header + real_mnist.train_pixels.tobytes()).hexdigest() == MNIST.train_sha256
    store_mnist(real_mnist, tmp_path)
    begin = time.thread_time()  # which stands still while something else has the core
    cached = load_cached_mnist(tmp_path)
    assert time.thread_time() - begin < 0.5
    assert cached is not None
    assert_same_digits(cached, real_mnist)
    assert len(pickle.dumps(cached)) < 100_000
