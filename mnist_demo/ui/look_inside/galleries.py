"""A gallery of images of a dataset with what a model reads in each."""

import numpy as np
from markupsafe import Markup

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.insight.analysis import Analysis
from mnist_demo.translation import _, format_decimal, format_percent
from mnist_demo.ui.drawing.dataset_images import chosen_image, image_value
from mnist_demo.ui.widgets.pictures import gallery_html

MAX_IMAGES = 50


def gallery_of(analysis: Analysis, dataset: DigitDataset, part: str, indices: np.ndarray, title: str) -> Markup:
    """Return the gallery of those images of `part` ("test" or "train") that `analysis` is of, as HTML with buttons."""
    pixels = dataset.test_pixels if part == "test" else dataset.train_pixels
    images = []
    for index in map(int, indices):
        label, predicted = int(analysis.labels[index]), int(analysis.predicted[index])
        wrong = label != predicted
        sure = format_percent(float(analysis.confidence[index]), digits=0)
        words = (_("Image {number}: label {label}, read as {predicted}, {percent} sure")).format(
            number=format_decimal(index), label=label, predicted=predicted, percent=sure
        )
        caption = _("{label}, read as {guess}\n({percent})").format(label=label, guess=predicted, percent=sure)
        images.append((image_value(part, index), scale_pixels(pixels[index]), caption, words, wrong))
    return gallery_html(images, chosen_image(), title)
