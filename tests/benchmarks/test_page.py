"""The measurements of the page: parts of them here, and a few of them whole, for a moment, in a real browser."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.catalogue import choose
from benchmarks.command import build_parser, main
from benchmarks.drivers.memory import read_memory
from benchmarks.drivers.varied_digits import draw_digits
from benchmarks.measurements.page_estimate import seconds_in
from mnist_demo.drawing.image import image_from_strokes
from mnist_demo.jobs.estimator import CostEstimate
from mnist_demo.models.checkpoints import load_checkpoint
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.ui.train_and_draw.cost import describe_cost
from tests import ROOT
from tests.browser.chromium import lacks_chromium
from tests.browser.page import read_steps
from tests.browser.server import descendants


def test_progress_bar_tells_the_steps_done() -> None:
    assert read_steps("<p>Linear, with PyTorch: epoch 7 of 1,000, step 4,701 of 719,000</p>") == 4701


@pytest.mark.parametrize("seconds", [0.5, 3, 42, 120, 3600, 90_000])
def test_seconds_are_read_from_the_line_beneath_start(seconds: float) -> None:
    assert seconds_in(describe_cost(Hyperparameters(), CostEstimate(seconds, is_coming=False))) == seconds


def test_pen_draws_digits_that_can_be_read_and_never_twice_the_same() -> None:
    drawings = list(draw_digits(60, 280))
    assert {digit for digit, _strokes in drawings} == {0, 1, 2, 3, 4, 7}
    for _digit, strokes in drawings:
        assert all(stroke.min() >= 0 and stroke.max() <= 280 for stroke in strokes)
    images = np.stack([image_from_strokes(strokes) for _digit, strokes in drawings])
    assert len(np.unique(images, axis=0)) == len(images)
    predicted = load_checkpoint("starter").predict_probabilities(images).argmax(axis=1)
    assert (predicted == [digit for digit, _strokes in drawings]).mean() > 0.9


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux’s /proc")
def test_memory_of_a_process_grows_by_what_it_keeps() -> None:
    # Of a process that does nothing else; what else this one frees meanwhile would count too.
    program = "print(flush=True); input(); kept = bytearray(b'1') * 50_000_000; print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        before = read_memory(process.pid)
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()
        after = read_memory(process.pid)
        process.kill()
    assert 45 < after.own - before.own < 75
    assert after.own <= after.share
    assert os.getpid() in descendants(os.getppid())


def test_page_without_playwright_says_what_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["page-latency", "--quick"]) == 2
    assert "pip install -r tests/requirements.txt" in capsys.readouterr().err
    # When nothing is asked for by name, the rest is measured, and the reason is said once.
    arguments = build_parser().parse_args(["--quick"])
    names, left_out = choose(arguments)
    assert "tutorial" in names
    assert not [name for name in names if name.startswith("page")]
    assert len([sentence for sentence in left_out if "playwright" in sentence]) == 1


@pytest.mark.browser
@pytest.mark.timeout(600)
def test_page_is_measured_in_a_real_browser() -> None:
    if (sentence := lacks_chromium()) is not None:
        pytest.skip(sentence)
    # In a process of its own: two of Playwright's event loops cannot share one.
    names = ("page-latency", "page-memory", "page-long-run", "page-estimate", "crowd", "soak")
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks", *names, "--quick", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    rows = [json.loads(line) for line in finished.stdout.splitlines()]
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_name.setdefault(row["measurement"], []).append(row)
    # The canvas as it comes waits for 0.2 s before it tells of a stroke; ours sends at once. An answer that came sooner
    # than a script can run was not to that stroke.
    refreshes, *_answers = by_name["page-latency"]
    assert min(refreshes["ours"], refreshes["theirs"]) > 0
    for row in by_name["page-latency"][1:]:
        assert min(row["ours"], row["theirs"]) > 20
    assert max(row["theirs"] for row in by_name["page-latency"][1:]) > 150
    server, _helpers, job, _visitor, largest = by_name["page-memory"]
    assert server["ours"] > 50
    assert job["ours"] > 5
    assert largest["ours"] > 0
    size, milliseconds, megabytes = by_name["page-long-run"]
    assert size["ours"] > 5
    assert milliseconds["ours"] > 1
    assert megabytes["ours"] > 5
    (estimate,) = by_name["page-estimate"]
    assert estimate["theirs"] > 0.1
    assert estimate["reached"] == (abs(estimate["ours"] - estimate["theirs"]) <= 0.3 * estimate["theirs"])
    for name in ("crowd-class", "crowd-server", "crowd-cluster"):
        stroke, *_others, errors = by_name[name]
        assert stroke["ours"] > 1
        assert errors["ours"] == 0, errors["what"]
    memory, *uses, errors = by_name["soak"]
    assert " 0 visits" not in memory["what"]
    assert memory["ours"] > 50
    for use, least in zip(uses, (10, 5, 1, 0), strict=True):  # open files, threads, processes, megabytes saved
        assert use["ours"] >= least, use["what"]
    assert errors["ours"] == 0, errors["what"]
