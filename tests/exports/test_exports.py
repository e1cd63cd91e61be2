"""Runs in the formats of other programs, read back by other means than wrote them."""

import dataclasses
import io
import json
import pickle
import struct
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib import font_manager
from PIL import Image

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.errors import ExportError
from mnist_demo.exports.chart_pictures import TEST_COLOUR, TEXT_COLOUR, TRAIN_COLOUR, VALIDATION_COLOUR
from mnist_demo.exports.exported_run import ExportedRun
from mnist_demo.exports.formats import EXPORTS, build_export
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.models.checkpoints import load_checkpoint_bytes, weights_to_bytes
from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.events import Changed
from mnist_demo.training.history import History
from mnist_demo.training.history_files import history_from_csv, history_to_csv
from mnist_demo.training.loop import train
from tests.exports.exported_runs import in_korean, train_run


@pytest.fixture(scope="module")
def run(builtin: DigitDataset) -> ExportedRun:
    hyperparameters = Hyperparameters(
        model="convnet", epochs=2, validation_size=100, training_size=600, learning_rate=0.05
    )
    return dataclasses.replace(train_run(hyperparameters, builtin), name="Mine, $1 < $2 & 한글")


@pytest.fixture
def not_begun(quick: Hyperparameters) -> ExportedRun:
    return ExportedRun(quick, History(), None, "builtin", "")


def read_events(content: bytes) -> list[Any]:
    """Return the records of an event file (https://www.tensorflow.org/tutorials/load_data/tfrecord)."""
    from tensorboardX.proto.event_pb2 import Event

    events, at = [], 0
    while at < len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        events.append(Event.FromString(content[at + 12 : at + 12 + length]))
        at += 12 + length + 4
    return events


def read_scalars(archive: zipfile.ZipFile, part: str, tag: str) -> list[tuple[int, float]]:
    (name,) = [name for name in archive.namelist() if name.startswith(f"{part}/")]
    return [
        (event.step, value.simple_value)
        for event in read_events(archive.read(name))
        for value in event.summary.value
        if value.tag == tag
    ]


def test_safetensors_opened_again_answer_as_the_run_did(run: ExportedRun, builtin: DigitDataset) -> None:
    opened = load_checkpoint_bytes(build_export(run, "safetensors"), "model.safetensors")

    images = scale_pixels(builtin.test_pixels[:20])
    expected = run.load_classifier().predict_probabilities(images)
    assert np.array_equal(opened.predict_probabilities(images), expected)
    assert opened.hyperparameters == run.hyperparameters
    assert opened.metrics["test_accuracy"] == run.history.test_accuracy


def test_onnx_of_a_convnet_answers_any_number_of_images_as_the_run_does(
    run: ExportedRun, builtin: DigitDataset
) -> None:
    import onnx
    from onnx.reference import ReferenceEvaluator

    model = onnx.load_model_from_string(build_export(run, "onnx"))

    for count in (1, 30):
        images = scale_pixels(builtin.test_pixels[-count:])
        (answers,) = ReferenceEvaluator(model).run(["probabilities"], {"images": images})
        assert answers == pytest.approx(run.load_classifier().predict_probabilities(images), abs=1e-5)
    about = {entry.key: entry.value for entry in model.metadata_props}
    assert "float32 (n, 28, 28) in [0, 1]" in about["description"]
    assert json.loads(about["mnist_demo"])["figures"]["test_accuracy"] == run.history.test_accuracy


@pytest.mark.parametrize("changes", [{"model": "scratch-linear"}, {"model": "mlp", "activation": "gelu"}])
def test_onnx_of_other_models_is_checked_and_built(
    changes: dict[str, str], builtin: DigitDataset, quick: Hyperparameters
) -> None:
    run = train_run(quick.replace(**changes, epochs=1), builtin)

    assert len(build_export(run, "onnx")) > 784 * 10 * 4


