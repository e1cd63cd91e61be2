"""The models that can read a drawing: opened ones, the run on the page, the starter model, and earlier runs."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from mnist_demo.jobs.job import Job
from mnist_demo.translation import _, format_decimal, format_percent
from mnist_demo.ui import state
from mnist_demo.ui.drawing import opened_models_state
from mnist_demo.ui.server.models import (
    classifier_with,
    in_reading_thread,
    judge_by_starter,
    starter_calibration,
    starter_classifier,
)
from mnist_demo.ui.widgets.markdown import escape_markdown

if TYPE_CHECKING:
    from mnist_demo.models.checkpoints import TrainedClassifier
    from mnist_demo.rejection.calibration import Calibration

# More than these would make the list of answers longer than a glance.
MAX_EARLIER_READERS = 4
# Images that are read in a row, and galleries whose digits are remembered for one model.
AT_ONCE, MAX_GALLERIES = 20, 100
_read: WeakKeyDictionary[Any, dict[bytes, np.ndarray]] = WeakKeyDictionary()  # by the model's module


@dataclass(frozen=True)
class Reader:
    """A model that answers, and how the page calls it: `title` in a list, `sentence` beneath a reading."""

    title: str
    sentence: str
    classifier: "TrainedClassifier"
    calibration: "Calibration | None" = None

    def predict_probabilities(self, images: np.ndarray) -> np.ndarray:
        """Return float32 (n, 10) for `images`, float32 (n, 28, 28) in [0, 1]: calibrated where a calibration is known.

        Of a model's own 100 % some are wrong; of calibrated answers given with 90 %, nine of ten are right.
        """
        if self.calibration is None:
            return in_reading_thread(self.classifier.predict_probabilities, images)
        # Here, not above: it brings torch, which the first page need not wait for.
        from mnist_demo.rejection.calibration import judge

        return in_reading_thread(judge, self.classifier, self.calibration, images).probabilities

    def read_digits(self, images: np.ndarray) -> np.ndarray:
        """Return the digits that the model reads in `images`, float32 (n, 28, 28) in [0, 1]: int64 (n,).

        Computed once for the same weights and images: a gallery of a thousand is drawn anew every other second, with a
        dozen models. A few at a time, so that a stroke in between need not wait.
        """
        known = _read.setdefault(self.classifier.model, {})
        key = hashlib.sha256(images.tobytes()).digest()
        digits = known.get(key)
        if digits is None:
            predict = self.classifier.predict_probabilities
            parts = [images[place : place + AT_ONCE] for place in range(0, len(images), AT_ONCE)]
            digits = np.concatenate([in_reading_thread(predict, part).argmax(axis=1) for part in parts])
            if len(known) >= MAX_GALLERIES:
                known.clear()
            known[key] = digits
        return digits


@dataclass(frozen=True)
class Reading:
    """What `reader` makes of an image: `probabilities`, float32 (10,), and the digit that is most probable."""

    reader: Reader
    probabilities: np.ndarray

    @property
    def digit(self) -> int:
        return int(self.probabilities.argmax())


def read_image(image: np.ndarray) -> list[Reading]:
    """Let everyone who can answer now read `image`, float32 (28, 28) in [0, 1].

    The first is the one whose answer the page shows large: the run on the page, else the starter model. Nobody reads a
    blank image.
    """
    if not image.any():
        return []
    return [read_by(reader, image) for reader in read_readers()]


def read_by(reader: Reader, image: np.ndarray) -> Reading:
    """Let `reader` read `image`, float32 (28, 28) in [0, 1]."""
    of_starter = reader.classifier is starter_classifier()
    rows = judge_by_starter(image).probabilities if of_starter else reader.predict_probabilities(image[None])
    return Reading(reader, rows[0])


def looks_like_a_digit(image: np.ndarray) -> bool:
    """Tell whether `image`, float32 (28, 28) in [0, 1] and prepared in all stages, is a digit at all.

    The starter model judges for all: what it has learned of digits tells them from scribbles far better than the
    features of a small model do.
    """
    return bool(judge_by_starter(image).is_digit[0])


def read_readers() -> list[Reader]:
    """Return all who can answer now, the one whose answer the page shows large first.

    That is the opened model that the visitor lets answer, else her run, else the starter model.
    """
    job = state.current_job()
    shown = _run_reader(job, _("Read by your run of “{model}”, as it was after step {step}.")) if job else None
    sentence = _("Read by your earlier run of “{model}”, after step {step}.")
    earlier = [_run_reader(job, sentence) for job in state.earlier_jobs()[:MAX_EARLIER_READERS]]
    starter = Reader(
        _("Starter model"),
        _("Read by the starter model that comes with this page. Train a model of your own, and it answers instead."),
        starter_classifier(),
        starter_calibration(),
    )
    answering = opened_models_state.answering_model()
    first = [_opened_reader(answering)] if answering else []
    others = [_opened_reader(model) for model in opened_models_state.opened_models() if model is not answering]
    return [reader for reader in (*first, shown, starter, *earlier, *others) if reader is not None]


def _opened_reader(model: opened_models_state.OpenedModel) -> Reader:
    title = _("{name}, {percent} of {count} test images").format(
        name=model.name, percent=format_percent(model.accuracy, digits=1), count=format_decimal(model.measured_on)
    )
    return Reader(
        title,
        _("Read by the model that you opened from {name}.").format(name=escape_markdown(model.name)),
        model.classifier,
    )


def _run_reader(job: Job, sentence: str) -> Reader | None:
    weights = job.weights
    classifier = classifier_with(weights, job)
    if classifier is None or weights is None:
        return None
    model = job.hyperparameters.model_title
    accuracy = job.history.test_accuracy
    title = _("{model}, {percent} on test images").format(
        model=model, percent=format_percent(accuracy, digits=1) if accuracy is not None else "–"
    )
    if job.state == "diverged":
        sentence = _("Read by a run of “{model}” that has diverged, after step {step}: do not believe it.")
    return Reader(title, sentence.format(model=model, step=format_decimal(weights.step)), classifier)
