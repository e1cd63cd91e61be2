"""A visitor for whom the server has no open files left reads so, before anybody else's page breaks."""

from collections.abc import Iterator

import pytest

from mnist_demo.ui.server import open_files
from tests.ui.actions import open_page

resource = pytest.importorskip("resource", reason="needs a system with limits of open files")


@pytest.fixture
def limits() -> Iterator[tuple[int, int]]:
    """The limits of this process, as they are again afterwards."""
    before: tuple[int, int] = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_server_may_have_as_many_files_open_as_the_system_lets_it(limits: tuple[int, int]) -> None:
    soft, hard = limits
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1024), hard))
    open_files.allow_many()
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= min(soft, hard, open_files.ENOUGH)


def test_who_comes_to_a_full_server_reads_so_and_who_is_there_works_on(monkeypatch: pytest.MonkeyPatch) -> None:
    there = open_page()
    monkeypatch.setattr(open_files, "SPARE", resource.getrlimit(resource.RLIMIT_NOFILE)[0])
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
