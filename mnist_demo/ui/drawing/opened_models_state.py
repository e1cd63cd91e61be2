"""Session state of models that a visitor opened from files."""

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.errors import CheckpointError, MnistDemoError
from mnist_demo.translation import _, translated

if TYPE_CHECKING:
    from mnist_demo.models.checkpoints import TrainedClassifier

_OPENED, _ANSWERING, _PROBLEM = "models-opened", "model-answering", "model-problem"
MAX_OPENED = 6
MEASURED_IMAGES = 1000  # a convnet reads them in about a quarter of a second


@dataclass(frozen=True, eq=False)
class OpenedModel:
    """A model out of a file: what the file says of it, and what was measured here before anything was believed.

    `weights` are its safetensors bytes. `accuracy` is the share of `measured_on` test images that it reads right, of
    the digits in use when it was opened.
    """

    name: str
    classifier: "TrainedClassifier"
    weights: bytes
    accuracy: float
    measured_on: int
    id: str = field(default_factory=secrets.token_hex)


def open_model(name: str, content: bytes, dataset: DigitDataset) -> None:
    """Keep the model in the `content` of a file called `name`, or a sentence that says why that cannot be."""
    st.session_state[_PROBLEM] = ""
    try:
        st.session_state[_OPENED] = (*opened_models(), _load_model(name, content, dataset))
    except MnistDemoError as error:
        st.session_state[_PROBLEM] = str(error)


def _load_model(name: str, content: bytes, dataset: DigitDataset) -> OpenedModel:
    # Here, not above: it brings torch, which the first page need not wait for.
    from mnist_demo.models.checkpoints import load_checkpoint_bytes

    if len(opened_models()) >= MAX_OPENED:
        raise CheckpointError(_("Only {count} models can be open at once: close one first.").format(count=MAX_OPENED))
    classifier = load_checkpoint_bytes(content, name)
    images = scale_pixels(dataset.test_pixels[:MEASURED_IMAGES])
    predicted = classifier.predict_probabilities(images).argmax(axis=1)
    accuracy = float(np.mean(predicted == dataset.test_labels[: len(images)]))
    return OpenedModel(name, classifier, content, accuracy, len(images))


def why_not_opened() -> str:
    """Return why the file that was given last is not open; an empty text when it is."""
    problem: str = st.session_state.get(_PROBLEM, "")
    return translated(problem)


def opened_models() -> tuple[OpenedModel, ...]:
    """Return the open models, the oldest first."""
    models: tuple[OpenedModel, ...] = st.session_state.get(_OPENED, ())
    return models


def close_model(model: OpenedModel) -> None:
    """Forget `model`."""
    st.session_state[_OPENED] = tuple(other for other in opened_models() if other is not model)


def let_answer(model: OpenedModel | None) -> None:
    """Let `model` give the answer that the page shows large; None gives it back to the run or the starter model."""
    st.session_state[_ANSWERING] = model


def answering_model() -> OpenedModel | None:
    """Return the opened model that the visitor lets answer, if it is still open."""
    model: OpenedModel | None = st.session_state.get(_ANSWERING)
    return model if model is not None and model in opened_models() else None
