"""How models read a class's handwriting, and how often codes may be tried."""

import numpy as np

from mnist_demo.classes.readings import HandwritingReadings, accuracy_of
from mnist_demo.classes.tries import MAX_WRONG, WINDOW_SECONDS, TryLimit
from tests.classes.test_classes import drawing


def test_tries_of_codes_are_limited_for_a_while() -> None:
    moment = [0.0]
    limit = TryLimit(clock=lambda: moment[0])
    for _try in range(MAX_WRONG):
        assert limit.may_try("here")
        limit.note_wrong("here")
    assert not limit.may_try("here")
    assert limit.may_try("there")
    moment[0] = WINDOW_SECONDS + 1
    assert limit.may_try("here")


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
