"""The weights of a run and the step they belong to go together, however often they are replaced meanwhile."""

from typing import Any, cast

import pytest
import torch

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment, Weights
from mnist_demo.models.checkpoints import TrainedClassifier, weights_to_bytes
from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.ui import state
from mnist_demo.ui.look_inside import subjects
from mnist_demo.ui.server import models

LINEAR = Hyperparameters(model="linear")


def weights_of_step(step: int) -> Weights:
    """Return weights that tell of which step they are: each is its number."""
    model = build_model(LINEAR)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(step)
    return Weights(step, weights_to_bytes(model))


def step_of(classifier: TrainedClassifier | None) -> int:
    assert classifier is not None
    return int(next(iter(classifier.model.parameters())).flatten()[0])


class EverNewer(Job):
    """A run whose worker is as quick as can be: whoever looks at its weights twice finds others."""

    looks = 0

    @property
    def weights(self) -> Weights:
        self.looks += 1
        return weights_of_step(self.looks)


@pytest.fixture
def job(builtin: DigitDataset) -> EverNewer:
    return EverNewer(Assignment(LINEAR, builtin))


def test_reader_never_gets_old_weights_for_a_new_step(job: EverNewer) -> None:
    for _look in range(5):
        known = job.looks
        assert step_of(models.newest_classifier(job)) == known + 1
    # What was cached meanwhile is of its step too.
    for step in range(1, job.looks + 1):
        assert step_of(models.classifier_with(weights_of_step(step), job)) == step


def test_model_that_is_looked_at_has_the_weights_of_its_step(job: EverNewer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subjects, "answering_model", lambda: None)
    monkeypatch.setattr(state, "current_job", lambda: job)
    for _look in range(3):
        looked_at = subjects.look_at_current()
        assert looked_at.model_id == job.id
        assert step_of(looked_at.classifier) == looked_at.step
        assert looked_at.weights == weights_of_step(looked_at.step).content


def test_weights_and_their_step_cannot_be_changed_one_without_the_other(builtin: DigitDataset) -> None:
    job = cast(Any, Job(Assignment(LINEAR, builtin), weights=weights_of_step(3)))
    with pytest.raises(AttributeError):
        job.weights = weights_of_step(4)
    with pytest.raises(AttributeError):
        job.weights.step = 4
    assert step_of(models.newest_classifier(job)) == 3
