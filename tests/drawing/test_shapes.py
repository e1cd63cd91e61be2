"""Digits in the shapes that people give them, read by the model that comes with the project."""

import numpy as np
import pytest

from mnist_demo.drawing.image import image_from_strokes
from mnist_demo.models.checkpoints import load_checkpoint
from mnist_demo.rejection.calibration import judge
from mnist_demo.rejection.calibration_files import load_starter_calibration
from tests.browser.shapes import PLACES, SHAPES

CANVAS = 280  # pixels


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_every_shape_of_every_digit_is_read_wherever_and_however_large_it_is_drawn(place: dict[str, float]) -> None:
    size, corner = place.get("size", 1.0), (place.get("left", 0.0), place.get("top", 0.0))
    images = [
        image_from_strokes([CANVAS * (size * np.array(stroke) + corner) for stroke in strokes])
        for _digit, strokes in SHAPES.values()
    ]
    judgement = judge(load_checkpoint("starter"), load_starter_calibration(), np.stack(images))
    pairs = zip(judgement.probabilities, judgement.is_digit, strict=True)
    read = [str(row.argmax()) if is_digit else "none" for row, is_digit in pairs]
    assert dict(zip(SHAPES, read, strict=True)) == {name: digit for name, (digit, _) in SHAPES.items()}
