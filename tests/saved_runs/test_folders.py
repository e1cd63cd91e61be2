"""Atomically written folders, also when the process that writes them is killed."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mnist_demo.files import UNFINISHED_PREFIX
from mnist_demo.saved_runs.folders import CLAIM_PREFIX, DELETED_PREFIX, WHOLE_PREFIX, FolderStore
from tests import ROOT

NAME, OTHER_NAME = "0123456789abcdef", "fedcba9876543210"
# Writes the same folder repeatedly, with a counter in every file, and prints a line after it has started.
WRITER = """
import sys
from pathlib import Path
from mnist_demo.saved_runs.folders import FolderStore

store = FolderStore(Path(sys.argv[1]))
number = int(sys.argv[2])
print("begun", flush=True)
while True:
    number += 1
    text = f"{number}".encode()
    store.write(sys.argv[3], {f"file-{i}.txt": text * 2000 for i in range(6)}, lambda old: {"last.txt": text * 2000})
"""


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "folders")


def writer(store: FolderStore, first: int, name: str = NAME) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", WRITER, str(store.root), str(first), name]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def kill(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def assert_whole(files: dict[str, bytes] | None) -> None:
    assert files is not None
    assert len(files) == 7
    assert len(set(files.values())) == 1, "files of two writes are mixed"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_folder_whose_writer_is_killed_at_any_moment_is_complete(store: FolderStore) -> None:
    generator = random.Random(0)
    for attempt in range(12):
        process = writer(store, 1000 * attempt)
        time.sleep(generator.uniform(0, 0.08))
        kill(process)
        if attempt == 0 and store.find(NAME) is None:
            continue  # killed before the first folder was complete: there is none
        assert_whole(store.read(NAME))
        assert store.names() == [NAME]


def test_replacement_interrupted_by_a_kill_is_completed_by_the_next_reader(store: FolderStore) -> None:
    store.write(NAME, {"a.txt": b"old"})
    new = store.root / f"{WHOLE_PREFIX}{NAME}"
    new.mkdir()
    (new / "a.txt").write_bytes(b"new")
    assert store.read(NAME) == {"a.txt": b"new"}
    (store.root / NAME).rename(new)  # as if killed after the old folder was moved away
    assert store.names() == [NAME]
    assert store.read(NAME) == {"a.txt": b"new"}
    assert [path.name for path in store.root.iterdir() if path.name != ".lock"] == [NAME]


def test_folders_being_written_are_not_among_the_names(store: FolderStore) -> None:
    (store.root / f"{UNFINISHED_PREFIX}{NAME}").mkdir(parents=True)
    assert store.names() == []


def test_readers_never_see_a_folder_missing_or_mixed_while_two_processes_write_it(store: FolderStore) -> None:
    store.write(NAME, {f"file-{i}.txt": b"0" for i in range(6)}, lambda old: {"last.txt": b"0"})
    processes = [writer(store, 0), writer(store, 1_000_000)]
    seen: set[bytes] = set()
    while len(seen) < 12:
        assert store.names() == [NAME]
        files = store.read(NAME)
        assert_whole(files)
        seen.add((files or {})["last.txt"][:12])
    for process in processes:
        kill(process)


def test_threads_of_one_process_can_write_the_same_folder_at_once(store: FolderStore) -> None:
    def write(text: bytes) -> None:
        for _attempt in range(5):
            store.write(NAME, {f"file-{i}.txt": text for i in range(6)}, lambda old: {"last.txt": text})

    threads = [threading.Thread(target=write, args=(text,)) for text in (b"one", b"two", b"three")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_whole(store.read(NAME))
    assert {path.name for path in store.root.iterdir()} <= {NAME, ".lock"}


def test_removed_folder_can_be_brought_back_and_is_not_written_meanwhile(store: FolderStore) -> None:
    store.write(NAME, {"a.txt": b"1"})
    assert store.remove(NAME)
    assert store.find(NAME) is None
    assert store.names() == []
    assert set(store.removed()) == {NAME}
    assert not store.write(NAME, {"a.txt": b"2"})
    assert store.bring_back(NAME)
    assert store.read(NAME) == {"a.txt": b"1"}
    assert not store.bring_back(NAME)


def test_destroyed_folder_cannot_be_brought_back(store: FolderStore) -> None:
    store.write(NAME, {"a.txt": b"1"})
    store.remove(NAME)
    store.destroy(NAME)
    assert not store.bring_back(NAME)
    assert not (store.root / f"{DELETED_PREFIX}{NAME}").exists()


@pytest.mark.parametrize(
    "name", ["", "..", "../../outside", "/etc/passwd", "a/b/c/d/e/f", ".whole-0123456789", "short", "x" * 65, "ä" * 10]
)
def test_name_that_could_be_a_path_is_not_a_folder(store: FolderStore, name: str) -> None:
    outside = store.root.parent / "outside"
    outside.mkdir()
    assert store.find(name) is None
    assert store.read(name) is None
    assert not store.remove(name)
    assert not store.bring_back(name)
    with pytest.raises(ValueError, match="not a name"):
        store.write(name, {"a.txt": b""})
    with pytest.raises(ValueError, match="not a name"):
        store.destroy(name)
    assert list(outside.iterdir()) == []


def test_claim_is_held_by_one_process_and_released_when_it_is_killed(store: FolderStore) -> None:
    script = (
        "import sys, time; from pathlib import Path; from mnist_demo.saved_runs.folders import FolderStore; "
        f"lock = FolderStore(Path(sys.argv[1])).claim({NAME!r}); print('begun', flush=True); time.sleep(60)"
    )
    assert not store.is_claimed(NAME)
    command = [sys.executable, "-c", script, str(store.root)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    assert store.is_claimed(NAME)
    assert store.claim(NAME) is None
    kill(process)
    assert not store.is_claimed(NAME)
    assert not (store.root / f"{CLAIM_PREFIX}{NAME}").exists()
    mine = store.claim(NAME)
    assert mine is not None
    assert store.is_claimed(NAME)
    mine.release()
    assert not store.is_claimed(NAME)


def test_what_a_failed_write_could_not_remove_is_removed_by_the_next_one(store: FolderStore) -> None:
    away = store.root.with_name("away")

    def lose_the_disk(old: Path | None) -> dict[str, bytes]:
        store.root.rename(away)
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        store.write(NAME, {"file": b"1"}, lose_the_disk)
    away.rename(store.root)
    assert list(store.root.glob(f"{UNFINISHED_PREFIX}*"))
    store.write(NAME, {"file": b"2"})
    assert not list(store.root.glob(f"{UNFINISHED_PREFIX}*"))
    assert store.read(NAME) == {"file": b"2"}


def test_claim_of_more_than_a_day_stays_while_it_is_held_and_goes_when_its_process_is_gone(store: FolderStore) -> None:
    held = store.claim(NAME)
    assert held is not None
    left = store.root / f"{CLAIM_PREFIX}{OTHER_NAME}"
    left.touch()
    for file in (Path(held.lock_file), left):
        os.utime(file, (0, 0))

    store.write(OTHER_NAME, {})

    assert store.is_claimed(NAME)
    assert not left.exists()
    store.give_up(held)
