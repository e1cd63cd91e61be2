"""Readings of a class's handwriting by models: computed beside the page, one model after another, and remembered."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from mnist_demo.drawing.collection import LabelledDrawing
from mnist_demo.errors import MnistDemoError
from mnist_demo.training.fine_tuning import Predictor

# While thirty runs go on, each is asked so seldom that all of them together take a few hundredths of a core.
SECONDS_BETWEEN = 4.0
MAX_MODELS = 300
# Times as long as a reading computed, before the next one: for the largest models, too, all classes together take a
# quarter of a core. To wait for a core in turn would cost a run more, which gives its own up, than most readings take.
REST = 3.0
_logger = logging.getLogger(__name__)


class HandwritingReadings:
    """Which digit each model reads in each drawing. For all classes of one server process, and for several threads.

    `rest` is what waits between readings, as ``time.sleep``.
    """

    def __init__(self, rest: Callable[[float], object] = time.sleep) -> None:
        self._rest = rest
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="handwriting")
        self._read: dict[str, tuple[int, float, dict[str, int]]] = {}
        self._waiting: set[str] = set()

    def of(
        self, model: str, step: int, drawings: Mapping[str, LabelledDrawing], load: Callable[[], Predictor | None]
    ) -> dict[str, int]:
        """Return what `model` read in `drawings`, by their names, as far as that is known; the rest is on its way.

        Parameters
        ----------
        model
            Names the model, such as the id of its run; another `step` means that it has learned since.
        load
            Returns the model, or None where there is none; called in another thread, which reads for all.
        """
        with self._lock:
            known_step, since, read = self._read.get(model, (-1, -SECONDS_BETWEEN, {}))
            kept = read if step == known_step else {}
            missing = {name: drawing for name, drawing in drawings.items() if name not in kept}
            if missing and model not in self._waiting and time.monotonic() - since >= SECONDS_BETWEEN:
                self._waiting.add(model)
                self._thread.submit(self._compute, model, step, missing, kept, load)
        return {name: read[name] for name in drawings if name in read}

    def wait(self) -> None:
        """Wait until everything that was asked for is computed."""
        self._thread.submit(lambda: None).result()

    def _compute(
        self,
        model: str,
        step: int,
        missing: Mapping[str, LabelledDrawing],
        kept: Mapping[str, int],
        load: Callable[[], Predictor | None],
    ) -> None:
        digits: dict[str, int] = {}
        began = time.thread_time()
        try:
            predictor = load()
            if predictor is not None:
                images = np.array([drawing.image for drawing in missing.values()], np.float32)
                read = predictor.predict_probabilities(images).argmax(axis=1)
                digits = dict(zip(missing, map(int, read), strict=True))
        except MnistDemoError as error:
            _logger.info("The model of %s reads no handwriting: %s", model, error)
        except Exception:
            _logger.exception("The model of %s could not read the class's handwriting.", model)
        with self._lock:
            self._waiting.discard(model)
            while len(self._read) >= MAX_MODELS:
                del self._read[next(iter(self._read))]
            self._read[model] = step, time.monotonic(), {**kept, **digits}
        self._rest(REST * (time.thread_time() - began))


def accuracy_of(read: Mapping[str, int], drawings: Mapping[str, LabelledDrawing]) -> float | None:
    """Return the fraction of the drawings that were read rightly, None before any were read."""
    right = [read[name] == drawing.label for name, drawing in drawings.items() if name in read]
    return sum(right) / len(right) if right else None
