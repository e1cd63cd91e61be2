"""Models reading the handwriting of a class, beside the page."""

import time

import numpy as np

from mnist_demo.classes.readings import HandwritingReadings, accuracy_of
from tests.classes.test_classes import drawing


def test_models_read_the_handwriting_beside_the_page() -> None:
    class Threes:
        def predict_probabilities(self, images: np.ndarray) -> np.ndarray:
            return np.tile(np.eye(10, dtype=np.float32)[3], (len(images), 1))

    readings = HandwritingReadings()
    drawings = {"drawing.a.1": drawing(3), "drawing.b.2": drawing(4)}
    assert readings.of("run", 1, drawings, Threes) == {}
    readings.wait()
    read = readings.of("run", 1, drawings, Threes)
    assert read == {"drawing.a.1": 3, "drawing.b.2": 3}
    assert accuracy_of(read, drawings) == 0.5
    assert accuracy_of({}, drawings) is None


def test_readings_by_large_models_leave_three_quarters_of_the_core_to_others() -> None:
    computed, rests = list[float](), list[float]()

    class Large:
        def predict_probabilities(self, images: np.ndarray) -> np.ndarray:
            began = time.thread_time()
            while time.thread_time() - began < 0.02:
                pass
            computed.append(time.thread_time() - began)
            return np.tile(np.eye(10, dtype=np.float32)[3], (len(images), 1))

    readings = HandwritingReadings(rest=rests.append)
    for model in ("first", "second"):
        readings.of(model, 1, {"drawing.a.1": drawing(3)}, Large)
    readings.wait()
    assert len(rests) == 2
    assert sum(computed) <= (sum(computed) + sum(rests)) / 4 + 1e-9
