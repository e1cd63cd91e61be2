"""Whatever a stranger hands in is refused with one sentence, or is what it says: never a traceback, never long.

A hundred cases in the suite, always the same; ``--cases 1000`` for as many of each kind, always others.
"""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from mnist_demo.classes.handwriting import FORMAT, VERSION, handwriting_from_bytes
from mnist_demo.classes.links import class_link
from mnist_demo.classes.store import ClassStore, code_from
from mnist_demo.cli.main import main
from mnist_demo.data.builtin_digits import load_builtin
from mnist_demo.data.idx import read_idx_images, read_idx_labels
from mnist_demo.drawing.collection import DrawingCollection, LabelledDrawing
from mnist_demo.drawing.image import image_from_bitmap, image_from_strokes
from mnist_demo.drawing.picture_files import load_bitmap
from mnist_demo.drawing.pictures_of_digits import MAX_DIGITS
from mnist_demo.errors import CheckpointError, HistoryFileError
from mnist_demo.jobs.room import MAX_STEPS
from mnist_demo.models.checkpoints import checkpoint_to_bytes, load_checkpoint_bytes
from mnist_demo.models.classifiers import build_model
from mnist_demo.rejection.pictures import read_picture
from mnist_demo.saved_runs.records import RunRecord
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.links import PARAMETERS, Restrictions, address_of_settings, settings_from_address
from mnist_demo.training.events import Started, Step
from mnist_demo.training.history import History
from mnist_demo.training.history_files import history_from_csv, history_to_csv
from mnist_demo.training.loop import train
from mnist_demo.training.state import TrainingState
from mnist_demo.ui.drawing.strokes import drawn_in, objects_of, strokes_of
from mnist_demo.ui.visitor import secret_in
from tests.data.fake_mnist_servers import idx_images, idx_labels
from tests.faults.bounds import bounded
from tests.faults.damage import (
    FOREIGN_MODELS,
    JUNK,
    PICTURE_FORMATS,
    damaged,
    damaged_json,
    damaged_tensors,
    marked_paper,
    with_junk,
)
from tests.saved_runs.records import record, short_history

STROKES = [np.array([[140.0, 40.0], [135.0, 120.0], [150.0, 220.0]]), np.array([[100.0, 60.0], [180.0, 65.0]])]
DRAWINGS = DrawingCollection((LabelledDrawing((STROKES[0],), 1), LabelledDrawing((*STROKES,), 7))).to_bytes()
TINY = Hyperparameters(training_size=100, batch_size=50, epochs=1)
PICTURE = Image.fromarray(np.pad(np.full((40, 6), 255, np.uint8), ((10, 10), (24, 30))))


def picture(kind: str) -> bytes:
    content = io.BytesIO()
    PICTURE.save(content, kind)
    return content.getvalue()


def trained() -> tuple[bytes, bytes]:
    """Return the files of a run of two steps: its model and its training state."""
    model, digits = build_model(TINY), load_builtin()
    training = train(model, TINY, digits)
    for event in training:
        if isinstance(event, Step):
            state = training.state().to_bytes()
    return checkpoint_to_bytes(model, TINY, digits.name, digits.digest, {"step": 2.0}), state


MODEL, STATE = trained()


def check_drawings(content: bytes) -> None:
    read = DrawingCollection.from_bytes(content)
    again = DrawingCollection.from_bytes(read.to_bytes())
    assert again.labels().tolist() == read.labels().tolist()
    assert np.isfinite(read.images()).all()


def check_history(content: bytes) -> None:
    read = history_from_csv(content)
    written = history_to_csv(read)
    assert history_to_csv(history_from_csv(written)) == written


def check_record(content: bytes) -> None:
    try:
        read = RunRecord.from_json(content)
    except ValueError:  # the store says which run is damaged
        return
    assert RunRecord.from_json(read.to_json()) == read


def check_model(content: bytes) -> None:
    read = load_checkpoint_bytes(content, "a file")
    probabilities = read.predict_probabilities(np.zeros((2, 28, 28), np.float32))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def check_state(content: bytes) -> None:
    assert TrainingState.from_bytes(content).progress.step >= 0


