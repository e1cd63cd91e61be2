"""``python -m benchmarks``: everything is measured for a moment; no time is asserted."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.command import main
from benchmarks.drivers.limits import training_operations
from benchmarks.measurements.convnet import WAYS
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.presets import PRESETS
from tests.drawing.drawn_digits import four
from tests.drawing.unipen_text import unipen_text


@pytest.fixture(autouse=True)
def _one_thread_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let programs compute with one thread: two, on a core that another test shares, wait for each other at length."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def measure(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert main([*arguments, "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return [json.loads(line) for line in captured.out.splitlines()]


def test_benchmark_tutorial_gives_the_accuracies_of_the_tutorial(capsys: pytest.CaptureFixture[str]) -> None:
    machine, *rows = measure(capsys, "tutorial", "reading", "busy", "--quick")
    assert machine["measurement"] == "machine"
    assert machine["digits"] == "scikit-learn"
    tutorial = [row for row in rows if row["measurement"] == "tutorial" and row["theirs_accuracy"] is not None]
    assert len(tutorial) == 2
    for row in tutorial:
        # The same weights, steps and digits: a faster figure must not come from another training.
        assert row["ours_accuracy"] == pytest.approx(row["theirs_accuracy"], abs=0.01)
        assert row["unit"] == "s"
    assert all(row["ours"] > 0 for row in rows)  # type: ignore[operator]
    assert {row["what"] for row in rows if row["measurement"] == "reading"} == {
        "stroke to probabilities in Python, p50",
        "stroke to probabilities in Python, p95",
    }
    assert [row["what"] for row in rows if row["measurement"] == "busy"] == [
        "convnet-in-seconds, 200 images, beside a program that keeps a core busy",
        "stroke to probabilities in Python beside that program, p95",
    ]


def test_benchmark_cluster_sets_the_workers_of_dask_beside_as_many_processes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _machine, row = measure(capsys, "cluster", "--quick")
    assert row["what"] == "linear: runs a minute, worker processes of a Dask cluster: 1"
    assert row["ours"] > 0  # type: ignore[operator]
    assert row["theirs"] > 0  # type: ignore[operator]


def test_benchmark_sharing_sets_all_runs_together_beside_one_alone(capsys: pytest.CaptureFixture[str]) -> None:
    _machine, *rows = measure(capsys, "sharing", "--quick")
    assert [row["what"] for row in rows] == [
        "linear: two runs at once, images a second",
        "linear: ten runs, queued, images a second",
        "convnet: two runs at once, images a second",
    ]
    for row in rows:
        assert row["ours"] > 0  # type: ignore[operator]
        assert row["theirs"] > 0  # type: ignore[operator]


def test_benchmark_convnet_compares_times_and_says_what_share_of_the_machine_is_reached(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _machine, *rows = measure(capsys, "convnet", "--quick", "--budget", "60")
    assert [row["against"] for row in rows] == [
        "PyTorch’s MNIST example",
        "the fastest public recipe for 99 % (train_mnist_fast), on this machine",
        "this machine’s quickest convolution in float32",
        "this machine’s quickest convolution in bfloat16",
    ]
    assert rows[0]["theirs_accuracy"] >= 0.2  # type: ignore[operator]
    assert all(row["ours"] > 0 and row["theirs"] > 0 for row in rows)  # type: ignore[operator]


def test_operations_of_a_training_are_those_of_its_matrix_products() -> None:
    hyperparameters = Hyperparameters(model="mlp", hidden_sizes=(30,))
    first, second = 784 * 30, 30 * 10
    # Forward, for the gradient of the weights, and that of the hidden layer: a multiplication and an addition each.
    assert training_operations(hyperparameters, 1000) == 1000 * 2 * (2 * first + 3 * second)


def test_benchmark_peers_sets_the_linear_model_beside_that_of_scikit_learn(capsys: pytest.CaptureFixture[str]) -> None:
    _machine, row = measure(capsys, "peers", "--quick")
    assert row["against"] == "scikit-learn’s LogisticRegression"
    assert row["ours_accuracy"] > 0.8  # type: ignore[operator]
    assert row["theirs_accuracy"] > 0.8  # type: ignore[operator]


def test_benchmark_convnet_measures_presets_that_exist() -> None:
    assert {preset for _accuracy, preset, _goal in WAYS} <= set(PRESETS)


def test_benchmark_scaling_draws_a_chart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chart = tmp_path / "scaling.svg"
    assert main(["--scaling", "--quick", "--chart", str(chart)]) == 0
    table = capsys.readouterr().out
    assert "linear: images a second, batches of 1 " in table
    assert "mlp: images a second, batches of 30 " in table
    assert "mlp: images a second with the threads chosen, 1; against 2 threads " in table
    texts = [element.text for element in ElementTree.parse(chart).iter("{http://www.w3.org/2000/svg}text")]
    assert {"linear", "mlp", "batch size", "images a second", "Images per second by batch size"} <= set(texts)


def test_benchmark_names_stand_alone_or_for_a_group(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", "--quick"]) == 2
    assert "“read” cannot be measured; choose from drawings, pictures, tutorial" in capsys.readouterr().err


def test_benchmark_drawings_alone_needs_no_other_digits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "digits.txt"
    path.write_text(unipen_text([(4, four())]))
    assert main(["drawings", "--strokes", str(path)]) == 0
    assert "from a bitmap, pen of 8 px" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["drawings"], "--strokes is needed"),
        (["drawings", "--strokes", "missing.gz"], "missing.gz cannot be read"),
        (["speed"], "cannot be measured"),
        (["drawings", "--strokes", "x", "--limit", "0"], "no whole number above 0"),
        (["drawings", "--strokes", "x", "--checkpoint", "nowhere"], "nowhere"),
        (["reading", "--runs", "none"], "no whole number above 0"),
        (["reading", "--data", "/nowhere"], "/nowhere"),
    ],
)
def test_benchmark_with_bad_input_says_so_in_a_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
