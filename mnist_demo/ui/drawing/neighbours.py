"""The training images that come nearest to an image."""

from functools import partial

import numpy as np
import streamlit as st

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.translation import _, format_decimal
from mnist_demo.ui import keys
from mnist_demo.ui.drawing import dataset_images
from mnist_demo.ui.resources import nearest_training_images
from mnist_demo.ui.widgets.clickable import render_clickable
from mnist_demo.ui.widgets.pictures import gallery_html

COUNT = 12


def render_neighbours(image: np.ndarray, dataset: DigitDataset) -> None:
    """Draw, folded, the training images nearest to `image`, float32 (28, 28)."""
    expander = st.expander(_("The nearest training images"), key=keys.NEIGHBOURS, on_change="rerun")
    if not expander.open:
        return  # comparing with 60,000 images takes 0.1 s: not while nobody looks
    with expander:
        indices, distances = nearest_training_images(
            dataset.digest, np.ascontiguousarray(image, np.float32).tobytes(), COUNT, dataset
        )
        labels, apart = dataset.train_labels[indices], _("distance {distance}")
        images = [
            (
                dataset_images.image_value("train", int(index)),
                scale_pixels(dataset.train_pixels[index]),
                f"{label}\n{apart.format(distance=format_decimal(distance, '.1f'))}",
                _("Training image {number}, label {label}, distance {distance}").format(
                    number=format_decimal(index), label=label, distance=format_decimal(distance, ".1f")
                ),
                False,
            )
            for index, label, distance in zip(indices, labels, distances, strict=True)
        ]
        render_clickable(
            gallery_html(images, dataset_images.chosen_image(), _("The nearest training images")),
            keys.NEAREST,
            partial(dataset_images.choose_image, dataset),
        )
        votes = np.bincount(labels, minlength=10)
        st.caption(
            _(
                "Of {total} training images, the {count} that are most similar pixel by pixel, each with its label "
                "and distance. {votes} of the {count} say {digit}. Look for neighbours of another digit: there the "
                "pixels alone mislead."
            ).format(
                count=len(labels),
                total=format_decimal(len(dataset.train_labels)),
                digit=votes.argmax(),
                votes=votes.max(),
            )
        )
