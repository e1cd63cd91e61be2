"""Statistics of a data set and nearest images, compared with numpy and scikit-learn on the whole data set."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.insight import data_statistics
from mnist_demo.insight.data_statistics import compute_statistics, nearest_images


def test_statistics_do_not_depend_on_the_chunk_size(builtin: DigitDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_statistics, "CHUNK", 100)
    found = compute_statistics(builtin)
    images = scale_pixels(builtin.train_pixels)
    for digit in range(10):
        of_digit = images[builtin.train_labels == digit]
        assert found.train_counts[digit] == len(of_digit)
        assert found.test_counts[digit] == (builtin.test_labels == digit).sum()
        assert found.means[digit] == pytest.approx(of_digit.mean(axis=0), abs=1e-5)
        assert found.deviations[digit] == pytest.approx(of_digit.std(axis=0), abs=1e-4)
    expected, _edges = np.histogram(builtin.train_pixels, bins=256, range=(0, 256))
    assert (found.intensities == expected).all()


def test_nearest_images_agree_with_scikit_learn(builtin: DigitDataset) -> None:
    image = scale_pixels(builtin.test_pixels[3])
    indices, distances = nearest_images(image, builtin.train_pixels, 12)
    flat = scale_pixels(builtin.train_pixels).reshape(-1, 784)
    expected_distances, expected = NearestNeighbors(n_neighbors=12).fit(flat).kneighbors(image.reshape(1, -1))
    assert indices.tolist() == expected[0].tolist()
    assert distances == pytest.approx(expected_distances[0], abs=1e-3)


def test_the_nearest_image_to_a_training_image_is_itself_at_distance_zero(builtin: DigitDataset) -> None:
    indices, distances = nearest_images(scale_pixels(builtin.train_pixels[100]), builtin.train_pixels, 1)
    assert indices.tolist() == [100]
    assert distances[0] == pytest.approx(0, abs=1e-4)
