"""Lint, format and types, so that one command checks everything."""

import ast
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


def test_a_module_says_what_it_holds() -> None:
    """The first words of its docstring name that: “What …” and “Who …” leave the reader to find out."""
    modules = [path for folder in ("mnist_demo", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    said = {path: ast.get_docstring(ast.parse(path.read_text())) or "" for path in modules}
    assert [str(path) for path, words in said.items() if re.match(r"(What|Who|How)\b|$", words)] == []
