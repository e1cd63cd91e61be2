"""Images of the data set, named, and inspected in the place of the drawing when they are clicked."""

import numpy as np

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.translation import _, format_decimal
from mnist_demo.ui.drawing import state as drawing_state


def image_value(part: str, index: int) -> str:
    """Return how a gallery names an image: `part` is "test" or "train"."""
    return f"{part}-{index}"


def chosen_image() -> str | None:
    """Return the name of the image of the data set that is inspected, None where none is."""
    inspected = drawing_state.inspected_image()
    return inspected.name if inspected is not None else None


def choose_image(dataset: DigitDataset, value: str) -> None:
    """Let an image of `dataset` be read and explained everywhere, in the place of the drawing."""
    part, number = value.split("-")
    drawing_state.inspect_image(image_of(dataset, part, int(number)))


def image_of(dataset: DigitDataset, part: str, index: int) -> drawing_state.InspectedImage:
    """Return an image of `dataset` with its title and label."""
    pixels, labels = (
        (dataset.test_pixels, dataset.test_labels) if part == "test" else (dataset.train_pixels, dataset.train_labels)
    )
    label = int(labels[index])
    title = (
        _("**Test image {number}**, labelled {label}")
        if part == "test"
        else _("**Training image {number}**, labelled {label}")
    )
    image: np.ndarray = scale_pixels(pixels[index])
    name = image_value(part, index)
    return drawing_state.InspectedImage(image, title.format(number=format_decimal(index), label=label), label, name)
