"""A visitor's files have bounds, also while they come; `tests/ui/test_one_against_all.py` sends real ones."""

import asyncio

import pytest
from starlette.exceptions import HTTPException
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from mnist_demo.ui.server import uploads as bounds
from mnist_demo.ui.server.uploads import BoundedUploads
from tests.waiting import run


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> MemoryUploadedFileManager:
    monkeypatch.setattr(bounds, "VISITOR_UPLOADS", 60)
    monkeypatch.setattr(bounds, "ALL_UPLOADS", 100)
    monkeypatch.setattr(bounds, "ALL_COMING", 80)
    monkeypatch.setattr(bounds, "LEAST_UPLOAD", 1)
    return MemoryUploadedFileManager("/files")


@pytest.fixture
def uploads(files: MemoryUploadedFileManager) -> BoundedUploads:
    """The bounds of `files`; the first letter of a session's id is that of its visitor."""
    return BoundedUploads(files, lambda session: session[0])


def file_of(name: str, size: int) -> UploadedFileRec:
    return UploadedFileRec(name, name, "", bytes(size))


def kept(files: MemoryUploadedFileManager) -> dict[str, list[str]]:
    return {session: list(named) for session, named in files.file_storage.items() if named}


def test_uploads_are_bounded_in_all_and_who_has_most_loses_her_oldest(
    files: MemoryUploadedFileManager, uploads: BoundedUploads
) -> None:
    for session, name in (("a1", "first"), ("a2", "second"), ("a1", "third")):
        files.add_file(session, file_of(name, 20))
    with pytest.raises(HTTPException, match="of yours"):
        files.add_file("a3", file_of("fourth", 1))
    files.add_file("b", file_of("hers", 40))
    files.add_file("c", file_of("hers", 15))
    assert kept(files) == {"a1": ["third"], "a2": ["second"], "b": ["hers"], "c": ["hers"]}
    with pytest.raises(HTTPException, match="here at the moment"):
        files.add_file("c", file_of("another", 40))  # it would be she who has most
    assert kept(files) == {"a1": ["third"], "a2": ["second"], "b": ["hers"], "c": ["hers"]}


def test_what_is_still_coming_counts_beside_what_is_kept_until_it_has_come(
    files: MemoryUploadedFileManager, uploads: BoundedUploads
) -> None:
    files.add_file("a1", file_of("kept", 20))
    with uploads.receiving("a1", 30):
        with pytest.raises(HTTPException, match="of yours"), uploads.receiving("a2", 11):
            pass
        with (
            uploads.receiving("a2", 10),
            uploads.receiving("b", 40),
            pytest.raises(HTTPException, match="here at the moment"),
            uploads.receiving("c", 1),
        ):
            pass
    files.add_file("a1", file_of("come", 30))
    with uploads.receiving("a2", 10), uploads.receiving("b", 60):
        pass
    assert kept(files) == {"a1": ["kept", "come"]}  # nobody loses anything to what has not come


def test_file_that_comes_too_slowly_is_given_up_and_leaves_room(
    uploads: BoundedUploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "RECEIVE_SECONDS", 0.01)

    async def form() -> None:
        await asyncio.sleep(60)

    for _time in range(2):
        with pytest.raises(HTTPException, match="too slowly"):
            run(bounds._receive(uploads, "a", 60, form))
