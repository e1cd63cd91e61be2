"""The model in ONNX, the format that other runtimes read, such as onnxruntime in a browser or a telephone.

The graph takes ``images``, float32 (n, 28, 28) in [0, 1], ink bright, for any n, and gives ``probabilities``, float32
(n, 10), each row summing to 1: whatever normalisation the model needs is inside. Its metadata say so too.
"""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from mnist_demo.data.builtin_digits import load_builtin
from mnist_demo.data.dataset import scale_pixels
from mnist_demo.errors import ExportError
from mnist_demo.exports.exported_run import ExportedRun, require
from mnist_demo.models.checkpoints import METADATA_KEY, TrainedClassifier, describe_origin
from mnist_demo.models.classifiers import Classifier
from mnist_demo.translation import _

if TYPE_CHECKING:
    import onnx

CHECKED_DIGITS = 100
# float32 keeps 7 digits; sums in another order differ in the last two or three.
MAX_DIFFERENCE = 1e-4
DESCRIPTION = (
    "Reads handwritten digits. Input “images”: float32 (n, 28, 28) in [0, 1], ink bright, laid out as MNIST is. "
    "Output “probabilities”: float32 (n, 10), one row an image, for the digits 0 to 9."
)


class _WithProbabilities(nn.Module):
    """A classifier of any kind as the module that is exported."""

    def __init__(self, model: Classifier) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        probabilities: Tensor = self.model(images).softmax(dim=1)
        return probabilities


def build_onnx(run: ExportedRun) -> bytes:
    """Return the model of `run` in ONNX; it answered 100 real digits as the original does, or it is not returned.

    Takes some seconds and some 150 MB, which is what torch's exporter and its libraries need.

    Raises
    ------
    ExportError
        When there is no model, a package is missing, or the answers differ.
    """
    classifier = run.load_classifier()
    onnx = require("onnx")
    require("onnxscript")
    try:
        with _quiet():
            program = torch.onnx.export(
                _WithProbabilities(classifier.model).eval(),
                (torch.rand(2, 28, 28),),
                input_names=["images"],
                output_names=["probabilities"],
                dynamic_shapes=({0: torch.export.Dim("n")},),
                dynamo=True,
                verbose=False,
            )
    except torch.onnx.OnnxExporterError as error:
        # Seen with torch 2.11, whose exporter lacks an operation of the convolutional networks.
        message = _("torch {version} cannot write this model as ONNX: install the version that requirements.txt names.")
        raise ExportError(message.format(version=torch.__version__)) from error
    assert program is not None
    model = program.model_proto
    _describe(model, run)
    onnx.checker.check_model(model, full_check=True)
    check_answers(model, classifier)
    content = io.BytesIO()
    onnx.save_model(model, content)
    return content.getvalue()


def check_answers(model: "onnx.ModelProto", classifier: TrainedClassifier) -> None:
    """Raise ExportError unless `model`, computed by ONNX's reference evaluator, answers as `classifier` does."""
    from onnx.reference import ReferenceEvaluator

    images = scale_pixels(load_builtin().test_pixels[:CHECKED_DIGITS])
    outputs: Any = ReferenceEvaluator(model).run(None, {"images": images})
    answers = np.asarray(outputs[0])
    expected = classifier.predict_probabilities(images)
    same_digits = np.array_equal(answers.argmax(axis=1), expected.argmax(axis=1))
    if not same_digits or not np.abs(answers - expected).max() <= MAX_DIFFERENCE:
        message = _("The ONNX model answers {count} digits differently from the original, so it is not offered.")
        raise ExportError(message.format(count=CHECKED_DIGITS))


def _describe(model: "onnx.ModelProto", run: ExportedRun) -> None:
    """Write into `model` what it takes and gives, and how it came about."""
    about = describe_origin(run.hyperparameters, run.dataset_name, run.dataset_digest, run.metrics)
    model.doc_string = DESCRIPTION
    for key, value in (("description", DESCRIPTION), (METADATA_KEY, json.dumps(about))):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep torch's remarks on its own insides, and on packages that are not installed, from the terminal."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
