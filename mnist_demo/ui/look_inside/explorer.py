"""The data set itself: samples by class, counts, statistics, and augmentation of one image."""

from functools import partial

import numpy as np
import streamlit as st

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.insight.data_statistics import DatasetStatistics
from mnist_demo.translation import N_, _, format_decimal, format_percent
from mnist_demo.ui import keys
from mnist_demo.ui.drawing import dataset_images
from mnist_demo.ui.look_inside import state as insight_state
from mnist_demo.ui.look_inside.pictures import counts_html, intensity_chart
from mnist_demo.ui.widgets.choices import read_choice, read_digit
from mnist_demo.ui.widgets.clickable import render_clickable
from mnist_demo.ui.widgets.mosaics import digit_images_html
from mnist_demo.ui.widgets.pictures import gallery_html, png_of

SAMPLES, MEANS, INTENSITIES, AUGMENTATION = "samples", "means", "intensities", "augmentation"
VIEWS = {
    SAMPLES: N_("digits"),
    MEANS: N_("mean and variation"),
    INTENSITIES: N_("pixel values"),
    AUGMENTATION: N_("augmentation"),
}
SAMPLE_COUNT = 40
VARIANTS = 11
HISTOGRAM_HEIGHT = 260


def read_explorer_view() -> str:
    """Draw the choice of view and return which one is wanted."""
    return read_choice(
        _("Which view of the data"), {name: _(title) for name, title in VIEWS.items()}, keys.EXPLORER_VIEW
    )


def render_samples_by_class(dataset: DigitDataset) -> None:
    """Draw training images of one digit, and how many of each there are."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        digit = read_digit(keys.EXPLORER_CLASS)
        st.button(
            _("Other images"), key=keys.OTHER_IMAGES, icon=":material/shuffle:", on_click=insight_state.draw_again
        )
    candidates = np.flatnonzero(dataset.train_labels == digit)
    count = min(SAMPLE_COUNT, len(candidates))
    indices = np.random.default_rng(insight_state.draw_seed()).choice(candidates, count, replace=False)
    images = [
        (
            dataset_images.image_value("train", int(index)),
            scale_pixels(dataset.train_pixels[index]),
            format_decimal(index),
            _("Training image {number}, label {label}").format(number=format_decimal(index), label=digit),
            False,
        )
        for index in indices
    ]
    with st.container(key=keys.EXPLORER):
        render_clickable(
            gallery_html(
                images, dataset_images.chosen_image(), _("Training images of the digit {digit}").format(digit=digit)
            ),
            f"{keys.EXPLORER}-images",
            partial(dataset_images.choose_image, dataset),
            shown_in=keys.EXPLAINED,
        )
    st.caption(
        _("See how differently people write the same digit. The number under each is its place in the training set.")
    )
    st.markdown(_("### How many there are"))
    train, test = (np.bincount(labels, minlength=10) for labels in (dataset.train_labels, dataset.test_labels))
    st.html(counts_html(train, test))
    st.caption(
        _(
            "Training images (bar) and test images of each digit. Where the counts are nearly equal, always giving the "
            "most frequent digit as the answer would be right {percent} of the time: that is where a model starts."
        ).format(percent=format_percent(test[train.argmax()] / max(1, test.sum()), digits=1))
    )


def render_means(statistics: DatasetStatistics) -> None:
    """Draw the mean image of each digit and where its images differ."""
    st.markdown(_("### Mean"))
    st.html(
        digit_images_html(
            [
                (
                    png_of(1 - mean),
                    str(digit),
                    _("The mean of all training images of the digit {digit}").format(digit=digit),
                )
                for digit, mean in enumerate(statistics.means)
            ]
        )
    )
    st.markdown(_("### Variation"))
    strongest = max(float(statistics.deviations.max()), 1e-12)
    st.html(
        digit_images_html(
            [
                (
                    png_of(1 - deviation / strongest),
                    str(digit),
                    _("Where the training images of the digit {digit} differ from each other").format(digit=digit),
                )
                for digit, deviation in enumerate(statistics.deviations)
            ]
        )
    )
    st.caption(
        _(
            "Above, the average of all training images of each digit; below, their standard deviation: the darker, the "
            "more they differ there. Look at the 1, which its slant blurs, and at the light middle "
            "of the 0, where hardly anybody has ink."
        )
    )


def render_intensities(statistics: DatasetStatistics) -> None:
    """Draw how often each pixel value occurs."""
    counts = statistics.intensities
    blank, full = counts[0] / counts.sum(), counts[250:].sum() / counts.sum()
    words = _("How often each pixel value occurs: {blank} of all pixels are 0, {full} are 250 or more.").format(
        blank=format_percent(blank, digits=0), full=format_percent(full, digits=0)
    )
    st.echarts_chart(
        intensity_chart(counts),
        key="intensity-chart",
        height=HISTOGRAM_HEIGHT,
        alt=words,
    )
    st.caption(
        words
        + " "
        + _(
            "The axis is logarithmic. Look at the two ends: nearly everything is paper or full ink, and only the edges "
            "of strokes lie between. The models get these values divided by 255."
        )
    )


def render_augmentation(image: np.ndarray) -> None:
    """Draw `image`, float32 (28, 28), and what random augmentation makes of it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        affine = st.toggle(_("turn, slant, scale, shift"), value=True, key=keys.AUGMENT_AFFINE)
        pen = st.toggle(_("vary the pen"), value=True, key=keys.AUGMENT_PEN)
        st.button(_("Again"), key=keys.AUGMENT_AGAIN, icon=":material/casino:", on_click=insight_state.draw_again)
    pictures = [(png_of(1 - image), _("original"), _("The image as it is"))]
    pictures += [
        (png_of(1 - variant), f"{number}", _("Random variant {number}").format(number=number))
        for number, variant in enumerate(_variants(image, affine, pen), start=1)
    ]
    st.html(digit_images_html(pictures))
    st.caption(
        _(
            "With augmentation, a model sees the same training image a little different in every epoch, and learns "
            "what does not matter. Check that each variant is still the same digit to you: if it is not, it teaches "
            "something wrong. Click any image on this page to see it here."
        )
    )


def _variants(image: np.ndarray, affine: bool, pen: bool) -> np.ndarray:
    # Here, not above: it brings torch, which the first page need not wait for.
    import torch

    from mnist_demo.training.augmentation import augment, vary_pen

    generator = torch.Generator().manual_seed(insight_state.draw_seed())
    images = torch.tensor(image).repeat(VARIANTS, 1, 1)
    if pen:
        images = vary_pen(images, generator)
    if affine:
        images = augment(images, generator)
    return np.asarray(images.clamp(0, 1).numpy())
