"""The one owner of session_state keys and of element keys.

Streamlit turns an element's key ``k`` into the CSS class ``st-key-k``; browser tests and other people's scripts find
elements by it. A widget of a hyperparameter has the hyperparameter's name with hyphens.
"""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from mnist_demo.corrections import DrawingCollection, ExtraImages, LabelledDrawing
from mnist_demo.datasets import DigitDataset
from mnist_demo.errors import HyperparameterError
from mnist_demo.hyperparameters import DEFAULT_PRESET, FIELDS, PRESETS, Hyperparameters, parse_value
from mnist_demo.jobs import Job
from mnist_demo.translation import _
from mnist_demo.ui.resources import job_registry, session_id

PRESET = "preset"
START, PAUSE, STEP, STOP, RESET = (f"{verb}-training" for verb in ("start", "pause", "step", "stop", "reset"))
QUICK_START = "quick-start"
TRAINING_STATUS = "training-status"
TEST_ACCURACY = "test-accuracy"
LIVE_CHARTS = "live-charts"
CHART_AXIS = "chart-axis"
LOSS_CHART, ACCURACY_CHART = "loss-chart", "accuracy-chart"
SAMPLE_DIGITS = "sample-digits"
SAMPLE_CLASS, OTHER_SAMPLES = "sample-class", "other-samples"
DRAWING_CANVAS = "drawing-canvas"
UNDO_DRAWING, CLEAR_DRAWING = "undo-drawing", "clear-drawing"
PREDICTED_DIGIT = "predicted-digit"
DIGIT_PROBABILITIES = "digit-probabilities"
MODEL_INPUT = "model-input"
READINGS = "readings"
STAGES_OFF = "stages-off"
CORRECTION, MY_DRAWINGS, LOOK_CLOSER = "correction", "my-drawings", "reasons"
EXPORT_DRAWINGS, IMPORT_DRAWINGS, ADD_DRAWINGS = "export-drawings", "import-drawings", "add-drawings"
PICTURE, USE_CAMERA, CAMERA, FOUND_DIGITS = "picture", "use-camera", "camera", "found-digits"
TRAIN_ON_DRAWINGS, FORGET_DRAWINGS = "train-on-drawings", "forget-drawings"
REASONS, REASON_DIGIT = "reasons-picture", "reason-digit"
DATA_SOURCE = "data-source"
DATA_CHOICE = "data-choice"
FETCH_MNIST, SWITCH_TO_MNIST = "fetch-mnist", "switch-to-mnist"

RUN_PARAMETER = "run"
_DATASET = "dataset"
_NOTICE = "notice"
_PREPARED = "prepared"
_DATA_PROBLEM = "data-problem"
_START_PROBLEM = "start-problem"
_EARLIER_RUNS = "earlier-runs"
MAX_EARLIER_RUNS = 4
_SAMPLE_SEED = "sample-seed"
_DRAWING = "drawing"
_MY_DRAWINGS = "my-drawings-kept"


@dataclass(frozen=True)
class Drawing:
    """What the canvas starts from: `objects` are its strokes as the canvas component writes them.

    A new `generation` makes a new canvas: that is how undo and clear reach the browser.
    """

    generation: int = 0
    objects: tuple[dict[str, Any], ...] = ()


def widget_key(name: str) -> str:
    """Return the key of the widget of hyperparameter `name`."""
    return name.replace("_", "-")


def prepare_session() -> None:
    """Fill the session's state on its first run: the settings of the run in the address, or those of the address."""
    job = current_job()
    if job is None and st.query_params.pop(RUN_PARAMETER, None) is not None:
        notify(_("The run in this address is not kept any more; start a new one."))
    if _PREPARED in st.session_state:
        return
    st.session_state[_PREPARED] = True
    wanted = st.query_params.get(PRESET, DEFAULT_PRESET)
    if wanted not in PRESETS:
        sentence = _("The address asks for the preset “{name}”, which does not exist; choose one of {names}.")
        notify(sentence.format(name=wanted[:60], names=", ".join(PRESETS)))
        wanted = DEFAULT_PRESET
    write_settings(job.hyperparameters if job else PRESETS[wanted].hyperparameters)
    for name in FIELDS:
        text = st.query_params.get(widget_key(name))
        if text is not None:
            try:
                _write_setting(name, parse_value(name, text))
            except HyperparameterError as error:
                notify(_("The address has a setting that cannot be used and is left out. {error}").format(error=error))
    try:
        st.session_state[PRESET] = read_settings().preset
    except HyperparameterError as error:  # values that do not go together
        st.session_state[PRESET] = None
        notify(str(error))


def write_settings(chosen: Hyperparameters) -> None:
    """Set every hyperparameter widget. Only before the widgets are drawn, or in a callback."""
    for name in FIELDS:
        _write_setting(name, getattr(chosen, name))


def _write_setting(name: str, value: Any) -> None:
    kind = FIELDS[name].kind
    if kind == "sizes":
        value = ", ".join(map(str, value))
    elif kind in ("integer", "number") and value is not None:
        value = float(value)  # number fields take any number: see the settings panel
    st.session_state[widget_key(name)] = value


