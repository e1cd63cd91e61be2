"""Everything that the server keeps once, for all visitors; models that read drawings are in `ui.server.models`.

What needs torch imports it when it is called: the first page need not wait for it.
"""

import gc
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import numpy as np
import streamlit as st

from mnist_demo.classes.handwriting import handwriting_to_bytes
from mnist_demo.classes.readings import HandwritingReadings
from mnist_demo.classes.records import ClassRecord
from mnist_demo.classes.store import ClassStore
from mnist_demo.classes.tries import TryLimit
from mnist_demo.data.builtin_digits import load_builtin
from mnist_demo.data.cache import load_cached_mnist
from mnist_demo.data.dataset import DigitDataset
from mnist_demo.data.download import MnistDownload
from mnist_demo.data.loading import FirstDataset, load_first_dataset
from mnist_demo.devices import available_devices
from mnist_demo.drawing.collection import LabelledDrawing
from mnist_demo.errors import ClassError, RunError
from mnist_demo.insight.analyst import Analyst
from mnist_demo.insight.data_statistics import nearest_images
from mnist_demo.jobs.errand import core
from mnist_demo.jobs.estimate import Rates
from mnist_demo.jobs.estimator import CostEstimator
from mnist_demo.jobs.orders import Orders
from mnist_demo.jobs.place import computing_place
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.processes import give_back_freed_memory, let_threads_take_turns, warm_up_processes
from mnist_demo.saved_runs.keeper import RunKeeper
from mnist_demo.saved_runs.places import DEFAULT_LIMIT_MB
from mnist_demo.saved_runs.store import RunStore
from mnist_demo.saved_runs.visitors import VisitorStore
from mnist_demo.settings.hyperparameters import Hyperparameters, thread_count
from mnist_demo.settings.presets import STARTER
from mnist_demo.translation import language_names, use_language
from mnist_demo.ui import visitor_state
from mnist_demo.ui.server.answers import answer_whole
from mnist_demo.ui.server.departed import free_the_departed
from mnist_demo.ui.server.limits import allow_many_files
from mnist_demo.ui.server.models import in_reading_thread
from mnist_demo.ui.server.once import once
from mnist_demo.ui.server.requests import answer_what_was_meant
from mnist_demo.ui.server.turns import answer_before_refreshing
from mnist_demo.ui.streamlit_internals import is_session_alive, let_leave_quietly, protect_visitors, send_at_once

if TYPE_CHECKING:
    from mnist_demo.lesson.digits import LessonDigits

_logger = logging.getLogger(__name__)


@once
def job_registry() -> JobRegistry:
    return JobRegistry(
        is_watcher_alive=is_session_alive,
        is_followed=run_keeper().is_followed,
        on_saved_point=run_keeper().note,
        is_saved=lambda job: run_keeper().has_saved(job.id),
        computing=computing_place(lambda: job_registry().schedule()),
    )


@once
def errand_queue() -> JobRegistry:
    """Return where short computations on this machine queue: with the runs, unless these are computed elsewhere."""
    return job_registry() if job_registry().computing.shares_cores_with_page else JobRegistry()


@once
def orders() -> Orders:
    """Return what keeps a second click from starting a second run."""
    return Orders()


@once
def run_store() -> RunStore:
    """Return the saved runs of this machine."""
    try:
        return RunStore()
    except RunError as error:
        _logger.warning("%s The default of %g MB is used.", error, DEFAULT_LIMIT_MB)
        return RunStore(limit_bytes=int(DEFAULT_LIMIT_MB * 1e6))


@once
def visitor_store() -> VisitorStore:
    """Return what is kept for visitors beside their runs."""
    try:
        return VisitorStore()
    except RunError as error:
        _logger.warning("%s The default of %g MB is used.", error, DEFAULT_LIMIT_MB)
        return VisitorStore(limit_bytes=int(DEFAULT_LIMIT_MB * 1e6))


@once
def class_store() -> ClassStore:
    return ClassStore()


@once
def class_tries() -> TryLimit:
    return TryLimit()


def handwriting_file(record: ClassRecord, drawings: Mapping[str, LabelledDrawing]) -> bytes:
    """Return the class's handwriting as a file, which is made anew when something has changed."""
    return _handwriting_file(record.code, str(record.by_name()), tuple(drawings), record, drawings)


@st.cache_resource(show_spinner=False, max_entries=8)
def _handwriting_file(
    code: str, members: str, names: tuple[str, ...], _record: ClassRecord, _drawings: Mapping[str, LabelledDrawing]
) -> bytes:
    return handwriting_to_bytes(_record, _drawings)


@once
def handwriting_readings() -> HandwritingReadings:
    """Return how models read the handwriting of classes."""
    return HandwritingReadings()


@once
def run_keeper() -> RunKeeper:
    """Return what saves the runs of this server as they go."""
    return RunKeeper(run_store())


@once
def export_builder() -> ThreadPoolExecutor:
    """Return what makes exported files; most of its threads wait for a core."""
    return ThreadPoolExecutor(8, thread_name_prefix="export")


@once
def exports() -> "WeakValueDictionary[tuple[str, str], Future[bytes]]":
    """Return the file that was made last for a visitor and her session, for as long as her page has it."""
    return WeakValueDictionary()


@once
def _warmed_up() -> threading.Event:
    return threading.Event()


