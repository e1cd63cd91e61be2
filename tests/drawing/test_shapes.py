"""Digits in the shapes that people give them, read by the model that comes with the project."""

import numpy as np
import pytest

from mnist_demo.drawing.image import image_from_strokes
from mnist_demo.models.checkpoints import load_checkpoint
from tests.browser.shapes import PLACES, SHAPES

CANVAS = 280  # pixels


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_every_shape_of_every_digit_is_read_wherever_and_however_large_it_is_drawn(place: dict[str, float]) -> None:
    size, corner = place.get("size", 1.0), (place.get("left", 0.0), place.get("top", 0.0))
    images = [
        image_from_strokes([CANVAS * (size * np.array(stroke) + corner) for stroke in strokes])
        for _digit, strokes in SHAPES.values()
    ]
    read = load_checkpoint("starter").predict_probabilities(np.stack(images)).argmax(axis=1)
    assert dict(zip(SHAPES, map(str, read), strict=True)) == {name: digit for name, (digit, _) in SHAPES.items()}
