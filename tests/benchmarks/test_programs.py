"""Programs that are measured: real ones, in processes of their own."""

import ast
import os
import sys
import time

import pytest

from benchmarks.drivers.programs import BASELINES, can_rest, let_rest, run_program
from benchmarks.errors import BenchmarkError
from tests import ROOT


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


@pytest.mark.skipif(not can_rest(), reason="this system cannot stop a process and let it go on")
def test_program_that_rests_computes_in_its_turns_only() -> None:
    endless = "import itertools, time\nfor n in itertools.count(): print('{\"n\": %d}' % n, flush=True)"
    counts = f"{endless}; time.sleep(0.05)"
    with let_rest(program(counts), os.environ) as resting:
        first = resting.turn(0.5, at_least=2)  # Python itself takes a while to start
        time.sleep(1.0)
        second = resting.turn(0.5)
    assert [line["n"] for line in first] == list(range(len(first)))
    begin = second[0]["n"]
    assert [line["n"] for line in second] == list(range(begin, begin + len(second)))
    assert begin - len(first) in (0, 1)  # what came just as it was stopped is of no turn
    assert len(second) > 1
    assert second[1]["arrived"] - first[-1]["arrived"] > 1.0


@pytest.mark.skipif(not can_rest(), reason="this system cannot stop a process and let it go on")
def test_program_that_ends_before_its_turn_does_is_named_in_a_sentence() -> None:
    with (
        let_rest(program("raise SystemExit('no digits here')"), os.environ) as resting,
        pytest.raises(BenchmarkError, match="ended too soon"),
    ):
        resting.turn(0.1, at_least=1)


def test_program_that_fails_is_quoted_in_a_sentence() -> None:
    with pytest.raises(BenchmarkError, match=r"failed.*no digits here"):
        run_program(program("raise SystemExit('no digits here')"), os.environ)


@pytest.mark.parametrize("name", sorted(path.stem for path in BASELINES.glob("[!_]*.py")))
def test_baseline_knows_nothing_of_this_project(name: str) -> None:
    path = ROOT / "benchmarks" / "baselines" / f"{name}.py"
    imports = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert imports
    assert not [node for node in imports if "mnist_demo" in ast.unparse(node)]