def check_picture(content: bytes) -> None:
    image = image_from_bitmap(load_bitmap(io.BytesIO(content)))
    assert image.shape == (28, 28)
    assert image.min() >= 0
    assert image.max() <= 1


def check_marks(bitmap: np.ndarray) -> None:
    assert 1 <= len(read_picture(bitmap)) <= MAX_DIGITS


def check_canvas(message: object) -> None:
    strokes = strokes_of(drawn_in(message))
    image = image_from_strokes(strokes)
    assert image.min() >= 0
    assert image.max() <= 1


def check_address(parameters: dict[str, str]) -> None:
    found, sentences = settings_from_address(parameters)
    assert settings_from_address(address_of_settings(found)) == (found, [])
    assert all("\n" not in sentence and len(sentence) < 500 for sentence in sentences)
    restrictions = Restrictions.from_address(parameters)
    assert Restrictions.from_address(restrictions.as_parameters()) == restrictions


def check_cookie(cookie: object) -> None:
    secret = secret_in(cookie)
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", secret, re.ASCII)
    assert (secret == cookie) == (secret_in(cookie) == secret)  # else each time another one


def check_handwriting(content: bytes) -> None:
    for _nickname, drawings in handwriting_from_bytes(content):
        check_drawings(drawings.to_bytes())


def check_class_code(typed: str) -> None:
    code = code_from(typed)
    assert ClassStore().find(code) is None
    assert class_link("http://localhost/class", code).endswith(quote(code))


# Found by the tests below.


def test_state_of_a_run_with_a_number_of_400_digits_is_refused() -> None:
    with pytest.raises(CheckpointError, match="damaged or incomplete"):
        TrainingState.from_bytes(replaced_in_header(STATE, r'\\"seconds\\": [0-9.e-]+', r"\"seconds\": " + "9" * 400))


def test_history_with_a_number_of_400_digits_is_refused() -> None:
    content = history_to_csv(short_history()).replace(b",10,", b"," + b"9" * 400 + b",", 1)
    with pytest.raises(HistoryFileError, match="not the history of a run"):
        history_from_csv(content)


def test_history_of_the_longest_run_is_read_without_holding_the_server_up() -> None:
    history = History()
    history.append(Started(MAX_STEPS, MAX_STEPS, 100, 7850, 2.3, 0.1, None, None))
    step = ",1,2.25,0.5" + 5 * "," + "0.5,100,1.5" + 7 * "," + "\n"
    content = history_to_csv(history) + "".join(f"step,{number + 1}{step}" for number in range(MAX_STEPS)).encode()
    with bounded():
        read = history_from_csv(content)
    assert read.step_count == MAX_STEPS


def test_model_file_that_is_all_header_is_refused_before_that_is_read() -> None:
    header = b'{"a":[' + b'{"":{}},' * 2_500_000 + b"0]}"
    with bounded(), pytest.raises(CheckpointError, match="damaged, or was not written by this program"):
        load_checkpoint_bytes(len(header).to_bytes(8, "little") + header + b"0", "a file")


def test_record_with_half_a_character_in_its_name_is_refused() -> None:
    content = json.dumps({**record().as_dict(), "name": "\ud800"}).encode()
    with pytest.raises(ValueError, match="no JSON"):
        RunRecord.from_json(content)


def test_record_with_a_time_more_exact_than_it_is_written_is_read_as_it_is_written() -> None:
    content = json.dumps({**record().as_dict(), "created": "2026-01-01T00:00:00.9999999+00:00"}).encode()
    check_record(content)


def test_address_with_a_line_break_in_a_value_is_answered_in_one_line() -> None:
    _settings, sentences = settings_from_address({"model": "no\nmodel"})
    assert sentences[0].startswith("Model: the address says “no model”, ")


def replaced_in_header(content: bytes, pattern: str, text: str) -> bytes:
    """Return safetensors with `text` where its header has `pattern`, once."""
    length = int.from_bytes(content[:8], "little")
    header, found = re.subn(pattern, lambda _match: text, content[8 : 8 + length].decode(), count=1)
    assert found
    return len(header).to_bytes(8, "little") + header.encode() + content[8 + length :]


