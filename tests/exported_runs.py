"""Small runs on the built-in digits, as the exports get them."""

from mnist_demo.checkpoints import weights_to_bytes
from mnist_demo.datasets import DigitDataset
from mnist_demo.events import Stopped
from mnist_demo.exports import ExportedRun
from mnist_demo.history import History
from mnist_demo.hyperparameters import Hyperparameters
from mnist_demo.models import build_model
from mnist_demo.training import evaluate_on_test, train


def train_run(chosen: Hyperparameters, dataset: DigitDataset, stop_after: int | None = None) -> ExportedRun:
    """Train, to the end or until `stop_after` steps are done, and return the run."""
    model, history = build_model(chosen), History()
    for event in train(model, chosen, dataset):
        history.append(event)
        if history.step_count == stop_after:
            history.append(Stopped(stop_after, *evaluate_on_test(model, dataset)))
            break
    return ExportedRun(chosen, history, weights_to_bytes(model), dataset.name, dataset.digest)
