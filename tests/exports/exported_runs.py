"""Small runs on the built-in digits, as the exports get them."""

import contextvars
from collections.abc import Callable, Iterable
from typing import TypeVar

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.exports.exported_run import ExportedRun
from mnist_demo.models.checkpoints import weights_to_bytes
from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.changes import Change
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.events import Stopped
from mnist_demo.training.history import History
from mnist_demo.training.loop import evaluate_on_test, train
from mnist_demo.translation import use_language

Result = TypeVar("Result")


def train_run(
    hyperparameters: Hyperparameters,
    dataset: DigitDataset,
    stop_after: int | None = None,
    changes: Iterable[Change] = (),
) -> ExportedRun:
    """Train, to the end or until `stop_after` steps are done, and return the run."""
    model, history = build_model(hyperparameters), History()
    for event in train(model, hyperparameters, dataset, changes=changes):
        history.append(event)
        if history.step_count == stop_after:
            history.append(Stopped(stop_after, *evaluate_on_test(model, dataset)))
            break
    return ExportedRun(hyperparameters, history, weights_to_bytes(model), dataset.name, dataset.digest)


def in_korean(function: Callable[..., Result], *arguments: object) -> Result:
    """Return what a Korean reader gets of `function`."""
    context = contextvars.copy_context()
    context.run(use_language, "ko")
    return context.run(function, *arguments)
