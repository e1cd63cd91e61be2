import dataclasses
import errno
import gzip
import hashlib
import os
import pickle
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

from mnist_demo.datasets import (
    CACHE_FILE,
    MNIST,
    DigitDataset,
    home_folder,
    load_builtin,
    load_cached_mnist,
    load_dataset,
    load_first_dataset,
    load_folder,
    scale_pixels,
    store_mnist,
)
from mnist_demo.digits.mnist_servers import Mirror
from mnist_demo.errors import DatasetError, DownloadError
from mnist_demo.processes import process_context
from tests.fake_mnist_servers import FakeMnistServers, Killed, expected_of, idx_files, idx_labels, small_digits

DIGITS = small_digits()
EXPECTED = expected_of(DIGITS)
REAL_FOLDER, REAL_HOME = os.environ.get("MNIST_DEMO_DATA"), home_folder()


def assert_same_digits(found: DigitDataset, expected: DigitDataset) -> None:
    for name in ("train_pixels", "train_labels", "test_pixels", "test_labels"):
        one, other = getattr(found, name), getattr(expected, name)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    assert found.digest == expected.digest


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_folder(folder: Path, digits: DigitDataset = DIGITS, gzipped: tuple[str, ...] = ()) -> Path:
    """Write the four IDX files, those that contain one of `gzipped` in their name compressed."""
    folder.mkdir(exist_ok=True)
    for name, content in idx_files(digits).items():
        if any(part in name for part in gzipped):
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)
    return folder


