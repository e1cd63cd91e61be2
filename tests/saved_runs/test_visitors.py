"""Things kept for visitors: round trips, damage, limits, two tabs at once, and deletion."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mnist_demo.errors import DrawingFileError, KeepingError
from mnist_demo.saved_runs.visitors import ABSENT_SECONDS, DRAWINGS, MAX_VALUES_BYTES, Shelf, VisitorStore

ME, YOU = "a" * 40, "b" * 40


@pytest.fixture
def store(tmp_path: Path) -> VisitorStore:
    return VisitorStore(tmp_path / "visitors", limit_bytes=100_000)


def parse(content: bytes) -> str:
    if content == b"nonsense":
        raise DrawingFileError("This means nothing.")
    return content.decode()


def load(store: VisitorStore, owner: str = ME) -> list[str | None]:
    items, problem = store.load(owner, DRAWINGS, {}, parse)
    assert problem == ""
    return list(items.values())


def test_what_was_added_is_there_in_its_order_for_its_visitor_alone_after_a_restart(store: VisitorStore) -> None:
    for content in (b"one", b"two", b"three"):
        store.add(ME, DRAWINGS, content)
    again = VisitorStore(store.folder, store.limit_bytes)
    assert load(again) == ["one", "two", "three"]
    assert load(again, YOU) == []
    known = store.load(ME, DRAWINGS, {}, parse)[0]
    items, _problem = store.load(ME, DRAWINGS, known, lambda content: pytest.fail("read twice"))
    assert items == known


def test_tabs_that_keep_at_the_same_moment_overwrite_nothing(store: VisitorStore) -> None:
    stores = [VisitorStore(store.folder, store.limit_bytes) for _tab in range(4)]
    with ThreadPoolExecutor(4) as threads:
        for number in range(40):
            threads.submit(stores[number % 4].add, ME, DRAWINGS, str(number).encode())
            threads.submit(stores[number % 4].keep_values, ME, "lesson", {str(number): number})
    assert sorted(map(int, filter(None, load(store)))) == list(range(40))
    assert store.read_values(ME, "lesson") == {str(number): number for number in range(40)}


@pytest.mark.parametrize("content", [b"", b"another", b"nonsense"])
def test_damaged_file_gives_one_sentence_is_set_aside_and_loses_nothing_else(
    store: VisitorStore, content: bytes
) -> None:
    store.add(ME, DRAWINGS, b"one")
    name = store.add(ME, DRAWINGS, b"nonsense" if content == b"nonsense" else b"two")
    store.add(ME, DRAWINGS, b"three")
    (store.folder / ME / "drawings" / name).write_bytes(content)
    items, problem = store.load(ME, DRAWINGS, {}, parse)
    assert list(items.values()) == ["one", None, "three"]
    assert problem.startswith("Some of what was kept for you is damaged")
    assert str(store.folder) not in problem
    assert load(store) == ["one", "three"]
    assert (store.folder / ME / "drawings" / f".damaged-{name}").read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"[" * 100_000, b"\xff"])
def test_damaged_values_give_one_sentence_and_lose_no_others(store: VisitorStore, content: bytes) -> None:
    store.keep_values(ME, "lesson", {"page": 3})
    store.keep_values(ME, "preferences", {"language": "ko"})
    (store.folder / ME / "lesson.json").write_bytes(content)
    with pytest.raises(KeepingError, match="damaged"):
        store.read_values(ME, "lesson")
    assert store.read_values(ME, "lesson") == {}
    store.keep_values(ME, "lesson", {"page": 4})
    assert store.read_values(ME, "lesson") == {"page": 4}
    assert store.read_values(ME, "preferences") == {"language": "ko"}


def test_limits_of_a_visitor_are_said_and_what_was_kept_stays(store: VisitorStore) -> None:
    few = Shelf("drawings", max_files=2, max_bytes=1000)
    store.add(ME, few, b"one")
    with pytest.raises(KeepingError, match=r"At most 2 of these, .* is here until you close this page"):
        store.add(ME, few, b"x" * 1000)
    store.add(ME, few, b"two")
    with pytest.raises(KeepingError, match="delete others first"):
        store.add(ME, few, b"three")
    store.add(YOU, few, b"three")
    with pytest.raises(KeepingError, match=f"At most {MAX_VALUES_BYTES:,} bytes"):
        store.keep_values(ME, "preferences", {"language": "x" * MAX_VALUES_BYTES})
    assert load(store) == ["one", "two"]
    store.remove(ME, few, [store.add(YOU, few, b"four")])  # of another visitor's shelf: nothing of that name is hers
    assert load(store) == ["one", "two"]


def test_full_server_lets_the_long_absent_make_room_and_nobody_else(store: VisitorStore) -> None:
    store.add(ME, DRAWINGS, b"x" * 60_000)
    with pytest.raises(KeepingError, match="no room left"):
        store.add(YOU, DRAWINGS, b"y" * 60_000)
    assert len(load(store)) == 1
    long_ago = time.time() - ABSENT_SECONDS - 1
    os.utime(store.folder / ME, (long_ago, long_ago))
    store.note_visit(ME)
    with pytest.raises(KeepingError, match="no room left"):
        store.add(YOU, DRAWINGS, b"y" * 60_000)
    os.utime(store.folder / ME, (long_ago, long_ago))
    store.add(YOU, DRAWINGS, b"y" * 60_000)
    assert load(store) == []
    assert len(load(store, YOU)) == 1


def test_all_of_a_visitor_is_deleted_and_nothing_of_another(store: VisitorStore) -> None:
    for owner in (ME, YOU):
        store.add(owner, DRAWINGS, b"one")
        store.keep_values(owner, "preferences", {"language": "ko"})
    (store.folder / ME / "drawings" / ".damaged-1").write_bytes(b"1")
    store.forget(ME)
    store.forget(ME)  # twice is not wrong
    assert store.size(ME) == 0
    assert not [path for path in store.folder.rglob("*") if ME in path.name or path.name.startswith(".unfinished")]
    assert load(store, YOU) == ["one"]
    assert store.read_values(YOU, "preferences") == {"language": "ko"}


def test_disk_that_refuses_is_a_sentence_without_its_paths(store: VisitorStore) -> None:
    store.folder.write_text("a file where the folder should be")
    for action in (
        lambda: store.add(ME, DRAWINGS, b"one"),
        lambda: store.keep_values(ME, "lesson", {"page": 1}),
    ):
        with pytest.raises(KeepingError, match=r"could not keep what you made \(.*\)\. It is here until") as caught:
            action()
        assert str(store.folder) not in str(caught.value)
    assert load(store) == []


@pytest.mark.parametrize("owner", ["..", "../" + ME, "", "/etc/passwd"])
def test_nothing_but_a_digest_becomes_a_path(store: VisitorStore, owner: str) -> None:
    with pytest.raises(ValueError, match="not what stands for a visitor"):
        store.add(owner, DRAWINGS, b"one")
    assert not store.folder.parent.joinpath("drawings").exists()


def test_values_are_a_file_that_other_programs_read(store: VisitorStore) -> None:
    store.keep_values(ME, "preferences", {"language": "ko"})
    assert json.loads((store.folder / ME / "preferences.json").read_text()) == {"language": "ko"}