def test_onnx_that_torch_cannot_write_is_refused_in_a_sentence(
    run: ExportedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SingularValues(torch.nn.Module):
        """Computes what ONNX has no operation for."""

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            values: torch.Tensor = torch.linalg.svdvals(images)
            return values[:, :10]

    classifier = dataclasses.replace(run.load_classifier(), model=SingularValues())  # type: ignore[arg-type]
    monkeypatch.setattr(ExportedRun, "load_classifier", lambda _run: classifier)
    with pytest.raises(ExportError, match=r"^torch .* cannot write this model as ONNX: install .*\.$"):
        build_export(run, "onnx")


def test_onnx_that_answers_otherwise_is_not_offered(run: ExportedRun, quick: Hyperparameters) -> None:
    import onnx

    from mnist_demo.exports.onnx_model import check_answers

    constant = onnx.parser.parse_model(
        '<ir_version: 9, opset_import: ["" : 20]> g (float[n,28,28] images) => (float[n,10] probabilities)'
        "{ begin = Constant<value = int64[1] {0}>() end = Constant<value = int64[1] {10}>()"
        "  last = Constant<value = int64[1] {1}>() flat = Flatten(images)"
        "  probabilities = Slice(flat, begin, end, last) }"
    )

    with pytest.raises(ExportError, match="answers 100 digits differently from the original"):
        check_answers(constant, run.load_classifier())


def test_history_is_the_csv_of_the_history(run: ExportedRun) -> None:
    assert build_export(run, "history-csv") == history_to_csv(run.history)


def test_event_files_hold_every_step_and_every_measurement(run: ExportedRun) -> None:
    with zipfile.ZipFile(io.BytesIO(build_export(run, "tensorboard"))) as archive:
        steps = run.history.steps
        losses = list(zip(steps["step"], np.array(steps["train_loss"], np.float32), strict=True))
        assert read_scalars(archive, "train", "loss") == losses
        assert len(read_scalars(archive, "train", "learning_rate")) == run.history.step_count
        for part in ("test", "validation"):
            measured = read_scalars(archive, part, "accuracy")
            assert [step for step, _value in measured] == ([0, 5, 6, 10, 12] if part == "test" else [0, 6, 12])
            assert measured[-1][1] == pytest.approx(getattr(run.history.epochs[-1], f"{part}_accuracy"))


def test_event_files_say_which_version_they_are(run: ExportedRun) -> None:
    with zipfile.ZipFile(io.BytesIO(build_export(run, "tensorboard"))) as archive:
        first = [read_events(archive.read(name))[0] for name in archive.namelist()]

    assert [event.file_version for event in first] == ["brain.Event:2"] * 3


def test_png_is_a_picture_wide_enough_for_print(run: ExportedRun) -> None:
    with Image.open(io.BytesIO(build_export(run, "chart-png"))) as picture:
        assert picture.format == "PNG"
        assert picture.width >= 1500


def test_png_where_no_font_has_the_letters_is_in_english_and_without_the_name_never_in_boxes(
    run: ExportedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    ours = [font for font in font_manager.fontManager.ttflist if font.name == "DejaVu Sans"]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", ours)

    nameless = dataclasses.replace(run, name="")
    picture = Image.open(io.BytesIO(build_export(nameless, "chart-png")))

    for content in (build_export(run, "chart-png"), in_korean(build_export, run, "chart-png")):
        assert Image.open(io.BytesIO(content)).tobytes() == picture.tobytes()


def test_svg_shows_train_test_and_validation_and_is_the_same_each_time(run: ExportedRun) -> None:
    content = build_export(run, "chart-svg")

    texts = {element.text for element in ElementTree.fromstring(content).iter() if element.tag.endswith("text")}
    assert {"train", "test", "validation", "Loss (cross-entropy)", "step"} <= texts
    assert any(run.name in (text or "") for text in texts)
    assert build_export(run, "chart-svg") == content


def test_svg_marks_what_was_changed_on_the_way(run: ExportedRun) -> None:
    history = run.history.copy()
    history.append(Changed(7, 0.6, "learning_rate", 0.01))
    changed = build_export(dataclasses.replace(run, history=history), "chart-svg").decode()
    assert changed.count("Learning rate 0.01") == 2  # above the loss and above the accuracy


def test_charts_of_a_run_that_has_not_begun_are_empty_axes(not_begun: ExportedRun) -> None:
    assert build_export(not_begun, "chart-svg")


def test_chart_colours_are_those_of_the_page() -> None:
    config = tomllib.loads(Path(".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]["light"]

    assert config["chartCategoricalColors"] == [TRAIN_COLOUR, TEST_COLOUR, VALIDATION_COLOUR]
    assert config["textColor"] == TEXT_COLOUR


@pytest.mark.parametrize("name", ["safetensors", "onnx"])
def test_model_of_a_run_without_weights_is_refused(not_begun: ExportedRun, name: str) -> None:
    with pytest.raises(ExportError, match="no model yet"):
        build_export(not_begun, name)


def test_model_whose_weights_are_no_numbers_is_refused(not_begun: ExportedRun) -> None:
    model = build_model(not_begun.hyperparameters)
    next(model.parameters()).data[0, 0] = np.nan

    with pytest.raises(ExportError, match="no longer finite numbers"):
        build_export(dataclasses.replace(not_begun, weights=weights_to_bytes(model)), "safetensors")


def test_run_exported_again_and_again_while_it_trains_is_whole_each_time(
    builtin: DigitDataset, registry: JobRegistry, endless: Hyperparameters
) -> None:
    job = registry.start(Assignment(endless, builtin))
    assert job.wait_for(lambda: job.history.step_count > 0, 60)

    counts: list[int] = []
    while len(counts) < 20 or counts[0] == counts[-1]:
        exported = pickle.loads(pickle.dumps(ExportedRun.of_job(job)))
        counts.append(history_from_csv(build_export(exported, "history-csv")).step_count)

    job.stop()
    assert counts == sorted(counts)


def test_job_that_began_with_other_weights_is_not_repeatable(
    builtin: DigitDataset, registry: JobRegistry, quick: Hyperparameters
) -> None:
    first = registry.start(Assignment(quick, builtin))
    second = registry.start(Assignment(quick, builtin, initial_weights=weights_to_bytes(build_model(quick))))

    assert ExportedRun.of_job(first).is_repeatable
    assert not ExportedRun.of_job(second).is_repeatable


def test_metrics_of_a_run_within_an_epoch_are_not_those_of_the_last_one(
    builtin: DigitDataset, quick: Hyperparameters
) -> None:
    history = History()
    for event in train(build_model(quick), quick, builtin):
        history.append(event)
        if history.step_count > 40:
            break

    run = ExportedRun(quick, history, None, "builtin", "")

    assert len(history.epochs) == 1
    assert set(run.metrics) == {"step", "seconds"}


def test_format_that_does_not_exist_is_named_with_those_that_do(run: ExportedRun) -> None:
    with pytest.raises(ExportError, match=r"“xls” is not a format .* safetensors, onnx, script"):
        build_export(run, "xls")


def test_event_files_without_a_folder_for_temporary_files_say_what_to_set(
    run: ExportedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    with pytest.raises(ExportError, match="set TMPDIR to one"):
        build_export(run, "tensorboard")


@pytest.mark.parametrize(
    ("name", "package"), [("onnx", "onnxscript"), ("tensorboard", "tensorboardX"), ("chart-png", "matplotlib")]
)
def test_package_that_is_missing_is_named_with_the_command_that_brings_it(
    run: ExportedRun, monkeypatch: pytest.MonkeyPatch, name: str, package: str
) -> None:
    for module in [module for module in sys.modules if module.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(ExportError, match=f"pip install {package}"):
        build_export(run, name)


def test_every_format_has_a_name_of_its_own_and_a_file_name() -> None:
    assert all(export.name == name for name, export in EXPORTS.items())
    assert len({export.file_name for export in EXPORTS.values()}) == len(EXPORTS)