ODD_TEXT = st.text(max_size=30) | JUNK.map(str) | st.sampled_from(["", "nan", "1e999", "-5", "0x10", "½", "1,1", "all"])
NAMES = st.sampled_from([*PARAMETERS, "preset", "locked", "hide", "run"])
WRITERS = [{"nickname": name, "drawings": json.loads(DRAWINGS)["drawings"]} for name in ("Mina", "Juno")]
HANDWRITING = json.dumps({"format": FORMAT, "version": VERSION, "writers": WRITERS}).encode()
CANVAS = {"objects": list(objects_of(STROKES, "#000000", 16)), "background": "#ffffff"}
KINDS: dict[str, tuple[st.SearchStrategy[object], Callable[..., None]]] = {
    "drawings": (damaged_json(DRAWINGS), check_drawings),
    "history": (damaged(history_to_csv(short_history())), check_history),
    "record": (damaged_json(record().to_json()), check_record),
    "model": (damaged_tensors(MODEL), check_model),
    "state": (damaged_tensors(STATE), check_state),
    "picture": (st.sampled_from(PICTURE_FORMATS).flatmap(lambda kind: damaged(picture(kind))), check_picture),
    "marks": (marked_paper(), check_marks),
    "canvas": (with_junk(CANVAS), check_canvas),
    "address": (st.dictionaries(NAMES, ODD_TEXT, max_size=6), check_address),
    "handwriting": (damaged_json(HANDWRITING), check_handwriting),
    "foreign model": (st.sampled_from(FOREIGN_MODELS).flatmap(damaged), check_model),
    "class code": (st.text() | st.text("abc2389ABC- ./?=&", max_size=80), check_class_code),
    "cookie": (JUNK | st.text(min_size=31, max_size=33), check_cookie),
}


def try_cases(cases: int, strategy: st.SearchStrategy[object], check: Callable[..., None]) -> None:
    """Have `check` look at so many made-up inputs: a few are always the same, many are always others."""

    @settings(
        max_examples=cases,
        derandomize=cases < 100,
        database=None,
        deadline=None,  # a busy machine is no fault; `bounded` counts what is computed
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def run(content: object) -> None:
        with bounded():
            check(content)

    run()


@pytest.mark.parametrize("kind", KINDS)
def test_bad_input_is_refused_in_a_sentence_or_is_what_it_says(kind: str, cases: int) -> None:
    try_cases(cases, *KINDS[kind])


@pytest.mark.parametrize("part", ["images", "labels"])
def test_bad_idx_file_is_refused_in_a_sentence_or_is_what_it_says(part: str, cases: int, tmp_path: Path) -> None:
    digits = load_builtin()
    path = tmp_path / "file"
    content = idx_images(digits.test_pixels[:3]) if part == "images" else idx_labels(digits.test_labels[:3])

    def check(content: bytes) -> None:
        path.write_bytes(content)
        if part == "images":
            assert read_idx_images(path).shape[1:] == (28, 28)
        else:
            assert set(read_idx_labels(path).tolist()) <= set(range(10))

    try_cases(cases, damaged(content), check)


def test_bad_command_is_refused_in_one_line(cases: int, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    flags = [f"--{name.replace('_', '-')}" for name in FIELDS] + ["--device", "--change", "--output", "--preset"]
    # Half characters are written as escapes to a real stderr, not to the one of this test.
    texts = ODD_TEXT.filter(lambda text: not text.startswith("-h")).map(lambda text: text.encode(errors="replace"))
    words = st.sampled_from(flags) | texts.map(bytes.decode)
    first = st.sampled_from([["train", "--data", "/nowhere"], ["evaluate"], ["classify"], ["runs", "show"], []])

    def check(arguments: list[str]) -> None:
        capsys.readouterr()
        try:
            status = main(arguments)
        except SystemExit as ended:
            status = int(ended.code or 0)
        printed = capsys.readouterr()
        assert status in (0, 2)
        assert "Traceback" not in printed.err
        assert status == 0 or printed.err.count("\n") == 1

    try_cases(cases, st.builds(lambda begin, more: begin + more, first, st.lists(words, max_size=4)), check)