def read_settings() -> Hyperparameters:
    """Return what the hyperparameter widgets say.

    Raises
    ------
    HyperparameterError
        When a value is missing, of the wrong type, or out of its bounds.
    """
    values: dict[str, Any] = {}
    for name, field in FIELDS.items():
        value = st.session_state[widget_key(name)]
        values[name] = parse_value(name, value or "") if field.kind == "sizes" else value
    return Hyperparameters.from_dict(values)


def current_job() -> Job | None:
    """Return the run that this page shows: the one in its address, if this server knows it."""
    job_id = st.query_params.get(RUN_PARAMETER)
    job = job_registry().get(job_id) if job_id else None
    if job is not None:
        job.watch(session_id())
    return job


def start_training(
    chosen: Hyperparameters, initial_weights: bytes | None = None, extra: ExtraImages | None = None
) -> None:
    """Start a run with this session's dataset; the run shown until now, if any, is stopped and kept for comparison.

    It begins with `initial_weights` instead of random ones, and mixes `extra` images into its batches, where given.

    Raises
    ------
    MnistDemoError
        When it cannot be started; then the run shown until now goes on.
    """
    previous = current_job()
    job = job_registry().start(chosen, current_dataset(), session_id(), initial_weights, extra)
    if previous is not None:
        previous.stop()
        st.session_state[_EARLIER_RUNS] = [previous.id, *_earlier_ids()]
        for forgotten in earlier_jobs()[MAX_EARLIER_RUNS:]:
            job_registry().forget(forgotten)
    st.query_params[RUN_PARAMETER] = job.id


def earlier_jobs() -> list[Job]:
    """Return the runs of this session before the one shown, the newest first."""
    jobs = (job_registry().get(job_id) for job_id in _earlier_ids())
    return [job for job in jobs if job is not None]


def _earlier_ids() -> list[str]:
    ids: list[str] = st.session_state.setdefault(_EARLIER_RUNS, [])
    return ids


def reset_training() -> None:
    """Stop and drop the run that this page shows, and start from an empty chart."""
    job = current_job()
    if job is not None:
        job_registry().forget(job)
    st.query_params.pop(RUN_PARAMETER, None)


def current_dataset() -> DigitDataset:
    dataset: DigitDataset = st.session_state[_DATASET]
    return dataset


def choose_dataset(dataset: DigitDataset) -> None:
    """Use `dataset` in this session from here on; a run goes on with the one that it was started with."""
    st.session_state[_DATASET] = dataset


def note_start_problem(sentence: str) -> None:
    """Remember why the last press of Start started nothing; an empty text when it did."""
    st.session_state[_START_PROBLEM] = sentence


def start_problem() -> str:
    problem: str = st.session_state.get(_START_PROBLEM, "")
    return problem


def note_data_problem(sentence: str) -> None:
    """Remember why the digits that were asked for are not those in use."""
    st.session_state[_DATA_PROBLEM] = sentence


def data_problem() -> str:
    problem: str = st.session_state.get(_DATA_PROBLEM, "")
    return problem


def has_dataset() -> bool:
    return _DATASET in st.session_state


def notify(sentence: str) -> None:
    """Keep a sentence to be shown once, at the top of the page, by the next run of the script."""
    st.session_state.setdefault(_NOTICE, []).append(sentence)


def take_notices() -> list[str]:
    notices: list[str] = st.session_state.pop(_NOTICE, [])
    return notices


def stages_off() -> list[str]:
    """Return the stages of the drawing's preparation that the visitor has turned off."""
    off: list[str] = st.session_state.get(STAGES_OFF) or []
    return off


def sample_seed() -> int:
    seed: int = st.session_state.setdefault(_SAMPLE_SEED, 0)
    return seed


def choose_other_samples() -> None:
    st.session_state[_SAMPLE_SEED] = sample_seed() + 1


def current_drawing() -> Drawing:
    drawing: Drawing = st.session_state.setdefault(_DRAWING, Drawing())
    return drawing


def replace_drawing(objects: tuple[dict[str, Any], ...]) -> None:
    """Give the canvas these strokes instead of those on it."""
    st.session_state[_DRAWING] = Drawing(current_drawing().generation + 1, objects)


def my_drawings() -> DrawingCollection:
    """Return the drawings whose right label the visitor gave in this session."""
    drawings: DrawingCollection = st.session_state.setdefault(_MY_DRAWINGS, DrawingCollection())
    return drawings


def add_drawings(drawings: DrawingCollection) -> None:
    """Keep more drawings; raise DrawingFileError when they would be too many."""
    st.session_state[_MY_DRAWINGS] = DrawingCollection((*my_drawings().drawings, *drawings.drawings))


def keep_drawing(drawing: LabelledDrawing) -> None:
    add_drawings(DrawingCollection((drawing,)))


def forget_drawings() -> None:
    st.session_state[_MY_DRAWINGS] = DrawingCollection()
