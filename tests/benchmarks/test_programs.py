"""Programs that are measured: real ones, in processes of their own."""

import ast
import os
import sys
import time
from pathlib import Path

import pytest

from mnist_demo.benchmarks.programs import run_program
from mnist_demo.errors import BenchmarkError


def program(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_program_gives_its_lines() -> None:
    lines = run_program(program("print('{\"a\": 1}'); print('{\"a\": 2}')"), os.environ)
    assert [line["a"] for line in lines] == [1, 2]
    assert lines[0]["arrived"] <= lines[1]["arrived"]


def test_program_is_ended_when_a_line_is_enough() -> None:
    endless = "import itertools\nfor n in itertools.count(): print('{\"n\": %d}' % n, flush=True)"
    lines = run_program(program(endless), os.environ, is_enough=lambda line: line["n"] == 3)
    assert [line["n"] for line in lines] == [0, 1, 2, 3]


def test_program_is_ended_when_its_time_is_over() -> None:
    sleeper = "import time\nprint('{\"n\": 1}', flush=True)\ntime.sleep(600)"
    began = time.monotonic()
    assert len(run_program(program(sleeper), os.environ, budget=1.5)) <= 1
    assert time.monotonic() - began < 300


def test_program_that_fails_is_quoted_in_a_sentence() -> None:
    with pytest.raises(BenchmarkError, match=r"failed.*no digits here"):
        run_program(program("raise SystemExit('no digits here')"), os.environ)


@pytest.mark.parametrize("name", ["tutorial_pytorch", "tutorial_scratch", "pytorch_example"])
def test_baseline_knows_nothing_of_this_project(name: str) -> None:
    path = Path(__file__).parents[2] / "mnist_demo" / "benchmarks" / "baselines" / f"{name}.py"
    imports = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert imports
    assert not [node for node in imports if "mnist_demo" in ast.unparse(node)]