@pytest.fixture(autouse=True)
def _nothing_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let no test see the environment's digits, or write to the user's folder."""
    monkeypatch.delenv("MNIST_DEMO_DATA", raising=False)
    monkeypatch.setenv("MNIST_DEMO_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def builtin() -> DigitDataset:
    return load_builtin()


@pytest.fixture
def real_mnist() -> DigitDataset:
    if REAL_FOLDER is not None and Path(REAL_FOLDER).is_dir():
        return load_folder(REAL_FOLDER)
    cached = load_cached_mnist(REAL_HOME)
    if cached is None:
        pytest.skip(f"needs the real MNIST: MNIST_DEMO_DATA is no folder, and {REAL_HOME} has none")
    return cached


# What every dataset is


def test_scale_pixels_gives_images_between_zero_and_one() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    images = scale_pixels(pixels)
    assert images.dtype == np.float32
    assert images.shape == (1, 16, 16)
    assert images.min() == 0
    assert images.max() == 1
    np.testing.assert_allclose(images, pixels / 255.0, rtol=1e-6)


def test_home_folder_is_absolute_even_where_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_DEMO_HOME", "somewhere")
    assert home_folder() == Path.cwd() / "somewhere"


def test_home_folder_is_the_users_cache_where_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MNIST_DEMO_HOME")
    assert home_folder().name == "mnist-demo"


def test_importing_datasets_brings_no_heavy_library() -> None:
    heavy = ["torch", "sklearn", "pandas", "pooch", "requests", "scipy", "PIL"]
    program = f"import sys, mnist_demo.datasets; sys.exit(' '.join(set({heavy}) & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stderr.strip() == ""


# The built-in digits


def test_builtin_digits_have_mnists_shapes_and_a_fixed_split(builtin: DigitDataset) -> None:
    assert (builtin.name, builtin.source) == ("builtin", "scikit-learn")
    assert builtin.train_pixels.shape == (1437, 28, 28)
    assert builtin.test_pixels.shape == (360, 28, 28)
    assert builtin.train_pixels.dtype == builtin.test_pixels.dtype == np.uint8
    assert builtin.train_labels.dtype == builtin.test_labels.dtype == np.int64
    assert_same_digits(load_builtin(), builtin)


def test_builtin_digits_are_split_with_the_same_share_of_every_digit(builtin: DigitDataset) -> None:
    from sklearn.datasets import load_digits  # here, since child processes import this module too

    everywhere = np.bincount(load_digits().target)
    tested = np.bincount(builtin.test_labels)
    np.testing.assert_array_equal(np.bincount(builtin.train_labels) + tested, everywhere)
    assert np.abs(tested - everywhere * 360 / 1797).max() < 1


def test_builtin_digits_are_bright_and_laid_out_like_mnist(builtin: DigitDataset) -> None:
    pixels = builtin.train_pixels.astype(float)
    assert pixels.max(axis=(1, 2)).min() == 255
    height = (pixels.max(axis=2) > 0).sum(axis=1)
    width = (pixels.max(axis=1) > 0).sum(axis=1)
    assert np.maximum(height, width).max() <= 20
    assert np.median(np.maximum(height, width)) == 20
    # In MNIST's own test images, the centre of mass of a digit lies within half a pixel of (14, 14); rounding to whole
    # grey levels may move it a little.
    for axis in (1, 2):
        along = pixels.sum(axis=3 - axis)
        centre = along @ np.arange(28) / along.sum(axis=1)
        assert np.abs(centre - 14).max() <= 0.51


def test_builtin_digits_keep_their_labels(builtin: DigitDataset) -> None:
    from sklearn.neighbors import KNeighborsClassifier

    neighbours = KNeighborsClassifier(1).fit(builtin.train_pixels.reshape(-1, 784), builtin.train_labels)
    assert neighbours.score(builtin.test_pixels.reshape(-1, 784), builtin.test_labels) > 0.95


# A folder of IDX files


@pytest.mark.parametrize("gzipped", [(), ("ubyte",), ("train", "t10k-labels")], ids=["plain", "gzipped", "mixed"])
def test_load_folder_returns_what_the_files_hold(tmp_path: Path, gzipped: tuple[str, ...]) -> None:
    dataset = load_folder(write_folder(tmp_path / "digits", gzipped=gzipped))
    assert_same_digits(dataset, DIGITS)
    assert (dataset.name, dataset.source) == ("folder", str(tmp_path / "digits"))


def test_load_folder_without_a_folder_says_what_may_be_given(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"There is no folder .*nowhere; name one with MNIST's four files, or say"):
        load_folder(tmp_path / "nowhere")


def test_load_folder_given_a_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match="file is a file; name the folder"):
        load_folder(tmp_path / "file")


@pytest.mark.parametrize("name", idx_files(DIGITS))
def test_load_folder_without_one_of_the_files_names_it(tmp_path: Path, name: str) -> None:
    folder = write_folder(tmp_path / "digits")
    (folder / name).unlink()
    with pytest.raises(DatasetError, match=f"has no file {name} or {name}.gz"):
        load_folder(folder)


def test_load_folder_with_more_labels_than_images_names_both(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "digits")
    (folder / "t10k-labels-idx1-ubyte").write_bytes(idx_labels(np.zeros(101, dtype=np.int64)))
    with pytest.raises(DatasetError, match=r"t10k-images-idx3-ubyte holds 100 images, but .* 101 labels"):
        load_folder(folder)


def test_load_folder_with_images_in_the_place_of_labels_says_what_was_expected(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "digits")
    (folder / "train-images-idx3-ubyte").replace(folder / "train-labels-idx1-ubyte")
    write_folder(folder, gzipped=("train-images",))
    (folder / "train-labels-idx1-ubyte").write_bytes((folder / "t10k-images-idx3-ubyte").read_bytes())
    with pytest.raises(DatasetError, match="expected an IDX file that begins with the number 2049"):
        load_folder(folder)


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


def test_no_cache_is_no_error(tmp_path: Path) -> None:
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


def test_another_file_in_the_place_of_the_cache_counts_as_absent(tmp_path: Path) -> None:
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
    """Store where no file may grow beyond 100,000 bytes, and say what came of it."""
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
    ours, theirs = process_context().Pipe()
    child = process_context().Process(target=store_with_little_room, args=(theirs, tmp_path))  # type: ignore[attr-defined]
    child.start()
    message = ours.recv()
    child.join()
    assert os.strerror(errno.EFBIG) in message
    assert names_in(tmp_path) == []


def store_again_and_again(home: Path) -> None:
    for _attempt in range(20):
        store_mnist(DIGITS, home, EXPECTED)


def test_two_processes_that_store_at_once_never_leave_a_file_that_is_not_whole(tmp_path: Path) -> None:
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
    ours, theirs = process_context().Pipe()
    child = process_context().Process(target=send_back, args=(theirs, dataset))  # type: ignore[attr-defined]
    child.start()
    total, labels, kind = ours.recv()
    child.join()
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


def test_a_pickle_whose_file_is_gone_is_refused_in_a_sentence(tmp_path: Path) -> None:
    pickled = pickle.dumps(store_mnist(DIGITS, tmp_path, EXPECTED))
    (tmp_path / CACHE_FILE).unlink()
    with pytest.raises(DatasetError, match="was removed or changed while its digits were in use"):
        pickle.loads(pickled)


# Which source is taken

NO_SERVER = Mirror("http://127.0.0.1:9/")  # the port "discard", where nobody listens


@pytest.mark.parametrize("word", ["builtin", " Builtin "])
def test_the_word_builtin_gives_the_builtin_digits_and_fetches_nothing(builtin: DigitDataset, word: str) -> None:
    first = load_first_dataset(word)
    assert not first.fetch_mnist
    assert_same_digits(first.dataset, builtin)


def test_a_folder_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MNIST_DEMO_DATA", str(write_folder(tmp_path / "digits")))
    assert_same_digits(load_dataset(), DIGITS)
    assert not load_first_dataset().fetch_mnist


def test_the_argument_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MNIST_DEMO_DATA", str(tmp_path / "nowhere"))
    assert load_dataset("builtin").name == "builtin"


def test_a_folder_that_is_bad_is_an_error_and_no_reason_for_other_digits(tmp_path: Path) -> None:
    for load in (load_dataset, load_first_dataset):
        with pytest.raises(DatasetError, match="There is no folder"):
            load(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("source", [None, "openml", "OpenML"])
def test_a_page_without_a_cache_begins_with_builtin_digits_and_fetches_mnist(source: str | None) -> None:
    first = load_first_dataset(source)
    assert first.dataset.name == "builtin"
    assert first.fetch_mnist


@pytest.mark.parametrize("source", [None, "openml"])
def test_a_cached_mnist_is_taken_without_a_question_to_any_server(tmp_path: Path, source: str | None) -> None:
    store_mnist(DIGITS, tmp_path, EXPECTED)
    first = load_first_dataset(source, home=tmp_path, expected=EXPECTED)
    assert first.dataset.name == "mnist"
    assert not first.fetch_mnist
    assert load_dataset(source, home=tmp_path, servers=[NO_SERVER], expected=EXPECTED).name == "mnist"


def test_mnist_is_downloaded_where_there_is_no_cache(tmp_path: Path) -> None:
    with FakeMnistServers(DIGITS) as servers:
        dataset = load_dataset(home=tmp_path, servers=[servers.mirror()], expected=EXPECTED)
    assert_same_digits(dataset, DIGITS)
    assert dataset.source == "127.0.0.1"


def test_without_network_and_choice_the_builtin_digits_are_used_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert load_dataset(servers=[NO_SERVER]).name == "builtin"
    assert "MNIST could not be downloaded (127.0.0.1 cannot be reached" in caplog.text
    assert "scikit-learn's digits are used" in caplog.text


def test_without_network_openml_by_name_is_an_error() -> None:
    with pytest.raises(DownloadError, match="MNIST could not be downloaded"):
        load_dataset("openml", servers=[Killed()])


# The real one


def test_real_mnist_has_the_published_digest_and_opens_within_half_a_second(
    tmp_path: Path, real_mnist: DigitDataset
) -> None:
    assert real_mnist.digest == MNIST.train_sha256
    header = struct.pack(">4I", 2051, 60_000, 28, 28)
    assert hashlib.sha256(header + real_mnist.train_pixels.tobytes()).hexdigest() == MNIST.train_sha256
    store_mnist(real_mnist, tmp_path)
    begin = time.perf_counter()
    cached = load_cached_mnist(tmp_path)
    assert time.perf_counter() - begin < 0.5
    assert cached is not None
    assert_same_digits(cached, real_mnist)
    assert len(pickle.dumps(cached)) < 100_000
