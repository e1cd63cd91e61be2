"""A visitor for whom the server has nothing left of what is limited reads so, before anybody else's page breaks."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mnist_demo.ui.server import limits
from tests.ui.actions import open_page

resource = pytest.importorskip("resource", reason="needs a system with limits of open files")


@pytest.fixture
def allowed() -> Iterator[tuple[int, int]]:
    """The limits on this process's open files, as they are again afterwards."""
    before: tuple[int, int] = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_server_may_have_as_many_files_open_as_the_system_lets_it(allowed: tuple[int, int]) -> None:
    soft, hard = allowed
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1024), hard))
    limits.allow_many_files()
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= min(soft, hard, limits.ENOUGH)


def test_who_comes_to_a_full_server_reads_so_and_who_is_there_works_on(monkeypatch: pytest.MonkeyPatch) -> None:
    there = open_page()
    monkeypatch.setattr(limits, "SPARE", resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    comes = open_page()
    assert [notice.value for notice in comes.warning] == [
        "This server has as many visitors as it can have. Try again in a few minutes."
    ]
    assert not comes.selectbox
    there.run()
    assert not there.warning
    assert there.selectbox
    monkeypatch.undo()
    comes.run()
    assert comes.selectbox


@pytest.mark.parametrize(
    ("groups", "folder"),
    [("0::/\n", ""), ("0::/system.slice/page.service\n", "system.slice"), ("5:cpu:/a\n4:pids:/a/b\n", "pids/a/b")],
    ids=["container", "service", "version 1"],
)
def test_server_is_full_before_a_container_or_a_service_has_no_thread_left(
    groups: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PROCESSES", tmp_path / "proc")
    monkeypatch.setattr(limits, "CGROUPS", tmp_path / "cgroup")
    own, limited = tmp_path / "proc" / "self" / "cgroup", tmp_path / "cgroup" / folder
    own.parent.mkdir(parents=True)
    limited.mkdir(parents=True)
    own.write_text(groups)
    (limited / "pids.max").write_text("max\n")
    (limited / "pids.current").write_text("450\n")
    assert not limits.is_full()
    (limited / "pids.max").write_text("512\n")
    assert not limits.is_full()
    (limited / "pids.current").write_text("453\n")
    assert limits.is_full()
    # One of a small container leaves a quarter.
    (limited / "pids.max").write_text("100\n")
    (limited / "pids.current").write_text("70\n")
    assert not limits.is_full()
    (limited / "pids.current").write_text("80\n")
    assert limits.is_full()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux to count the threads of a user")
def test_server_is_full_before_its_user_has_no_thread_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1)  # the limit does not bind root, who may run this test
    soft, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    of_user = len([task for task in Path("/proc").glob("[0-9]*/task/*") if task.stat().st_uid == os.getuid()])
    try:
        for spare, expected in ((1000, False), (limits.SPARE_THREADS // 2, True)):
            resource.setrlimit(resource.RLIMIT_NPROC, (of_user + spare, hard))
            assert limits.is_full() == expected
    finally:
        resource.setrlimit(resource.RLIMIT_NPROC, (soft, hard))
