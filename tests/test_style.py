"""Lint, format and types, so that one command checks everything."""

import re
import subprocess
import sys

import pytest

from tests import ROOT


@pytest.mark.parametrize(
    "tool", [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]], ids=["ruff-check", "ruff-format", "mypy"]
)
def test_project_satisfies(tool: list[str]) -> None:
    finished = subprocess.run([sys.executable, "-m", *tool], cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_streamlit_is_imported_in_the_page_only() -> None:
    core = [path for path in (ROOT / "mnist_demo").rglob("*.py") if "ui" not in path.parts]
    assert [path.name for path in core if re.search(r"(import|from) streamlit", path.read_text())] == []