@once
def cost_estimator() -> CostEstimator:
    return CostEstimator(_warmed_up(), _measure_rates_in_turn)


def _measure_rates_in_turn(
    hyperparameters: Hyperparameters, dataset: DigitDataset, device: str, is_wanted: Callable[[], bool]
) -> Rates:
    registry = job_registry()
    cores = min(registry.slots, thread_count(hyperparameters))
    is_here = registry.computing.shares_cores_with_page
    with core(registry, "costs", is_wanted, cores) if is_here else nullcontext():
        return registry.computing.measure_rates(hyperparameters, dataset, device, is_wanted)


@once
def mnist_download() -> MnistDownload:
    return MnistDownload()


@once
def first_dataset() -> FirstDataset:
    """Return what the server starts with; raise DatasetError when ``MNIST_DEMO_DATA`` names no usable folder."""
    return load_first_dataset()


@once
def builtin_dataset() -> DigitDataset:
    return load_builtin()


@st.cache_resource(show_spinner=False, validate=lambda dataset: dataset is not None)
def cached_mnist() -> DigitDataset | None:
    """Return MNIST if it has been downloaded, else None; asked again until it is there."""
    return load_cached_mnist()


@once
def analyst() -> Analyst:
    """Return who analyses models beside the page, for all visitors."""
    return Analyst(take_core=partial(core, errand_queue()))


@st.cache_resource(show_spinner=False, max_entries=256)
def nearest_training_images(
    digest: str, image: bytes, count: int, _dataset: DigitDataset
) -> "tuple[np.ndarray, np.ndarray]":
    """Return the indices and distances of the training images nearest to `image`, 28 × 28 float32 as bytes."""
    wanted = np.frombuffer(image, np.float32).reshape(28, 28)
    return nearest_images(wanted, _dataset.train_pixels, count)


def let_training_rest() -> None:
    """Have all runs rest while a stroke is answered, if the browser that shows the answer computes on their machine.

    Elsewhere only the server's part of the answer, a few milliseconds, would gain by it.
    """
    if st.context.ip_address is None:  # so Streamlit says that it is this machine
        job_registry().rest()


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs={DigitDataset: lambda dataset: dataset.digest})
def lesson_digits(dataset: DigitDataset) -> "LessonDigits":
    """Return what the lesson shows of a data set."""
    from mnist_demo.lesson.digits import prepare_lesson

    return prepare_lesson(dataset)


@once
def protect() -> None:
    """Keep visitors from harming one another, and clicks from getting lost; before anybody has done anything."""
    allow_many_files()
    protect_visitors(visitor_state.COOKIE, visitor_state.TOKEN)
    answer_what_was_meant()
    answer_whole()
    answer_before_refreshing()


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs={DigitDataset: lambda dataset: dataset.digest})
def dataset_doubt(dataset: DigitDataset) -> "Future[str]":
    """Return what is unusual about somebody's digits, as soon as it is known: the first page does not wait for it."""
    doubt: Future[str] = Future()
    threading.Thread(target=_find_doubt, args=(dataset, _warmed_up(), doubt), name="doubt", daemon=True).start()
    return doubt


def _find_doubt(dataset: DigitDataset, warmed_up: threading.Event, doubt: "Future[str]") -> None:
    warmed_up.wait()
    from mnist_demo.insight.doubts import find_doubt
    from mnist_demo.models.checkpoints import load_checkpoint

    doubt.set_result(find_doubt(dataset, load_checkpoint(STARTER)))


@once
def warm_up() -> None:
    """Have the slow things done as soon as the first page is drawn: once for the server, in a thread."""
    let_threads_take_turns()
    give_back_freed_memory()
    send_at_once()
    let_leave_quietly()
    free_the_departed()
    threading.Thread(target=_clean_up, args=(class_store(),), name="clean up", daemon=True).start()
    threading.Thread(target=_warm_up, args=(_warmed_up(),), name="warm up", daemon=True).start()


def _clean_up(classes: ClassStore) -> None:
    # At the start too: else classes would stay that nobody opens until somebody looks for hers.
    try:
        classes.clean_up()
    except ClassError as error:
        _logger.warning("Old classes were not deleted: %s", error)


def _warm_up(done: threading.Event) -> None:
    warm_up_processes()
    import pandas  # noqa: F401  Streamlit asks it about what a component is given
    import torch

    from mnist_demo.drawing.image import image_from_strokes
    from mnist_demo.models.checkpoints import load_checkpoint
    from mnist_demo.rejection.calibration import judge
    from mnist_demo.rejection.calibration_files import load_starter_calibration

    available_devices()  # known from here on
    for language in language_names():
        use_language(language)  # reading its catalogue takes 0.2 s: not when the first visitor asks for it
    # What the page computes is small; its threads would only take the cores from training.
    torch.set_num_threads(1)
    # The first of everything that a stroke asks for takes 50 times as long as the second: so here, not at the first
    # visitor's first stroke.
    stroke = image_from_strokes([np.array([[140.0, 60.0], [135.0, 220.0]])])
    try:
        in_reading_thread(judge, load_checkpoint(STARTER), load_starter_calibration(), stroke[None])
    except RuntimeError as error:
        if "shutdown" not in str(error):
            raise
        return  # the server has just been told to end: no thread begins any more
    # Everything imported lives as long as the server: the collector need never look at it again (0.1 s each time).
    gc.collect()
    gc.freeze()
    done.set()
