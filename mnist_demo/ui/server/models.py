"""The models that read drawings on the page: the starter model, and those of runs and files with their newest weights.

All that brings torch is imported when it is called: the first page need not wait for it.
"""

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import streamlit as st

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.errors import CheckpointError
from mnist_demo.files import KeptBytes
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Weights
from mnist_demo.settings.presets import STARTER
from mnist_demo.ui.server.once import once
from mnist_demo.ui.server.sized_cache import SizedCache

if TYPE_CHECKING:
    from mnist_demo.models.checkpoints import TrainedClassifier
    from mnist_demo.rejection.calibration import Calibration, Judgement

Answer = TypeVar("Answer")
# Of all models of runs that read drawings at the moment; the largest that the settings allow has 74 MB.
MAX_CLASSIFIER_BYTES = 120_000_000


@once
def starter_classifier() -> "TrainedClassifier":
    """Return the model that comes with the project."""
    from mnist_demo.models.checkpoints import load_checkpoint

    return load_checkpoint(STARTER)


@once
def starter_weights() -> bytes:
    """Return the weights of the starter model, as a process that analyses it gets them."""
    from mnist_demo.models.checkpoints import weights_to_bytes

    return weights_to_bytes(starter_classifier().model)


@once
def starter_calibration() -> "Calibration":
    """Return what tells digits from other drawings by the starter model."""
    from mnist_demo.rejection.calibration_files import load_starter_calibration

    return load_starter_calibration()


def newest_classifier(job: Job) -> "TrainedClassifier | None":
    """Return the model of `job` with its newest weights, or None before there are any, or when they do not fit it."""
    return classifier_with(job.weights, job)


def classifier_with(weights: Weights | None, job: Job) -> "TrainedClassifier | None":
    """Return the model of `job` with `weights` that it once had; see `newest_classifier`."""
    if weights is None:
        return None
    from mnist_demo.models.checkpoints import classifier_from_bytes

    try:
        # The id and the step stand for the weights.
        return classifiers().get(
            (job.id, weights.step),
            lambda: classifier_from_bytes(weights.content, job.hyperparameters),
            is_large=isinstance(weights.kept, KeptBytes),
        )
    except CheckpointError:
        return None


def has_unusable_model(job: Job) -> bool:
    """Tell whether a run has weights, but they are damaged, or of a model that had another shape when it was saved."""
    weights = job.weights
    return weights is not None and classifier_with(weights, job) is None


def judge_by_starter(image: np.ndarray) -> "Judgement":
    """Return what the calibrated starter model makes of `image`, float32 (28, 28) in [0, 1]: a batch of one."""
    return _judgement(image.astype(np.float32).tobytes())


@functools.lru_cache(maxsize=64)  # a stroke asks twice: what is it, and is it a digit at all
def _judgement(pixels: bytes) -> "Judgement":
    from mnist_demo.rejection.calibration import judge

    image = np.frombuffer(pixels, np.float32).reshape(1, 28, 28)
    return in_reading_thread(judge, starter_classifier(), starter_calibration(), image)


@functools.cache
def _reading_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="reading")


def in_reading_thread(function: Callable[..., Answer], *arguments: object) -> Answer:
    """Call `function`, which lets a model read a drawing or two, in the one thread that does so for all visitors.

    torch prepares a convolution anew in every thread that calls it, and Streamlit has a new thread for every rerun: a
    stroke would wait 5 to 15 ms for its reading, of which 1 is the reading.
    """
    return _reading_thread().submit(function, *arguments).result()


@once
def classifiers() -> "SizedCache[TrainedClassifier]":
    """Return the models of runs and files that are in use, by whatever they are told apart."""
    return SizedCache(MAX_CLASSIFIER_BYTES, _size_of)


def _size_of(classifier: "TrainedClassifier") -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in classifier.model.state_dict().values())


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs={DigitDataset: lambda dataset: dataset.digest})
def starter_accuracy(dataset: DigitDataset, count: int) -> float:
    """Return how many of the first `count` test images the starter model reads correctly, a fraction."""
    images = scale_pixels(dataset.test_pixels[:count])
    read = starter_classifier().predict_probabilities(images).argmax(axis=1)
    return float((read == dataset.test_labels[:count]).mean())
