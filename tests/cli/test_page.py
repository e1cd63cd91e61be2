"""``page`` for users who have less than most: no home, and no folder for temporary files."""

import os
import runpy
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from mnist_demo.saved_runs.places import runs_folder
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
@pytest.mark.parametrize("set_home", ["", "kept"])
def test_page_of_a_user_without_a_home_has_one_that_nobody_else_can_write_to_while_it_is_served(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, set_home: str
) -> None:
    monkeypatch.setenv("MNIST_DEMO_HOME", set_home and str(tmp_path / set_home))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    usual = runs_folder()
    homes = []

    def serve(*_arguments: object, **_more: object) -> None:
        homes.append(Path.home())
        assert homes[0].parent == tmp_path
        assert stat.S_IMODE(homes[0].stat().st_mode) == 0o700
        assert list(homes[0].iterdir()) == []
        assert runs_folder() == usual

    monkeypatch.setattr(runpy, "run_module", serve)
    assert run("page", "--server.port", 8600) == (0, "", "")
    assert sys.argv[-2:] == ["--server.port", "8600"]
    assert [home.exists() for home in homes] == [False]


def test_page_of_a_user_whose_home_is_a_file_has_another_one(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "home").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MNIST_DEMO_HOME", str(tmp_path / "kept"))
    monkeypatch.setattr(sys, "argv", ["mnist-demo"])
    homes = []
    monkeypatch.setattr(runpy, "run_module", lambda *_arguments, **_more: homes.append(Path.home()))
    assert run("page") == (0, "", "")
    assert homes[0].name.startswith("mnist-demo-")


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
