"""Session state of models that a visitor opened from files."""

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import CheckpointError, KeepingError, MnistDemoError
from mnist_demo.files import Content, KeptBytes, keep
from mnist_demo.saved_runs.visitors import MODELS
from mnist_demo.translation import _, translated
from mnist_demo.ui import visitor, visitor_state
from mnist_demo.ui.resources import visitor_store
from mnist_demo.ui.server.errands import errand
from mnist_demo.ui.server.models import classifiers

if TYPE_CHECKING:
    from mnist_demo.models.checkpoints import TrainedClassifier

_KEPT, _UNKEPT, _ANSWERING, _PROBLEM = "models-kept", "models-unkept", "model-answering", "model-problem"
MAX_OPENED = MODELS.max_files
# The deepest convnet reads them in half a second. Besides, a file of the 20 MB that the page takes may claim to be the
# largest network that there is, which is made before its weights are compared: 0.2 s and 85 MB.
MEASURED_IMAGES = 1000
MODEL_SECONDS = 30.0


@dataclass(frozen=True, eq=False)
class OpenedModel:
    """A model out of a file: what the file says of it, and what was measured here before anything was believed.

    `weights` is its safetensors content. `accuracy` is the share of `measured_on` test images that it reads right, of
    the digits in use when it was opened.
    """

    name: str
    weights: Content
    accuracy: float
    measured_on: int
    id: str = field(default_factory=secrets.token_hex)

    @property
    def classifier(self) -> "TrainedClassifier":
        """The model, which the server has in memory for as long as it is used."""
        from mnist_demo.models.checkpoints import load_checkpoint_bytes

        return classifiers().get(
            self.id,
            lambda: load_checkpoint_bytes(bytes(self.weights), self.name),
            is_large=isinstance(self.weights, KeptBytes),
        )

    def to_bytes(self) -> bytes:
        """Return the content of the file that keeps it: a line of JSON, and the weights."""
        about = {"name": self.name, "accuracy": self.accuracy, "measured_on": self.measured_on, "id": self.id}
        return json.dumps(about).encode() + b"\n" + bytes(self.weights)

    @classmethod
    def from_bytes(cls, content: bytes) -> "OpenedModel":
        """Return what `to_bytes` wrote; raise MnistDemoError for anything else."""
        line, _end, weights = content.partition(b"\n")
        try:
            about = json.loads(line)
            name, own_id = str(about["name"]), str(about["id"])
            accuracy, measured_on = float(about["accuracy"]), int(about["measured_on"])
        except (ValueError, TypeError, KeyError) as error:
            raise KeepingError(_("This is not a model that was saved here.")) from error
        model = cls(name, keep(weights), accuracy, measured_on, own_id)
        _used = model.classifier  # which raises where the file is damaged
        return model


def open_model(name: str, content: bytes, dataset: DigitDataset) -> None:
    """Keep the model in the `content` of a file called `name`, or a sentence that says why that cannot be."""
    st.session_state[_PROBLEM] = ""
    try:
        model = _load_model(name, content, dataset)
    except MnistDemoError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    try:
        file = visitor_store().add(visitor.owner(), MODELS, model.to_bytes())
    except KeepingError as error:
        visitor_state.notify(str(error))
        st.session_state[_UNKEPT] = (*_unkept(), model)
    else:
        st.session_state[_KEPT] = {**_kept(), file: model}


def _load_model(name: str, content: bytes, dataset: DigitDataset) -> OpenedModel:
    # Here, not above: it brings torch, which the first page need not wait for.
    from mnist_demo.models.opening import measure_checkpoint

    if len(opened_models()) >= MAX_OPENED:
        raise CheckpointError(_("Only {count} models can be open at once: close one first.").format(count=MAX_OPENED))
    pixels, labels = dataset.test_pixels[:MEASURED_IMAGES], dataset.test_labels[:MEASURED_IMAGES]
    weights = keep(content)
    accuracy = errand(measure_checkpoint, weights, name, pixels, labels, seconds=MODEL_SECONDS)()
    return OpenedModel(name, weights, accuracy, len(labels))


def why_not_opened() -> str:
    """Return why the file that was given last is not open; an empty text when it is."""
    problem: str = st.session_state.get(_PROBLEM, "")
    return translated(problem)


def opened_models() -> tuple[OpenedModel, ...]:
    """Return the models that this visitor has open, in any of her tabs, the oldest first."""
    kept, problem = visitor_store().load(visitor.owner(), MODELS, _kept(), OpenedModel.from_bytes)
    if problem:
        visitor_state.notify_once(problem)
    st.session_state[_KEPT] = kept
    return (*(model for model in kept.values() if model is not None), *_unkept())


def _kept() -> dict[str, OpenedModel | None]:
    kept: dict[str, OpenedModel | None] = st.session_state.get(_KEPT, {})
    return kept


def _unkept() -> tuple[OpenedModel, ...]:
    unkept: tuple[OpenedModel, ...] = st.session_state.get(_UNKEPT, ())
    return unkept


def close_model(model: OpenedModel) -> None:
    """Forget `model`; raise KeepingError when the disk refuses."""
    visitor_store().remove(visitor.owner(), MODELS, [file for file, kept in _kept().items() if kept is model])
    st.session_state[_UNKEPT] = tuple(other for other in _unkept() if other is not model)


def let_answer(model: OpenedModel | None) -> None:
    """Let `model` give the answer that the page shows large; None gives it back to the run or the starter model."""
    st.session_state[_ANSWERING] = model.id if model else None
    visitor.keep_preference(_ANSWERING, model.id if model else None)


def answering_model() -> OpenedModel | None:
    """Return the opened model that the visitor lets answer, if it is still open."""
    if _ANSWERING not in st.session_state:
        st.session_state[_ANSWERING] = visitor.read_preference(_ANSWERING)
    return next((model for model in opened_models() if model.id == st.session_state[_ANSWERING]), None)
