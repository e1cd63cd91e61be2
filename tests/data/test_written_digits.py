import numpy as np
import pytest

from mnist_demo.data.written_digits import write_digit
from mnist_demo.drawing import image_from_strokes
from mnist_demo.models import load_checkpoint


@pytest.mark.parametrize("digit", range(10))
def test_written_digits_differ_and_the_starter_model_reads_them(digit: int) -> None:
    random = np.random.default_rng(digit)
    written = [write_digit(digit, random) for _time in range(40)]
    for strokes in written:
        points = np.concatenate(strokes)
        assert np.ptp(points[:, 1]) == pytest.approx(1)
        assert np.ptp(points[:, 0]) <= 1
        np.testing.assert_allclose((points.min(axis=0) + points.max(axis=0)) / 2, 0.5)
    images = np.stack([image_from_strokes(strokes) for strokes in written])
    assert len({image.tobytes() for image in images}) == len(images)
    read = load_checkpoint("starter").predict_probabilities(images).argmax(axis=1)
    assert (read == digit).mean() >= 0.95
