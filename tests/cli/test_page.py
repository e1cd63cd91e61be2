"""``page`` for users who have less than most: no home, and no folder for temporary files."""

import os
import runpy
import sys
import tempfile
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def _no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.name != "posix":
        pytest.skip("elsewhere everybody has a home")
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    monkeypatch.setenv("HOME", "/")  # so that what the command sets is undone, even where there was none
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(sys, "argv", ["mnist-demo"])
    monkeypatch.setattr(runpy, "run_module", lambda *_arguments, **_more: None)


@pytest.mark.usefixtures("_no_home")
def test_page_of_a_user_without_a_home_has_one_among_the_temporary_files(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert run("page", "--server.port", 8600) == (0, "", "")
    assert Path.home() == tmp_path
    assert sys.argv[-2:] == ["--server.port", "8600"]


@pytest.mark.usefixtures("_no_home")
def test_page_without_a_home_or_any_temporary_folder_ends_with_a_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/nowhere"])
    status, _out, err = run("page")
    assert status == 2
    assert err.startswith("Something could not be read or written: ")
    assert "temporary directory" in err
    assert err.count("\n") == 1
